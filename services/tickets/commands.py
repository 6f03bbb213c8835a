"""What people do to tickets: load, decide, write, announce. Every step is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from contracts.catalog import ProductItem, product_key
from contracts.tickets import TicketOverdue, TicketProgressed
from kernel.base import observability
from kernel.base.problems import Busy, FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import history
from kernel.store.table import Transaction, TransactionRefused, fetch, fetch_one
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.tickets.api import RegisterTicket, TicketConfirmation
from services.tickets.domain import DONE, WAITING, Action, State, Step, StepInput, TicketStatus, promise_problem, take
from services.tickets.sla import History, read_clock
from services.tickets.table import (
    NoteItem,
    RequestItem,
    SequenceItem,
    TicketItem,
    change_ticket,
    load_ticket,
    note_key,
    part_key,
    sequence_key,
    states_of,
    ticket_id_of,
    waiting_tickets,
)

#: Somebody else may get in between reading and writing; each attempt judges anew.
_ATTEMPTS = 8


def register_ticket(caller: Principal, request: RegisterTicket, key: IdempotencyKey) -> TicketConfirmation:
    """Store a request of the caller's dealer under the dealer's next number.

    Raises:
        Invalid: the product is unknown, or the order is not the dealer's.
        Busy: other requests of this dealer kept getting in first.
    """
    dealer_id = caller.own_dealer_id
    product = _products([request.sku]).get(request.sku)
    problems = [] if product else [_unknown_product("sku")]
    if request.order_id and not request.order_id.startswith(f"{dealer_id}-"):
        detail = "不是您的订单 / not one of your orders; check the number"
        problems.append(FieldProblem(field="order_id", code="unknown-order", detail=detail))
    if product is None or problems:
        raise Invalid(problems)
    known: ProductItem = product
    return _until_settled(lambda: _store(caller, dealer_id, request, known, key))


def take_step(
    caller: Principal, ticket_id: str, action: Action, said: StepInput, key: IdempotencyKey
) -> TicketConfirmation:
    """Do something to a ticket.

    Raises:
        NotFound: there is no such ticket, or it is another dealer's.
        WrongState, NotAllowed, Refusal: the workflow forbids it (domain.RULES).
        Invalid: a part is unknown, or a promised time does not lie ahead.
        Busy: others kept changing the ticket.
    """
    return _until_settled(lambda: _step(caller, ticket_id, action, said, key))


def announce_overdue() -> None:
    """Say of every waiting ticket, once, that its service time has run out."""
    now = clock.now()
    for state in sorted(WAITING):
        for ticket in waiting_tickets(state):
            if ticket.due_at and ticket.due_at < clock.stamp(now) and not ticket.overdue_at:
                _announce_overdue(ticket, now)


def _store(
    caller: Principal, dealer_id: str, request: RegisterTicket, product: ProductItem, key: IdempotencyKey
) -> TicketConfirmation:
    now = clock.now()
    sequence = fetch_one(SequenceItem, sequence_key(dealer_id))
    last = sequence.last if sequence else 0
    ticket_id = ticket_id_of(dealer_id, last + 1)
    ticket = TicketItem(
        *part_key(dealer_id, "TICKET", ticket_id),
        ticket_id=ticket_id,
        dealer_id=dealer_id,
        request_kind=request.kind,
        sku=request.sku,
        title=request.title,
        urgent=request.urgent,
        registered_at=clock.stamp(now),
    )
    transaction = Transaction()
    unchanged = SequenceItem.last == last if sequence else SequenceItem.pk.does_not_exist()
    transaction.put(SequenceItem(*sequence_key(dealer_id), last=last + 1), "sequence", unchanged)
    transaction.create(
        RequestItem(
            *part_key(dealer_id, "REQUEST", ticket_id),
            product_name_zh=product.name_zh,
            product_name_en=product.name_en,
            serial=request.serial,
            lot=request.lot,
            description=request.description,
            contact_name=request.contact.name,
            contact_phone=request.contact.phone,
            site_address=request.site_address,
            order_id=request.order_id,
        ),
        "request",
    )
    standing = TicketStatus(State.REGISTERED, steps=1)
    return _record(transaction, ticket, standing, _event_for(ticket, standing, Step.REGISTERED, caller), [], now, key)


def _step(
    caller: Principal, ticket_id: str, action: Action, said: StepInput, key: IdempotencyKey
) -> TicketConfirmation:
    ticket = load_ticket(caller, ticket_id)
    now = clock.now()
    standing = take(ticket.standing, action, said, caller.roles, now)
    _check(action, said, now)
    before = states_of(history(ticket.pk, ticket_id))
    transaction = Transaction()
    if said.internal_note:
        at = note_key(ticket.dealer_id, ticket_id, standing.steps)
        note = NoteItem(*at, at=clock.stamp(now), by=caller.name, text=said.internal_note)
        transaction.create(note, "note")
    event = _event_for(ticket, standing, DONE[action], caller, said)
    return _record(transaction, ticket, standing, event, before, now, key)


def _record(
    transaction: Transaction,
    ticket: TicketItem,
    standing: TicketStatus,
    event: TicketProgressed,
    before: History,
    now: datetime,
    key: IdempotencyKey,
) -> TicketConfirmation:
    """Write the ticket as it now stands, with the event that tells of it and the answer to the caller."""
    ticket.stand(standing)
    ticket.changed_at = clock.stamp(now)
    due_at = read_clock([*before, (now, standing.state)], urgent=bool(ticket.urgent), now=now, calendar=CHINA).due_at
    ticket.due_at = clock.stamp(due_at) if due_at else None
    change_ticket(transaction, ticket, event)
    confirmation = TicketConfirmation(
        ticket_id=ticket.ticket_id,
        state=standing.state,
        version=standing.steps,
        changed_at=ticket.changed_at,
        due_at=ticket.due_at,
    )
    key.record_response(transaction, confirmation)
    transaction.commit()
    return confirmation


def _event_for(
    ticket: TicketItem, standing: TicketStatus, step: Step, caller: Principal, said: StepInput | None = None
) -> TicketProgressed:
    """What the dealer and everybody else may know of a step: all that was said but the internal note."""
    said = said or StepInput()
    return TicketProgressed(
        ticket_id=ticket.ticket_id,
        dealer_id=ticket.dealer_id,
        step=step,
        state=standing.state,
        title=ticket.title,
        by=caller.name,
        note=said.note,
        expected_at=clock.stamp(said.expected_at) if said.expected_at else None,
        assignee=said.assignee,
        parts=said.parts,
        cost=said.cost,
        rating=said.rating,
    )


def _check(action: Action, said: StepInput, now: datetime) -> None:
    problems = promise_problem("visit_at" if action is Action.DISPATCH else "expected_at", said.expected_at, now)
    known = _products([part.sku for part in said.parts])
    problems += [_unknown_product(f"parts.{n}.sku") for n, part in enumerate(said.parts) if part.sku not in known]
    if problems:
        raise Invalid(problems)


def _announce_overdue(ticket: TicketItem, now: datetime) -> None:
    ticket.version = ticket.version + 1
    ticket.overdue_at = clock.stamp(now)
    event = TicketOverdue(
        ticket_id=ticket.ticket_id,
        dealer_id=ticket.dealer_id,
        state=ticket.state,
        title=ticket.title,
        urgent=bool(ticket.urgent),
        due_at=ticket.due_at,
    )
    transaction = Transaction()
    change_ticket(transaction, ticket, event)
    try:
        transaction.commit()
    except (TransactionRefused, Busy):
        return  # somebody is at it just now; if it still is overdue then, the next run says so
    observability.count("TicketOverdue")


def _products(skus: Sequence[str]) -> dict[str, ProductItem]:
    found = fetch([product_key(sku) for sku in skus], consistent=False)
    return {item.sku: item for item in found.values() if isinstance(item, ProductItem)}


def _unknown_product(field: str) -> FieldProblem:
    return FieldProblem(field=field, code="unknown-sku", detail="无此商品 / no such product; check the SKU")


def _until_settled(attempt: Callable[[], TicketConfirmation]) -> TicketConfirmation:
    for _ in range(_ATTEMPTS):
        try:
            return attempt()
        except TransactionRefused as refused:
            if IdempotencyKey.LABEL in refused:
                raise  # the key was used before: the caller gets that answer
    raise Busy
