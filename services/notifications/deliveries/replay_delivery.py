"""Replay a delivery: send its event to the endpoint once more."""

from __future__ import annotations

from kernel.base.problems import NotFound, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.deliveries.api import ReplayAccepted
from services.notifications.deliveries.attempts import schedule_dispatch
from services.notifications.deliveries.items import load_delivery, request_replay
from services.notifications.webhooks.items import load_endpoint, require_active


def replay_delivery(endpoint_id: str, event_id: str, key: IdempotencyKey) -> ReplayAccepted:
    """Send an event to an endpoint once more, under its own id; the attempt is marked as a replay.

    Raises:
        NotFound: no such endpoint, or it has no delivery of this event.
        Refusal: `endpoint-disabled`, or `still-in-delivery`.
    """
    endpoint = load_endpoint(endpoint_id)
    delivery = load_delivery(endpoint_id, event_id)
    if delivery is None:
        raise NotFound
    require_active(endpoint)
    if delivery.due:
        raise _still_in_delivery()
    answer = ReplayAccepted(endpoint_id=endpoint_id, event_id=event_id)
    transaction = Transaction()
    request_replay(transaction, delivery, clock.now())
    key.record_response(transaction, answer)
    try:
        transaction.commit()
    except TransactionRefused as refusal:
        if IdempotencyKey.LABEL in refusal:
            raise
        raise _still_in_delivery() from None
    schedule_dispatch(delivery.body)
    return answer


def _still_in_delivery() -> Refusal:
    detail = "此事件仍在投递中,完成后可重放 / still being delivered; it can be replayed once that has ended"
    return Refusal("still-in-delivery", detail)
