"""Invariants of webhook deliveries: they have their event, their attempts follow each other, none is missing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from kernel.invariants.snapshot import Finding, Snapshot
from services.notifications.deliveries.items import DeliveryItem, DeliveryPointerItem
from services.notifications.deliveries.rules import DeliveryState, Outcome
from services.notifications.invariants.recipients import start_of_checked_window
from services.notifications.webhooks.event_types import subscribable_event_types
from services.notifications.webhooks.items import EndpointItem
from services.notifications.webhooks.rules import receives


def deliveries_have_their_event(snapshot: Snapshot) -> Iterator[Finding]:
    """Find deliveries with another body than their event, or that their pointer does not lead to."""
    pointers = {(item.pk, item.sk): item.at for item in snapshot.items(DeliveryPointerItem)}
    for item in snapshot.items(DeliveryItem):
        event = snapshot.events.get(item.event_id)
        if event is None or item.body != event.model_dump_json(exclude_none=True):
            yield Finding("delivery-event", f"{item.endpoint_id} {item.event_id}", "its body is not the event's")
        if pointers.pop((item.pk, f"EVENT#{item.event_id}"), None) != item.sk:
            yield Finding("delivery-pointer", f"{item.endpoint_id} {item.event_id}", "its pointer leads elsewhere")
    for pk, sk in sorted(pointers):
        yield Finding("delivery-pointer", f"{pk} {sk}", "there is no such delivery")


def delivery_states_follow_from_attempts(snapshot: Snapshot) -> Iterator[Finding]:
    """Find deliveries whose attempts are miscounted, out of order or continue after a success; pending without a date.

    Attempts that a person asked for do not count.
    """
    for item in snapshot.items(DeliveryItem):
        attempts = [attempt for attempt in item.log if not attempt["replay"]]
        successes = [number for number, attempt in enumerate(attempts, 1) if attempt["outcome"] == Outcome.SUCCESS]
        is_open = item.state == DeliveryState.PENDING or bool(item.replay)
        if (
            len(attempts) != item.attempts
            or any(after["at"] < before["at"] for before, after in pairwise(item.log))
            or (successes and (successes != [len(attempts)] or item.state != DeliveryState.DELIVERED))
            or (is_open and not item.gsi1sk)
        ):
            outcomes = [attempt["outcome"] for attempt in item.log]
            detail = f"{item.state} after {item.attempts} attempts: {outcomes}"
            yield Finding("delivery-log", f"{item.endpoint_id} {item.event_id}", detail)


def endpoints_have_a_delivery_of_every_event(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find recent events that are due and have no delivery to an active endpoint that subscribes to them."""
    stored = {(item.endpoint_id, item.event_id) for item in snapshot.items(DeliveryItem)}
    start, known_types = start_of_checked_window(due), subscribable_event_types()
    for endpoint in snapshot.items(EndpointItem):
        if not endpoint.is_active:
            continue
        since = max(endpoint.created_at, start)
        for event in snapshot.events.values():
            subscribed = event.type in known_types and receives(endpoint.endpoint_id, endpoint.types, event)
            if subscribed and since < event.time < due and (endpoint.endpoint_id, event.id) not in stored:
                detail = f"published at {event.time}"
                yield Finding("delivery-missing", f"{endpoint.endpoint_id} {event.id}", detail)


ALWAYS = (deliveries_have_their_event, delivery_states_follow_from_attempts)
WHEN_DUE = (endpoints_have_a_delivery_of_every_event,)
