"""List, register and delete webhook endpoints, and rotate their secrets."""

from __future__ import annotations

from kernel.base.ids import new_id
from kernel.base.problems import FieldProblem, Invalid, NotFound, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store import cursors
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.webhooks import items
from services.notifications.webhooks.addresses import UrlRefused
from services.notifications.webhooks.api import (
    Endpoint,
    EndpointDeleted,
    Endpoints,
    EndpointWithSecret,
    RegisterEndpoint,
)
from services.notifications.webhooks.event_types import subscribable_event_types
from services.notifications.webhooks.items import EndpointItem
from services.notifications.webhooks.rules import EVERY_TYPE, MAX_ENDPOINTS
from services.notifications.webhooks.signed_post import check_url, is_loopback_allowed, new_secret


def list_endpoints() -> Endpoints:
    """Return all endpoints that are not deleted."""
    return Endpoints(endpoints=[_endpoint_view(item) for item in items.stored_endpoints() if item.state != "deleted"])


def register_endpoint(caller: Principal, body: RegisterEndpoint, key: IdempotencyKey) -> EndpointWithSecret:
    """Register an endpoint, which receives all later events of its types.

    Raises:
        Invalid: the address is not allowed, or an event type is unknown.
        Refusal: `too-many-endpoints`.
    """
    if recorded := _recorded_answer(key):
        return recorded
    _validate(body)
    if sum(item.state != "deleted" for item in items.stored_endpoints()) >= MAX_ENDPOINTS:
        detail = f"最多 {MAX_ENDPOINTS} 个接收端,请先删除不用的 / at most {MAX_ENDPOINTS}; delete one first"
        raise Refusal("too-many-endpoints", detail)
    secret = new_secret()
    endpoint_id = new_id("whe")
    item = EndpointItem(
        *items.endpoint_key(endpoint_id),
        endpoint_id=endpoint_id,
        url=body.url,
        types=sorted(set(body.types)),
        description=body.description,
        state="active",
        secret=cursors.seal(secret),
        version=1,
        created_at=clock.stamp(),
        created_by=caller.name,
    )
    transaction = Transaction()
    transaction.create(item, "endpoint")
    return _commit_and_show(transaction, item, secret, key)


def rotate_secret(endpoint_id: str, key: IdempotencyKey) -> EndpointWithSecret:
    """Sign with a new secret from now on; the present secret signs for `SECRET_OVERLAP` longer.

    Raises:
        NotFound: no such endpoint.
        Refusal: `changed-meanwhile`.
    """
    if recorded := _recorded_answer(key):
        return recorded
    item = items.load_endpoint(endpoint_id)
    secret = new_secret()
    transaction = Transaction()
    items.replace_secret(transaction, item, cursors.seal(secret), clock.now())
    return _commit_and_show(transaction, item, secret, key)


def delete_endpoint(endpoint_id: str) -> EndpointDeleted:
    """Delete an endpoint; no event is sent to it any more.

    Raises:
        NotFound: no such endpoint.
    """
    if not items.delete_address_and_secrets(items.load_endpoint(endpoint_id), clock.now()):
        raise NotFound
    return EndpointDeleted(endpoint_id=endpoint_id)


_UNKNOWN_TYPE = (
    "没有这种可订阅的事件,可订阅的见接口文档的事件表,如 order.shipped.v1,或 * 表示全部 / "
    "no public event has this type; the events of the API document can be subscribed to, such as order.shipped.v1, "
    "or * for all"
)


def _validate(body: RegisterEndpoint) -> None:
    known = subscribable_event_types() | {EVERY_TYPE}
    problems = [
        FieldProblem(field=f"types.{index}", code="unknown-type", detail=_UNKNOWN_TYPE)
        for index, event_type in enumerate(body.types)
        if event_type not in known
    ]
    try:
        check_url(body.url, allow_loopback=is_loopback_allowed())
    except UrlRefused:
        detail = (
            "请提供公网 https 地址(域名,端口 443 或 8443) / "
            "give a public https address: a host name that resolves, port 443 or 8443, no user name"
        )
        problems.append(FieldProblem(field="url", code="url-not-allowed", detail=detail))
    if problems:
        raise Invalid(problems)


def _commit_and_show(
    transaction: Transaction, item: EndpointItem, secret: str, key: IdempotencyKey
) -> EndpointWithSecret:
    # The recorded response holds no secret: a repeated request gets the one sealed in the endpoint.
    shown = EndpointWithSecret(**_endpoint_view(item).model_dump(), secret=None)
    key.record_response(transaction, shown)
    try:
        transaction.commit()
    except TransactionRefused as refusal:
        if recorded := _recorded_answer(key):
            return recorded
        if "endpoint" in refusal:
            detail = "已被他人更改,请重试 / another user changed it just now; retry"
            raise Refusal("changed-meanwhile", detail) from None
        raise
    return shown.model_copy(update={"secret": secret})


def _recorded_answer(key: IdempotencyKey) -> EndpointWithSecret | None:
    """Return the first answer to this request, with its secret if the endpoint has no newer one."""
    recorded = key.recorded_response()
    if recorded is None:
        return None
    shown = EndpointWithSecret.model_validate_json(recorded[1])
    item = items.find_endpoint(shown.endpoint_id)
    is_current = item is not None and item.version == shown.version
    return shown.model_copy(update={"secret": cursors.unseal(item.secret)}) if item and is_current else shown


def _endpoint_view(item: EndpointItem) -> Endpoint:
    return Endpoint(
        endpoint_id=item.endpoint_id,
        url=item.url,
        types=list(item.types),
        description=item.description,
        state=item.state,
        disabled_reason=item.disabled_reason,
        failing_since=item.failing_since,
        created_at=item.created_at,
        created_by=item.created_by,
        version=item.version,
        old_secret_until=item.old_secret_until,
    )
