"""Announce tickets past their due time."""

from __future__ import annotations

from datetime import datetime

from contracts.tickets import TicketOverdue
from kernel.base import observability
from kernel.base.problems import Busy
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.tickets.items import TicketItem, waiting_tickets, write_ticket
from services.tickets.vocabulary import WAITING


def announce_overdue() -> None:
    """Publish for every waiting ticket, once, that its service time has run out."""
    now = clock.now()
    for state in sorted(WAITING):
        for ticket in waiting_tickets(state):
            if ticket.due_at and ticket.due_at < clock.stamp(now) and not ticket.overdue_at:
                _announce_overdue(ticket, now)


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
    write_ticket(transaction, ticket, event)
    try:
        transaction.commit()
    except (TransactionRefused, Busy):
        return  # another user is changing the ticket; if it is still overdue then, the next run publishes the event
    observability.count("TicketOverdue")
