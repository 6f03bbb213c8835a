"""Stored tickets and their keys. All items of a dealer's tickets are in one partition."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from contracts.tickets import TicketOverdue, TicketProgressed
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import outbox_event
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import fetch_one, query_all
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.tickets.lifecycle import TicketStatus
from services.tickets.service_clock import StateHistory
from services.tickets.vocabulary import WAITING, State

#: Dealer ids contain dashes too: the number follows the last one.
_TICKET_ID = re.compile(r"T-([^#]{2,16})-([0-9]{5,9})")
_TICKETS_PER_PAGE = 100


# P  header of a ticket                                pk: TICKETS#<dealer>     sk: TICKET#<ticket>
# P  tickets of a dealer, newest first                 pk: TICKETS#<dealer>     sk: TICKET#…
# P  queue of a state: urgent tickets, then the oldest gsi1pk: TICKETS#<state>  gsi1sk: <0|1>#<registered at>#<ticket>
# P  events of a ticket (kernel/messaging/outbox.py)   pk: TICKETS#<dealer>     sk: EVENT#<ticket>#<step>
class TicketItem(Item, discriminator="ticket"):
    """Header of a ticket. Small, because the index copies it and every step writes it.

    `version` counts the events and is the sequence of the last one; `due_at` was computed by the service clock at the
    last step; `overdue_at` is the time of the event that the ticket is overdue.
    """

    ticket_id = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    request_kind = UnicodeAttribute()
    sku = UnicodeAttribute()
    title = UnicodeAttribute()
    urgent = BooleanAttribute()
    state = UnicodeAttribute()
    version = IntegerAttribute()
    registered_at = UnicodeAttribute()
    changed_at = UnicodeAttribute()
    asked_in = UnicodeAttribute(null=True)
    finished_at = UnicodeAttribute(null=True)
    assignee = UnicodeAttribute(null=True)
    rating = IntegerAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    overdue_at = UnicodeAttribute(null=True)

    @property
    def status(self) -> TicketStatus:
        """The status that the rules work with."""
        return TicketStatus(
            state=State(self.state),
            steps=self.version,
            asked_in=State(self.asked_in) if self.asked_in else None,
            finished_at=clock.parse_stamp(self.finished_at) if self.finished_at else None,
            assignee=self.assignee or "",
            rating=self.rating,
        )

    def set_status(self, status: TicketStatus) -> None:
        """Set the status, and with it the position in the queue of waiting tickets."""
        self.state = status.state
        self.version = status.steps
        self.asked_in = status.asked_in
        self.finished_at = clock.stamp(status.finished_at) if status.finished_at else None
        self.assignee = status.assignee or None
        self.rating = status.rating
        waits = status.state in WAITING
        self.gsi1pk = waiting_pk(status.state) if waits else None
        self.gsi1sk = f"{0 if self.urgent else 1}#{self.registered_at}#{self.ticket_id}" if waits else None


# P  request of a ticket   pk: TICKETS#<dealer>   sk: REQUEST#<ticket>
class RequestItem(Item, discriminator="ticket_request"):
    """The dealer's request, written once. `contact_phone` is E.164; lifecycle.CALLERS lists the staff who see it."""

    product_name_zh = UnicodeAttribute()
    product_name_en = UnicodeAttribute(null=True)
    serial = UnicodeAttribute(null=True)
    lot = UnicodeAttribute(null=True)
    description = UnicodeAttribute()
    contact_name = UnicodeAttribute()
    contact_phone = UnicodeAttribute()
    site_address = UnicodeAttribute()
    order_id = UnicodeAttribute(null=True)


# P  internal notes of a ticket   pk: TICKETS#<dealer>   sk: NOTE#<ticket>#<step>
class NoteItem(Item, discriminator="ticket_note"):
    """An internal note of staff. Never read for a dealer."""

    at = UnicodeAttribute()
    by = UnicodeAttribute()
    text = UnicodeAttribute()


# P  last ticket number of a dealer   pk: TICKETS#<dealer>   sk: SEQUENCE
class SequenceItem(Item, discriminator="ticket_sequence"):
    """The last number given to a ticket of a dealer."""

    last = IntegerAttribute()


def ticket_id_of(dealer_id: str, number: int) -> str:
    """Return the id of a dealer's ticket: `T-D0001-00042`."""
    return f"T-{dealer_id}-{number:05d}"


def tickets_pk(dealer_id: str) -> str:
    """Partition of a dealer's tickets."""
    return f"TICKETS#{dealer_id}"


def ticket_key(dealer_id: str, ticket_id: str) -> Key:
    """Key of a ticket's header."""
    return tickets_pk(dealer_id), f"TICKET#{ticket_id}"


def ticket_request_key(dealer_id: str, ticket_id: str) -> Key:
    """Key of a ticket's request."""
    return tickets_pk(dealer_id), f"REQUEST#{ticket_id}"


def note_key(dealer_id: str, ticket_id: str, step: int) -> Key:
    """Key of the internal note of a step."""
    return tickets_pk(dealer_id), f"NOTE#{ticket_id}#{step:06d}"


def sequence_key(dealer_id: str) -> Key:
    """Key of a dealer's last ticket number."""
    return tickets_pk(dealer_id), "SEQUENCE"


def waiting_pk(state: State) -> str:
    """Index partition of the tickets that wait in a state."""
    return f"TICKETS#{state}"


def dealer_id_of_ticket(caller: Principal, ticket_id: str) -> str:
    """Return the dealer in whose partition the caller may look for the ticket: for a dealer's user always the own one.

    Raises:
        NotFound: the text is no ticket id.
    """
    match = _TICKET_ID.fullmatch(ticket_id)
    if match is None:
        raise NotFound
    return caller.dealer_id or match[1]


def load_ticket(caller: Principal, ticket_id: str) -> TicketItem:
    """Load a ticket that the caller may see, read consistently.

    Raises:
        NotFound: there is none, or the ticket is another dealer's.
    """
    found = fetch_one(TicketItem, ticket_key(dealer_id_of_ticket(caller, ticket_id), ticket_id))
    if found is None:
        raise NotFound
    return found


def state_history(events: Sequence[Envelope]) -> StateHistory:
    """Return the states of a ticket and their first moments, from its events."""
    return [(clock.parse_stamp(event.time), State(event.data["state"])) for event in events]


def waiting_tickets(state: State) -> Iterator[TicketItem]:
    """Yield all tickets that wait in a state."""
    return query_all(TicketItem, waiting_pk(state), on_index=True, page_size=_TICKETS_PER_PAGE)


def write_ticket(transaction: Transaction, ticket: TicketItem, event: TicketProgressed | TicketOverdue) -> None:
    """Add a new or changed ticket and its event to the transaction; refused if the ticket changed since the read.

    Args:
        ticket: with its new version.
    """
    step = ticket.version
    unchanged = TicketItem.version == step - 1 if step > 1 else TicketItem.pk.does_not_exist()
    transaction.put(ticket, "ticket", unchanged)
    transaction.create(
        outbox_event(event, pk=ticket.pk, subject=ticket.ticket_id, sequence=step, dealer_id=ticket.dealer_id), "event"
    )
