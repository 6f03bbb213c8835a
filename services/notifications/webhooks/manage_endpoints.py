"""Register, change and delete endpoints; replay deliveries."""

from __future__ import annotations

from kernel.base.ids import new_id
from kernel.base.problems import FieldProblem, Invalid, NotFound, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store import cursors
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.webhooks.addresses import UrlRefused
from services.notifications.webhooks.api import EndpointDeleted, EndpointWithSecret, RegisterEndpoint, ReplayAccepted
from services.notifications.webhooks.deliver_webhooks import allow_loopback, wake
from services.notifications.webhooks.delivery_items import ask_replay, load_delivery
from services.notifications.webhooks.endpoint_items import (
    EndpointItem,
    delete_endpoint,
    endpoint_key,
    endpoint_of,
    endpoints,
    replace_secret,
)
from services.notifications.webhooks.event_types import webhook_types
from services.notifications.webhooks.rules import EVERY_TYPE, MAX_ENDPOINTS
from services.notifications.webhooks.signed_post import check, new_secret
from services.notifications.webhooks.views import endpoint_view


def register_endpoint(caller: Principal, body: RegisterEndpoint, key: IdempotencyKey) -> EndpointWithSecret:
    """Send events there from now on.

    Raises:
        Invalid: an address we do not send to, or a type nobody publishes.
        Refusal: `too-many-endpoints`.
    """
    if again := _recorded_answer(key):
        return again
    _validate(body)
    if sum(item.state != "deleted" for item in endpoints()) >= MAX_ENDPOINTS:
        detail = f"最多 {MAX_ENDPOINTS} 个接收端,请先删除不用的 / at most {MAX_ENDPOINTS}; remove_endpoint one first"
        raise Refusal("too-many-endpoints", detail)
    secret = new_secret()
    endpoint_id = new_id("whe")
    item = EndpointItem(
        *endpoint_key(endpoint_id),
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
    return _record_and_show(transaction, item, secret, key)


def rotate_secret(endpoint_id: str, key: IdempotencyKey) -> EndpointWithSecret:
    """Sign with a new secret from now on, and with the present one too for a day.

    Raises:
        NotFound: no such endpoint.
        Refusal: `changed-meanwhile`.
    """
    if again := _recorded_answer(key):
        return again
    item = _existing(endpoint_id)
    secret = new_secret()
    transaction = Transaction()
    replace_secret(transaction, item, cursors.seal(secret), clock.now())
    return _record_and_show(transaction, item, secret, key)


def remove_endpoint(endpoint_id: str) -> EndpointDeleted:
    """Send nothing there any more.

    Raises:
        NotFound: no such endpoint.
    """
    if not delete_endpoint(_existing(endpoint_id), clock.now()):
        raise NotFound
    return EndpointDeleted(endpoint_id=endpoint_id)


def replay_delivery(endpoint_id: str, event_id: str, key: IdempotencyKey) -> ReplayAccepted:
    """Send an event once more to an endpoint, under its own id; the attempt is marked, and harms no statistics.

    Raises:
        NotFound: no such endpoint, or it never was to get this event.
        Refusal: `endpoint-disabled`, or `still-in-delivery`.
    """
    endpoint = _existing(endpoint_id)
    delivery = load_delivery(endpoint_id, event_id)
    if delivery is None:
        raise NotFound
    if not endpoint.is_active:
        raise Refusal(
            "endpoint-disabled", "接收端已停用,请重新登记 / this endpoint is disabled; register_endpoint it anew"
        )
    if delivery.due:
        raise _still_in_delivery()
    answer = ReplayAccepted(endpoint_id=endpoint_id, event_id=event_id)
    transaction = Transaction()
    ask_replay(transaction, delivery, clock.now())
    key.record_response(transaction, answer)
    try:
        transaction.commit()
    except TransactionRefused as refusal:
        if IdempotencyKey.LABEL in refusal:
            raise
        raise _still_in_delivery() from None
    wake(delivery.body)
    return answer


def _still_in_delivery() -> Refusal:
    detail = "此事件仍在投递中,完成后可重放 / still being delivered; it can be replayed once that has ended"
    return Refusal("still-in-delivery", detail)


def _existing(endpoint_id: str) -> EndpointItem:
    found = endpoint_of(endpoint_id)
    if found is None:
        raise NotFound
    return found


def _validate(body: RegisterEndpoint) -> None:
    known = webhook_types() | {EVERY_TYPE}
    problems = [
        FieldProblem(field=f"types.{index}", code="unknown-type", detail="没有这种事件 / nobody publishes this type")
        for index, wanted in enumerate(body.types)
        if wanted not in known
    ]
    try:
        check(body.url, allow_loopback=allow_loopback())
    except UrlRefused:
        detail = (
            "请提供公网 https 地址(域名,端口 443 或 8443) / "
            "give a public https address: a host name that resolves, port 443 or 8443, no user name"
        )
        problems.append(FieldProblem(field="url", code="url-not-allowed", detail=detail))
    if problems:
        raise Invalid(problems)


def _record_and_show(
    transaction: Transaction, item: EndpointItem, secret: str, key: IdempotencyKey
) -> EndpointWithSecret:
    # The record of the answer holds no secret: a repeat is answered with the one that lies sealed in the endpoint.
    shown = EndpointWithSecret(**endpoint_view(item).model_dump(), secret=None)
    key.record_response(transaction, shown)
    try:
        transaction.commit()
    except TransactionRefused as refusal:
        if again := _recorded_answer(key):
            return again
        if "endpoint" in refusal:
            raise Refusal(
                "changed-meanwhile", "已被他人更改,请重试 / somebody else changed it just now; retry"
            ) from None
        raise
    return shown.model_copy(update={"secret": secret})


def _recorded_answer(key: IdempotencyKey) -> EndpointWithSecret | None:
    """The answer this request got the first time, with its secret while that is still the endpoint's newest."""
    earlier = key.recorded_response()
    if earlier is None:
        return None
    shown = EndpointWithSecret.model_validate_json(earlier[1])
    item = endpoint_of(shown.endpoint_id)
    current = item is not None and item.version == shown.version
    return shown.model_copy(update={"secret": cursors.unseal(item.secret)}) if item and current else shown
