"""Take a step of a ticket. Every step is one transaction."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from kernel.base.problems import Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import history
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.tickets.api import TicketConfirmation
from services.tickets.items import NoteItem, load_ticket, note_key, state_history
from services.tickets.lifecycle import StepInput, apply_action, promised_time_problems
from services.tickets.products import load_products, unknown_product_problem
from services.tickets.record_step import progress_event, record_step
from services.tickets.vocabulary import STEP_OF_ACTION, Action

#: Another user may change the ticket between read and write; every attempt reads and decides again.
_ATTEMPTS = 8


def take_step(
    caller: Principal, ticket_id: str, action: Action, step_input: StepInput, key: IdempotencyKey
) -> TicketConfirmation:
    """Take an action on a ticket.

    Raises:
        NotFound: there is no such ticket, or the ticket is another dealer's.
        WrongState, NotAllowed, Refusal: the workflow does not allow the action (lifecycle.TRANSITIONS).
        Invalid: a part is unknown, or a promised time is not in the future.
        TransactionRefused: the key was used before.
        Busy: others kept changing the ticket.
    """
    return retry_on_conflict(
        _ATTEMPTS,
        partial(_take_step, caller, ticket_id, action, step_input, key),
        retry_if=lambda refused: key.LABEL not in refused,
    )


def _take_step(
    caller: Principal, ticket_id: str, action: Action, step_input: StepInput, key: IdempotencyKey
) -> TicketConfirmation:
    ticket = load_ticket(caller, ticket_id)
    now = clock.now()
    status = apply_action(ticket.status, action, step_input, caller.roles, now)
    _check(action, step_input, now)
    earlier_states = state_history(history(ticket.pk, ticket_id))
    transaction = Transaction()
    if step_input.internal_note:
        item_key = note_key(ticket.dealer_id, ticket_id, status.steps)
        note = NoteItem(*item_key, at=clock.stamp(now), by=caller.name, text=step_input.internal_note)
        transaction.create(note, "note")
    event = progress_event(ticket, status, STEP_OF_ACTION[action], caller, step_input)
    confirmation = record_step(transaction, ticket, status, event, earlier_states, now, key)
    transaction.commit()
    return confirmation


def _check(action: Action, step_input: StepInput, now: datetime) -> None:
    field = "visit_at" if action in (Action.DISPATCH, Action.REASSIGN) else "expected_at"
    problems = promised_time_problems(field, step_input.expected_at, now)
    known = load_products([part.sku for part in step_input.parts])
    problems += [
        unknown_product_problem(f"parts.{index}.sku")
        for index, part in enumerate(step_input.parts)
        if part.sku not in known
    ]
    if problems:
        raise Invalid(problems)
