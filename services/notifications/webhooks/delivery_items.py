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
from services.notifications.vocabulary import committed, is_key_part
from services.notifications.webhooks.endpoint_items import DELIVERIES_KEPT, EndpointItem
from services.notifications.webhooks.rules import DeliveryState, NextDelivery, Outcome

#: Longer than an attempt may take: until then nobody else tries the same delivery.
LEASE = timedelta(seconds=60)


class DeliveryItem(Item, discriminator="webhook_delivery"):
    """One event for one endpoint: the bytes that are sent, and every attempt.

    `attempts` counts the scheduled ones; `replay`: the attempt that is due was asked for by a person.
    `log`: [{at, outcome, seconds, replay}]. While an attempt is due, gsi1sk is its time; while one is under way, the
    time at which the attempt is taken for lost.
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
        """When the next attempt is due; None when there is none."""
        return clock.parse_stamp(self.gsi1sk) if self.gsi1sk else None


class DeliveryPointerItem(Item, discriminator="webhook_delivery_pointer"):
    """Where the delivery of an event lies."""

    at = UnicodeAttribute()


def load_delivery(endpoint_id: str, event_id: str) -> DeliveryItem | None:
    """The delivery of an event to an endpoint."""
    if not is_key_part(event_id):
        return None
    pointer = fetch_one(DeliveryPointerItem, (_delivery_pk(endpoint_id), f"EVENT#{event_id}"))
    return fetch_one(DeliveryItem, (_delivery_pk(endpoint_id), pointer.at)) if pointer else None


def open_delivery(endpoint: EndpointItem, message: Envelope, now: datetime) -> DeliveryItem:
    """The delivery of an event to an endpoint, made if this is the first time, then due at once."""
    item = DeliveryItem(
        pk=_delivery_pk(endpoint.endpoint_id),
        sk=f"AT#{message.time}#{message.id}",
        endpoint_id=endpoint.endpoint_id,
        event_id=message.id,
        event_type=message.type,
        subject=message.subject,
        event_time=message.time,
        body=message.model_dump_json(exclude_none=True),
        state=DeliveryState.PENDING,
        log=[],
        gsi1pk=_due_pk(endpoint.endpoint_id),
        gsi1sk=clock.stamp(now),
        expires_at=clock.epoch(now + DELIVERIES_KEPT),
    )
    transaction = Transaction()
    transaction.create(item, "delivery")
    pointer = DeliveryPointerItem(item.pk, f"EVENT#{message.id}", at=item.sk, expires_at=item.expires_at)
    transaction.create(pointer, "pointer")
    if committed(transaction):
        return item
    known = load_delivery(endpoint.endpoint_id, message.id)
    if known is None:
        raise LookupError(f"delivery {message.id} was refused and is not there")
    return known


def deliveries(endpoint_id: str, limit: int, start: dict[str, Any] | None) -> Page:
    """An endpoint's deliveries, newest event first."""
    newest = DeliveryItem.sk.startswith("AT#")
    return query_page(DeliveryItem, _delivery_pk(endpoint_id), sk=newest, limit=limit, start=start, newest_first=True)


def due_deliveries(endpoint_id: str, now: datetime, limit: int) -> list[DeliveryItem]:
    """Deliveries whose next attempt is due, the longest due first."""
    until_now = Index.gsi1sk <= clock.stamp(now)
    page = query_page(DeliveryItem, _due_pk(endpoint_id), sk=until_now, on_index=True, limit=limit)
    return page.items


def claim_delivery(item: DeliveryItem, now: datetime) -> bool:
    """Take a due delivery for one attempt; False when another has it. The attempt is in the log before it is made."""
    seen = item.gsi1sk
    item.gsi1sk = clock.stamp(now + LEASE)
    item.attempts = item.attempts + (0 if item.replay else 1)
    started = {"at": clock.stamp(now), "outcome": Outcome.STARTED, "seconds": None, "replay": bool(item.replay)}
    item.log = [*item.log, started]
    actions = [
        DeliveryItem.gsi1sk.set(item.gsi1sk),
        DeliveryItem.attempts.set(item.attempts),
        DeliveryItem.log.set(item.log),
    ]
    transaction = Transaction()
    transaction.update(DeliveryItem, (item.pk, item.sk), actions, DeliveryItem.gsi1sk == seen, "delivery")
    return committed(transaction)


def finish_attempt(item: DeliveryItem, outcome: Outcome, seconds: float, verdict: NextDelivery) -> bool:
    """Record the outcome of a claimed attempt; False when it took so long that the claim was lost."""
    log = [*item.log[:-1], {**item.log[-1], "outcome": outcome, "seconds": round(seconds, 1)}]
    actions: list[Any] = [
        DeliveryItem.state.set(verdict.state),
        DeliveryItem.log.set(log),
        DeliveryItem.replay.set(False),
    ]
    if verdict.due:
        actions.append(DeliveryItem.gsi1sk.set(clock.stamp(verdict.due)))
    else:
        actions += [DeliveryItem.gsi1pk.remove(), DeliveryItem.gsi1sk.remove()]
    transaction = Transaction()
    transaction.update(DeliveryItem, (item.pk, item.sk), actions, DeliveryItem.gsi1sk == item.gsi1sk, "delivery")
    return committed(transaction)


def cancel_delivery(item: DeliveryItem) -> bool:
    """Give up a due delivery because its endpoint is gone."""
    transaction = Transaction()
    actions = [
        DeliveryItem.state.set(DeliveryState.DISABLED if item.state == DeliveryState.PENDING else item.state),
        DeliveryItem.gsi1pk.remove(),
        DeliveryItem.gsi1sk.remove(),
    ]
    transaction.update(DeliveryItem, (item.pk, item.sk), actions, DeliveryItem.gsi1sk == item.gsi1sk, "delivery")
    return committed(transaction)


def ask_replay(transaction: Transaction, item: DeliveryItem, now: datetime) -> None:
    """Let the transaction make a finished delivery due once more (label `delivery`)."""
    actions = [
        DeliveryItem.replay.set(True),
        DeliveryItem.gsi1pk.set(_due_pk(item.endpoint_id)),
        DeliveryItem.gsi1sk.set(clock.stamp(now)),
    ]
    transaction.update(DeliveryItem, (item.pk, item.sk), actions, DeliveryItem.gsi1sk.does_not_exist(), "delivery")


def _delivery_pk(endpoint_id: str) -> str:
    return f"DELIVERY#{endpoint_id}"


def _due_pk(endpoint_id: str) -> str:
    # One index partition per endpoint: a dead one's backlog does not hide what is due to the others.
    return f"DELIVERY#DUE#{endpoint_id}"
