"""Stored webhook endpoints."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import fetch_one, query_page
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.notifications.vocabulary import committed, is_key_part
from services.notifications.webhooks.rules import SECRET_OVERLAP

_ENDPOINTS = "WEBHOOK#ENDPOINTS"


#: A deleted endpoint leaves its name for as long as its deliveries are kept.
DELIVERIES_KEPT = timedelta(days=30)


class EndpointItem(Item, discriminator="webhook_endpoint"):
    """Where facts are sent. Secrets are sealed; the replaced one signs beside the new one until `old_secret_until`.

    `state`: active | disabled | deleted; `failing_since`: first failure after the last success, None while all is well.
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
        """Whether it is sent to."""
        return bool(self.state == "active")

    def sealed_secrets(self, now: datetime) -> list[str]:
        """The secrets that sign at this moment, the newest first."""
        old = self.old_secret if self.old_secret_until and clock.parse_stamp(self.old_secret_until) > now else None
        return [self.secret, old] if old else [self.secret]


def endpoint_key(endpoint_id: str) -> Key:
    """One endpoint."""
    return _ENDPOINTS, endpoint_id


def endpoints() -> list[EndpointItem]:
    """All endpoints, those deleted within the last month included."""
    found: list[EndpointItem] = []
    start: dict[str, Any] | None = None
    while True:
        page = query_page(EndpointItem, _ENDPOINTS, limit=100, start=start, consistent=True)
        found += page.items
        if (start := page.next_key) is None:
            return found


def endpoint_of(endpoint_id: str) -> EndpointItem | None:
    """An endpoint that is not deleted."""
    found = fetch_one(EndpointItem, endpoint_key(endpoint_id)) if is_key_part(endpoint_id) else None
    return found if found is not None and found.state != "deleted" else None


def replace_secret(transaction: Transaction, endpoint: EndpointItem, sealed: str, now: datetime) -> None:
    """Let the transaction give an endpoint a new secret (label `endpoint`); the present one goes on signing a while.

    The item in hand is as it will be.
    """
    unchanged = (EndpointItem.version == endpoint.version) & (EndpointItem.state == endpoint.state)
    endpoint.secret, endpoint.old_secret = sealed, endpoint.secret
    endpoint.old_secret_until = clock.stamp(now + SECRET_OVERLAP)
    endpoint.version += 1
    actions = [
        EndpointItem.secret.set(endpoint.secret),
        EndpointItem.old_secret.set(endpoint.old_secret),
        EndpointItem.old_secret_until.set(endpoint.old_secret_until),
        EndpointItem.version.set(endpoint.version),
    ]
    transaction.update(EndpointItem, endpoint_key(endpoint.endpoint_id), actions, unchanged, "endpoint")


def delete_endpoint(endpoint: EndpointItem, now: datetime) -> bool:
    """Forget an endpoint's address and secrets; its name stays a month, until nothing is due to it any more."""
    transaction = Transaction()
    actions = [
        EndpointItem.state.set("deleted"),
        EndpointItem.url.set("-"),
        EndpointItem.secret.set("-"),
        EndpointItem.old_secret.remove(),
        EndpointItem.expires_at.set(clock.epoch(now + DELIVERIES_KEPT)),
    ]
    not_deleted = EndpointItem.state.is_in("active", "disabled")
    transaction.update(EndpointItem, endpoint_key(endpoint.endpoint_id), actions, not_deleted, "endpoint")
    return committed(transaction)


def disable_endpoint(endpoint: EndpointItem, reason: str) -> bool:
    """Send nothing to it any more; False if it was not active."""
    transaction = Transaction()
    actions = [EndpointItem.state.set("disabled"), EndpointItem.disabled_reason.set(reason)]
    key = endpoint_key(endpoint.endpoint_id)
    transaction.update(EndpointItem, key, actions, EndpointItem.state == "active", "endpoint")
    return committed(transaction)


def record_health(endpoint: EndpointItem, failing_since: datetime | None) -> None:
    """Keep the first failure since the last success; written only when it changes."""
    key = endpoint_key(endpoint.endpoint_id)
    transaction = Transaction()
    if failing_since is None:
        action: Action = EndpointItem.failing_since.remove()
        condition = EndpointItem.failing_since.exists()
    else:
        action = EndpointItem.failing_since.set(clock.stamp(failing_since))
        condition = EndpointItem.pk.exists() & EndpointItem.failing_since.does_not_exist()
    transaction.update(EndpointItem, key, [action], condition, "endpoint")
    committed(transaction)
    endpoint.failing_since = clock.stamp(failing_since) if failing_since else None
