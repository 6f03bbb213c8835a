"""Stored objections: each is found by its event, by its dealer, and while it is open by its owner."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import UnicodeAttribute

from contracts.notifications import ObjectionAnswered, ObjectionRaised
from kernel.messaging.outbox import outbox_event
from kernel.store.items import Item, Key
from kernel.store.read import Page, fetch_one, page_of_named, query_page
from kernel.store.transaction import Transaction
from services.notifications.objections.rules import Owner
from services.notifications.vocabulary import is_safe_in_key


# P  one objection                                pk: OBJECTION#<id>              sk: OBJECTION
# P  open objections of an owner, oldest first    gsi1pk: OBJECTION#OPEN#<owner>  gsi1sk: <raised at>#<id>
class ObjectionItem(Item, discriminator="objection"):
    """An objection to an event. Its id follows from the event's, so an event has one. In the index while it is open."""

    objection_id = UnicodeAttribute()
    event_id = UnicodeAttribute()
    event_type = UnicodeAttribute()
    about = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    owner = UnicodeAttribute()
    state = UnicodeAttribute()
    text = UnicodeAttribute()
    raised_by = UnicodeAttribute()
    raised_at = UnicodeAttribute()
    answer = UnicodeAttribute(null=True)
    answered_by = UnicodeAttribute(null=True)
    answered_at = UnicodeAttribute(null=True)


# P  objections of a dealer, newest first    pk: OBJECTION#DEALER#<dealer>    sk: <raised at>#<id>
class DealerObjectionItem(Item, discriminator="objection_of_dealer"):
    """Pointer to an objection of a dealer."""

    objection_id = UnicodeAttribute()


def objection_id_of(event_id: str) -> str:
    """Return the id of the objection to an event: `obj_D0001-000123_2`."""
    return f"obj_{event_id.removeprefix('evt_')}"


def create_objection(transaction: Transaction, item: ObjectionItem, event: ObjectionRaised) -> None:
    """Add a new objection with its pointer and event; refused with the label "objection" if the event has one."""
    position = f"{item.raised_at}#{item.objection_id}"
    item.gsi1pk, item.gsi1sk = open_pk(Owner(item.owner)), position
    transaction.create(item, "objection")
    pointer = DealerObjectionItem(dealer_objections_pk(item.dealer_id), position, objection_id=item.objection_id)
    transaction.create(pointer, "pointer")
    _publish(transaction, item, event, 1)


def record_answer(transaction: Transaction, item: ObjectionItem, event: ObjectionAnswered, **values: str) -> None:
    """Add the answer of an open objection and its event to the transaction."""
    transaction.update_fields(
        ObjectionItem,
        (item.pk, item.sk),
        {**values, "gsi1pk": None, "gsi1sk": None},
        expected={"state": item.state},
        label="objection",
    )
    _publish(transaction, item, event, 2)


def load_objection(objection_id: str) -> ObjectionItem | None:
    """Return an objection, read consistently; None if there is no such id."""
    return fetch_one(ObjectionItem, objection_key(objection_id)) if is_safe_in_key(objection_id) else None


def open_objections(owner: Owner, limit: int, start: dict[str, Any] | None) -> Page:
    """Return one page of the open objections that a role answers, oldest first."""
    return query_page(ObjectionItem, open_pk(owner), on_index=True, limit=limit, start=start)


def dealer_objections(dealer_id: str, limit: int, start: dict[str, Any] | None) -> Page:
    """Return one page of a dealer's objections, newest first."""
    pk = dealer_objections_pk(dealer_id)
    page = query_page(DealerObjectionItem, pk, limit=limit, start=start, newest_first=True, consistent=True)
    return page_of_named(page, lambda pointer: objection_key(pointer.objection_id))


def objection_key(objection_id: str) -> Key:
    """Return the key of an objection."""
    return f"OBJECTION#{objection_id}", "OBJECTION"


def dealer_objections_pk(dealer_id: str) -> str:
    """Partition of the pointers to a dealer's objections."""
    return f"OBJECTION#DEALER#{dealer_id}"


def open_pk(owner: Owner) -> str:
    """Index partition of the open objections that a role answers."""
    return f"OBJECTION#OPEN#{owner}"


def _publish(
    transaction: Transaction, item: ObjectionItem, event: ObjectionRaised | ObjectionAnswered, sequence: int
) -> None:
    subject = item.objection_id
    stored = outbox_event(event, pk=item.pk, subject=subject, sequence=sequence, dealer_id=item.dealer_id)
    transaction.create(stored, "event")
