"""Stored deliveries: one per event and endpoint."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from kernel.messaging.events import Envelope
from kernel.store.items import Index, IntegerAttribute, Item
from kernel.store.read import Page, fetch_one, query_page
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.notifications.deliveries.rules import DeliveryState, NextStep, Outcome
from services.notifications.transactions import try_commit, update_of
from services.notifications.vocabulary import is_safe_in_key
from services.notifications.webhooks.items import DELIVERY_RETENTION, EndpointItem

#: A claim lasts longer than an attempt may take; meanwhile no other worker claims the same delivery.
CLAIM_TIME = timedelta(seconds=60)

#: Index keys of a delivery without a next attempt.
_NOT_DUE = {"gsi1pk": None, "gsi1sk": None}


# P  deliveries of an endpoint, newest event first    pk: DELIVERY#<endpoint>            sk: AT#<event time>#<event id>
# P  deliveries of an endpoint that are due           gsi1pk: DELIVERY#DUE#<endpoint>    gsi1sk: <due at>
class DeliveryItem(Item, discriminator="webhook_delivery"):
    """One event for one endpoint: the bytes that are sent, and every attempt.

    `attempts`: number of scheduled attempts; `replay`: the due attempt is a replay that a user requested.
    `log`: [{at, outcome, seconds, replay}]. gsi1sk is the time of the next attempt; during an attempt, the time at
    which its claim ends.
    """

    endpoint_id = UnicodeAttribute()
    event_id = UnicodeAttribute()
    event_type = UnicodeAttribute()
    subject = UnicodeAttribute()
    event_time = UnicodeAttribute()
    body = UnicodeAttribute()
    state = UnicodeAttribute()
    attempts = IntegerAttribute(default=0)
    replay = BooleanAttribute(default=False)
    log: JSONAttribute = JSONAttribute()

    @property
    def due(self) -> datetime | None:
        """Time of the next attempt; None if there is none."""
        return clock.parse_stamp(self.gsi1sk) if self.gsi1sk else None


# P  delivery of an event    pk: DELIVERY#<endpoint>    sk: EVENT#<event id>
class DeliveryPointerItem(Item, discriminator="webhook_delivery_pointer"):
    """Sort key of the delivery of an event."""

    at = UnicodeAttribute()


def load_delivery(endpoint_id: str, event_id: str) -> DeliveryItem | None:
    """Return the delivery of an event to an endpoint; None if there is none."""
    if not is_safe_in_key(event_id):
        return None
    pointer = fetch_one(DeliveryPointerItem, (_delivery_pk(endpoint_id), f"EVENT#{event_id}"))
    return fetch_one(DeliveryItem, (_delivery_pk(endpoint_id), pointer.at)) if pointer else None


def open_delivery(endpoint: EndpointItem, envelope: Envelope, now: datetime) -> DeliveryItem:
    """Return the delivery of an event to an endpoint; create it, due at once, if there is none."""
    item = DeliveryItem(
        pk=_delivery_pk(endpoint.endpoint_id),
        sk=f"AT#{envelope.time}#{envelope.id}",
        endpoint_id=endpoint.endpoint_id,
        event_id=envelope.id,
        event_type=envelope.type,
        subject=envelope.subject,
        event_time=envelope.time,
        body=envelope.model_dump_json(exclude_none=True),
        state=DeliveryState.PENDING,
        log=[],
        gsi1pk=_due_pk(endpoint.endpoint_id),
        gsi1sk=clock.stamp(now),
        expires_at=clock.epoch(now + DELIVERY_RETENTION),
    )
    transaction = Transaction()
    transaction.create(item, "delivery")
    pointer = DeliveryPointerItem(item.pk, f"EVENT#{envelope.id}", at=item.sk, expires_at=item.expires_at)
    transaction.create(pointer, "pointer")
    if try_commit(transaction):
        return item
    existing = load_delivery(endpoint.endpoint_id, envelope.id)
    if existing is None:
        raise LookupError(f"delivery {envelope.id} was refused and does not exist")
    return existing


def delivery_page(endpoint_id: str, limit: int, start: dict[str, Any] | None) -> Page:
    """Return one page of an endpoint's deliveries, newest event first."""
    newest = DeliveryItem.sk.startswith("AT#")
    return query_page(DeliveryItem, _delivery_pk(endpoint_id), sk=newest, limit=limit, start=start, newest_first=True)


def deliveries_of_period(endpoint_id: str, first: datetime, end: datetime, limit: int, start: Any) -> Page:
    """Return one page of an endpoint's deliveries of the events from `first` to before `end`, oldest first."""
    between = DeliveryItem.sk.between(f"AT#{clock.stamp(first)}", f"AT#{clock.stamp(end)}")
    return query_page(DeliveryItem, _delivery_pk(endpoint_id), sk=between, limit=limit, start=start, consistent=True)


def due_deliveries(endpoint_id: str, now: datetime, limit: int) -> list[DeliveryItem]:
    """Return the deliveries whose next attempt is due, the longest due first."""
    until_now = Index.gsi1sk <= clock.stamp(now)
    page = query_page(DeliveryItem, _due_pk(endpoint_id), sk=until_now, on_index=True, limit=limit)
    return page.items


def claim_delivery(item: DeliveryItem, now: datetime) -> bool:
    """Claim a due delivery for one attempt; return False if another worker has it.

    The attempt is logged as started before it is made.
    """
    due_as_read = item.gsi1sk
    item.gsi1sk = clock.stamp(now + CLAIM_TIME)
    item.attempts = item.attempts + (0 if item.replay else 1)
    started = {"at": clock.stamp(now), "outcome": Outcome.STARTED, "seconds": None, "replay": bool(item.replay)}
    item.log = [*item.log, started]
    values = {"gsi1sk": item.gsi1sk, "attempts": item.attempts, "log": item.log}
    return try_commit(update_of(item, values, expected={"gsi1sk": due_as_read}))


def finish_attempt(item: DeliveryItem, outcome: Outcome, seconds: float, step: NextStep) -> bool:
    """Record the outcome of a claimed attempt; return False if its claim ended before."""
    log = [*item.log[:-1], {**item.log[-1], "outcome": outcome, "seconds": round(seconds, 1)}]
    due = {"gsi1sk": clock.stamp(step.due)} if step.due else _NOT_DUE
    values = {"state": step.state, "log": log, "replay": False, **due}
    return try_commit(update_of(item, values, expected={"gsi1sk": item.gsi1sk}))


def cancel_delivery(item: DeliveryItem) -> bool:
    """Cancel a due delivery because its endpoint is not active."""
    state = DeliveryState.DISABLED if item.state == DeliveryState.PENDING else item.state
    return try_commit(update_of(item, {"state": state, **_NOT_DUE}, expected={"gsi1sk": item.gsi1sk}))


def request_replay(transaction: Transaction, item: DeliveryItem, now: datetime) -> None:
    """Add one more attempt of a finished delivery to the transaction, under its event's id as label."""
    values = {"replay": True, "gsi1pk": _due_pk(item.endpoint_id), "gsi1sk": clock.stamp(now)}
    transaction.update_fields(DeliveryItem, (item.pk, item.sk), values, expected={"gsi1sk": None}, label=item.event_id)


def _delivery_pk(endpoint_id: str) -> str:
    return f"DELIVERY#{endpoint_id}"


def _due_pk(endpoint_id: str) -> str:
    # One index partition per endpoint: the backlog of a failing endpoint does not hide the due deliveries of others.
    return f"DELIVERY#DUE#{endpoint_id}"
