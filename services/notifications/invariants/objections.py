"""Invariants of objections: each has its events, is in the list of its dealer, and while it is open in its queue."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.notifications import ObjectionAnswered, ObjectionRaised
from kernel.invariants.snapshot import Finding, Snapshot
from services.notifications.objections.items import (
    DealerObjectionItem,
    ObjectionItem,
    dealer_objections_pk,
    objection_id_of,
    open_pk,
)
from services.notifications.objections.rules import ObjectionState, Owner


def objections_have_their_events(snapshot: Snapshot) -> Iterator[Finding]:
    """Find objections to an event that their dealer does not have, and those whose events do not follow their state."""
    for item in snapshot.items(ObjectionItem):
        event = snapshot.events.get(item.event_id)
        types = [message.type for message in snapshot.history.get(item.objection_id, ())]
        expected = [ObjectionRaised.TYPE, ObjectionAnswered.TYPE][: 2 if item.state == ObjectionState.ANSWERED else 1]
        is_of_event = event is not None and event.dealerid == item.dealer_id
        if not is_of_event or item.objection_id != objection_id_of(item.event_id) or types != expected:
            yield Finding("objection-event", item.objection_id, f"to {item.event_id}, {item.state}, with {types}")


def dealers_see_their_objections(snapshot: Snapshot) -> Iterator[Finding]:
    """Find objections that the list of their dealer does not show, and pointers to no objection of the dealer."""
    stored = {(dealer_objections_pk(item.dealer_id), item.objection_id) for item in snapshot.items(ObjectionItem)}
    pointers = {(item.pk, item.objection_id) for item in snapshot.items(DealerObjectionItem)}
    for pk, objection_id in sorted(stored ^ pointers):
        yield Finding("objection-pointer", objection_id, f"objection and pointer in {pk} do not match")


def open_objections_wait_for_their_owner(snapshot: Snapshot) -> Iterator[Finding]:
    """Find open objections that are missing in the queue of their owner, and answered ones that are in a queue."""
    for item in snapshot.items(ObjectionItem):
        expected = open_pk(Owner(item.owner)) if item.state == ObjectionState.OPEN else None
        if item.gsi1pk != expected or (item.answer is None) != (item.state == ObjectionState.OPEN):
            yield Finding("objection-queue", item.objection_id, f"{item.state}, indexed under {item.gsi1pk}")


ALWAYS = (objections_have_their_events, dealers_see_their_objections, open_objections_wait_for_their_owner)
