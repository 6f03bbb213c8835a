"""Take a step of a ticket. Every step is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from contracts.catalog import ProductItem, product_key
from kernel.base.problems import Busy, FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import history
from kernel.store.read import fetch
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.tickets.api import TicketConfirmation
from services.tickets.items import NoteItem, load_ticket, note_key, states_of
from services.tickets.lifecycle import StepInput, apply_action
from services.tickets.record_step import _progress_event, record_step
from services.tickets.vocabulary import DONE, Action

#: Somebody else may get in between reading and writing; each attempt judges anew.
_ATTEMPTS = 8


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
    return until_settled(lambda: _step(caller, ticket_id, action, said, key))


def _step(
    caller: Principal, ticket_id: str, action: Action, said: StepInput, key: IdempotencyKey
) -> TicketConfirmation:
    ticket = load_ticket(caller, ticket_id)
    now = clock.now()
    standing = apply_action(ticket.standing, action, said, caller.roles, now)
    _check(action, said, now)
    before = states_of(history(ticket.pk, ticket_id))
    transaction = Transaction()
    if said.internal_note:
        at = note_key(ticket.dealer_id, ticket_id, standing.steps)
        note = NoteItem(*at, at=clock.stamp(now), by=caller.name, text=said.internal_note)
        transaction.create(note, "note")
    event = _progress_event(ticket, standing, DONE[action], caller, said)
    return record_step(transaction, ticket, standing, event, before, now, key)


def _check(action: Action, said: StepInput, now: datetime) -> None:
    problems = promise_problem("visit_at" if action is Action.DISPATCH else "expected_at", said.expected_at, now)
    known = load_products([part.sku for part in said.parts])
    problems += [unknown_product(f"parts.{n}.sku") for n, part in enumerate(said.parts) if part.sku not in known]
    if problems:
        raise Invalid(problems)


def load_products(skus: Sequence[str]) -> dict[str, ProductItem]:
    found = fetch([product_key(sku) for sku in skus], consistent=False)
    return {item.sku: item for item in found.values() if isinstance(item, ProductItem)}


def unknown_product(field: str) -> FieldProblem:
    return FieldProblem(field=field, code="unknown-sku", detail="无此商品 / no such product; check the SKU")


def until_settled(attempt: Callable[[], TicketConfirmation]) -> TicketConfirmation:
    for _ in range(_ATTEMPTS):
        try:
            return attempt()
        except TransactionRefused as refused:
            if IdempotencyKey.LABEL in refused:
                raise  # the key was used before: the caller gets that answer
    raise Busy


#: Nobody promises a visit further ahead.
_HORIZON = timedelta(days=365)


def promise_problem(field: str, expected_at: datetime | None, now: datetime) -> list[FieldProblem]:
    """A promised time lies ahead, within a year."""
    if expected_at is None or now < expected_at <= now + _HORIZON:
        return []
    detail = f"须在今后 {_HORIZON.days} 天内 / must lie within the next {_HORIZON.days} days"
    return [FieldProblem(field=field, code="not-ahead", detail=detail)]
