"""Stored webhook endpoints."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from kernel.base.problems import NotFound, Refusal
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import fetch_one, query_all
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.notifications.transactions import try_commit, update_of
from services.notifications.vocabulary import is_safe_in_key
from services.notifications.webhooks.rules import SECRET_OVERLAP

_ENDPOINTS = "WEBHOOK#ENDPOINTS"

#: Deliveries are stored this long; the item of a deleted endpoint remains as long, without address and secrets.
DELIVERY_RETENTION = timedelta(days=30)


# P  all webhook endpoints    pk: WEBHOOK#ENDPOINTS    sk: <endpoint>
class EndpointItem(Item, discriminator="webhook_endpoint"):
    """A webhook endpoint. Secrets are sealed; the replaced secret signs beside the new one until `old_secret_until`.

    `state`: active | disabled | deleted; `failing_since`: first failure after the last success, None without one.
    """

    endpoint_id = UnicodeAttribute()
    url = UnicodeAttribute()
    types: JSONAttribute = JSONAttribute()
    description = UnicodeAttribute()
    state = UnicodeAttribute()
    disabled_reason = UnicodeAttribute(null=True)
    secret = UnicodeAttribute()
    old_secret = UnicodeAttribute(null=True)
    old_secret_until = UnicodeAttribute(null=True)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    created_by = UnicodeAttribute()
    failing_since = UnicodeAttribute(null=True)

    @property
    def is_active(self) -> bool:
        """True if events are sent to the endpoint."""
        return bool(self.state == "active")

    def sealed_secrets(self, now: datetime) -> list[str]:
        """Return the sealed secrets that sign at this moment, newest first."""
        old = self.old_secret if self.old_secret_until and clock.parse_stamp(self.old_secret_until) > now else None
        return [self.secret, old] if old else [self.secret]


def endpoint_key(endpoint_id: str) -> Key:
    """Return the key of an endpoint."""
    return _ENDPOINTS, endpoint_id


def events_pk(endpoint_id: str) -> str:
    """Return the partition with the events of an endpoint: its tests."""
    return f"WEBHOOK#{endpoint_id}"


def stored_endpoints() -> list[EndpointItem]:
    """Return all endpoints, including those deleted within `DELIVERY_RETENTION`."""
    return list(query_all(EndpointItem, _ENDPOINTS, page_size=100))


def find_endpoint(endpoint_id: str) -> EndpointItem | None:
    """Return an endpoint; None if there is none or it is deleted."""
    found = fetch_one(EndpointItem, endpoint_key(endpoint_id)) if is_safe_in_key(endpoint_id) else None
    return found if found is not None and found.state != "deleted" else None


def load_endpoint(endpoint_id: str) -> EndpointItem:
    """Return an endpoint.

    Raises:
        NotFound: there is none, or it is deleted.
    """
    found = find_endpoint(endpoint_id)
    if found is None:
        raise NotFound
    return found


def require_active(endpoint: EndpointItem) -> None:
    """Refuse to send to an endpoint that gets no events any more.

    Raises:
        Refusal: `endpoint-disabled`.
    """
    if not endpoint.is_active:
        detail = "接收端已停用,请重新登记 / this endpoint is disabled; register it again"
        raise Refusal("endpoint-disabled", detail)


def replace_secret(transaction: Transaction, endpoint: EndpointItem, sealed: str, now: datetime) -> None:
    """Add a new secret to the transaction, under the label `endpoint`; the present secret signs for a while longer.

    `endpoint` is changed in place, too.
    """
    as_read = {"version": endpoint.version, "state": endpoint.state}
    endpoint.secret, endpoint.old_secret = sealed, endpoint.secret
    endpoint.old_secret_until = clock.stamp(now + SECRET_OVERLAP)
    endpoint.version += 1
    values = {
        "secret": endpoint.secret,
        "old_secret": endpoint.old_secret,
        "old_secret_until": endpoint.old_secret_until,
        "version": endpoint.version,
    }
    key = endpoint_key(endpoint.endpoint_id)
    transaction.update_fields(EndpointItem, key, values, expected=as_read, label="endpoint")


def delete_address_and_secrets(endpoint: EndpointItem, now: datetime) -> bool:
    """Delete an endpoint's address and secrets; return False if it was deleted before.

    The item remains for `DELIVERY_RETENTION`, so that pending deliveries still find their endpoint as deleted.
    """
    values = {
        "state": "deleted",
        "url": "-",
        "secret": "-",
        "old_secret": None,
        "expires_at": clock.epoch(now + DELIVERY_RETENTION),
    }
    return try_commit(update_of(endpoint, values, condition=EndpointItem.state.is_in("active", "disabled")))


def disable_endpoint(endpoint: EndpointItem, reason: str) -> bool:
    """Disable an endpoint, so that no event is sent to it; return False if it was not active."""
    values = {"state": "disabled", "disabled_reason": reason}
    return try_commit(update_of(endpoint, values, expected={"state": "active"}))


def record_health(endpoint: EndpointItem, failing_since: datetime | None) -> None:
    """Store the time of the first failure since the last success; None after a success."""
    if failing_since is None:
        since, condition = None, EndpointItem.failing_since.exists()
    else:
        since = clock.stamp(failing_since)
        condition = EndpointItem.pk.exists() & EndpointItem.failing_since.does_not_exist()
    try_commit(update_of(endpoint, {"failing_since": since}, condition=condition))
    endpoint.failing_since = since
