"""Write a step of a ticket with its event and response."""

from __future__ import annotations

from datetime import datetime

from contracts.tickets import TicketProgressed
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.transaction import Transaction
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.tickets.api import TicketConfirmation
from services.tickets.items import TicketItem, change_ticket
from services.tickets.lifecycle import StepInput, TicketStatus
from services.tickets.service_clock import History, read_clock
from services.tickets.vocabulary import Step


def record_step(
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


def _progress_event(
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
