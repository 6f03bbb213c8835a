"""Replay one delivery, or those of a period: send their events to the endpoint once more."""

from __future__ import annotations

from kernel.base.problems import FieldProblem, Invalid, NotFound, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store import cursors
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.notifications.deliveries.api import PeriodReplayAccepted, ReplayAccepted, ReplayPeriod
from services.notifications.deliveries.attempts import schedule_dispatch
from services.notifications.deliveries.items import deliveries_of_period, load_delivery, request_replay
from services.notifications.webhooks.items import load_endpoint, require_active

#: Deliveries of one request: what one transaction can change. So a request replays each of them once, or none.
MOST_REPLAYS = 90


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


def replay_period(
    caller: Principal, endpoint_id: str, period: ReplayPeriod, key: IdempotencyKey
) -> PeriodReplayAccepted:
    """Send the events of a period to an endpoint once more, under their ids; the schedule makes the attempts.

    Deliveries that are not finished are left out: their attempts come anyway.

    Raises:
        NotFound: no such endpoint.
        Invalid: `not-after`: the period ends before it begins.
        BadRequest: the cursor is not valid here.
        Refusal: `endpoint-disabled`.
    """
    require_active(load_endpoint(endpoint_id))
    if period.to_time <= period.from_time:
        detail = "结束时间须晚于开始时间 / the end must be after the beginning"
        raise Invalid([FieldProblem(field="to", code="not-after", detail=detail)])
    first, end = period.from_time, period.to_time
    bound_to = [caller.user_id, "replay", endpoint_id, clock.stamp(first), clock.stamp(end)]
    start = cursors.open_cursor(bound_to, period.cursor)
    page = deliveries_of_period(endpoint_id, first, end, MOST_REPLAYS, start)
    finished = [item for item in page.items if item.due is None]
    answer = PeriodReplayAccepted(
        endpoint_id=endpoint_id,
        event_ids=[item.event_id for item in finished],
        still_in_delivery=len(page.items) - len(finished),
        next_cursor=cursors.next_cursor(bound_to, page.next_key),
    )
    transaction, now = Transaction(), clock.now()
    for item in finished:
        request_replay(transaction, item, now)
    key.record_response(transaction, answer)
    # Refused, and answered as busy, if another request replays one of them at this moment: the repeat leaves it out.
    transaction.commit()
    return answer


def _still_in_delivery() -> Refusal:
    detail = "此事件仍在投递中,完成后可重放 / still being delivered; it can be replayed once that has ended"
    return Refusal("still-in-delivery", detail)
