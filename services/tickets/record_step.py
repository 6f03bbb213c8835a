"""Record a step of a ticket with its event and response."""

from __future__ import annotations

from datetime import datetime

from contracts.tickets import TicketProgressed
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.transaction import Transaction
from kernel.time import clock
from kernel.time.holidays import CHINA, calendar_end_if_passed
from services.tickets.api import TicketConfirmation
from services.tickets.items import TicketItem, write_ticket
from services.tickets.lifecycle import StepInput, TicketStatus
from services.tickets.service_clock import StateHistory, compute_service_clock
from services.tickets.vocabulary import Step


def record_step(
    transaction: Transaction,
    ticket: TicketItem,
    status: TicketStatus,
    event: TicketProgressed,
    earlier_states: StateHistory,
    now: datetime,
    key: IdempotencyKey,
) -> TicketConfirmation:
    """Add the ticket in its new status, the event and the response to the transaction, and return the response."""
    ticket.set_status(status)
    ticket.changed_at = clock.stamp(now)
    history = [*earlier_states, (now, status.state)]
    due_at = compute_service_clock(history, urgent=bool(ticket.urgent), now=now, calendar=CHINA).due_at
    ticket.due_at = clock.stamp(due_at) if due_at else None
    write_ticket(transaction, ticket, event)
    confirmation = TicketConfirmation(
        ticket_id=ticket.ticket_id,
        state=status.state,
        version=status.steps,
        changed_at=ticket.changed_at,
        due_at=ticket.due_at,
        calendar_known_until=calendar_end_if_passed(ticket.due_at),
    )
    key.record_response(transaction, confirmation)
    return confirmation


def progress_event(
    ticket: TicketItem, status: TicketStatus, step: Step, caller: Principal, step_input: StepInput | None = None
) -> TicketProgressed:
    """Return the event of a step: all of the input except the internal note, because dealers read events."""
    given = step_input or StepInput()
    return TicketProgressed(
        ticket_id=ticket.ticket_id,
        dealer_id=ticket.dealer_id,
        step=step,
        state=status.state,
        title=ticket.title,
        by=caller.name,
        note=given.note,
        expected_at=clock.stamp(given.expected_at) if given.expected_at else None,
        assignee=given.assignee,
        parts=given.parts,
        cost=given.cost,
        rating=given.rating,
    )
