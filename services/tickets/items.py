"""How tickets lie in the shared table. One partition per dealer: TICKETS#<dealer>; a ticket's id names its dealer.

P1  a ticket's header                        pk: TICKETS#<dealer>    sk: TICKET#<ticket>
P2  a dealer's tickets, newest first         pk: TICKETS#<dealer>    sk: TICKET#…
P3  what the dealer asked for                pk: TICKETS#<dealer>    sk: REQUEST#<ticket>
P4  notes among the distributor's people     pk: TICKETS#<dealer>    sk: NOTE#<ticket>#<step>
P5  a ticket's history (kernel.messaging.outbox)       pk: TICKETS#<dealer>    sk: EVENT#<ticket>#<step>
P6  tickets that wait, urgent and old first  gsi1pk: TICKETS#<state> gsi1sk: <0|1>#<registered at>#<ticket>
P7  the last number given to a dealer        pk: TICKETS#<dealer>    sk: SEQUENCE
"""

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
from kernel.store.read import fetch_one, query_page
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.tickets.lifecycle import TicketStatus
from services.tickets.service_clock import History
from services.tickets.vocabulary import WAITING, State

_TICKET_ID = re.compile(r"T-([A-Z0-9]{2,16})-([0-9]{5,9})")


class TicketItem(Item, discriminator="ticket"):
    """A ticket's header: small, because it stands in the index and is written at every step.

    `version` counts everything that happened to it, and is the sequence of its last event; `due_at` is what the service
    clock said at the last step; `overdue_at` when it was announced that this moment had passed.
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
    def standing(self) -> TicketStatus:
        """How it stands, as the rules see it."""
        return TicketStatus(
            state=State(self.state),
            steps=self.version,
            asked_in=State(self.asked_in) if self.asked_in else None,
            finished_at=clock.parse_stamp(self.finished_at) if self.finished_at else None,
            assignee=self.assignee or "",
            rating=self.rating,
        )

    def stand(self, standing: TicketStatus) -> None:
        """Take on another standing, and with it the place among the tickets that wait."""
        self.state = standing.state
        self.version = standing.steps
        self.asked_in = standing.asked_in
        self.finished_at = clock.stamp(standing.finished_at) if standing.finished_at else None
        self.assignee = standing.assignee or None
        self.rating = standing.rating
        waits = standing.state in WAITING
        self.gsi1pk = waiting_pk(standing.state) if waits else None
        self.gsi1sk = f"{0 if self.urgent else 1}#{self.registered_at}#{self.ticket_id}" if waits else None


class RequestItem(Item, discriminator="ticket_request"):
    """What the dealer asked for, written once. `contact_phone` is E.164 and is shown to few (domain.CALLERS)."""

    product_name_zh = UnicodeAttribute()
    product_name_en = UnicodeAttribute()
    serial = UnicodeAttribute(null=True)
    lot = UnicodeAttribute(null=True)
    description = UnicodeAttribute()
    contact_name = UnicodeAttribute()
    contact_phone = UnicodeAttribute()
    site_address = UnicodeAttribute()
    order_id = UnicodeAttribute(null=True)


class NoteItem(Item, discriminator="ticket_note"):
    """A note among the distributor's people. Never read when a dealer asks."""

    at = UnicodeAttribute()
    by = UnicodeAttribute()
    text = UnicodeAttribute()


class SequenceItem(Item, discriminator="ticket_sequence"):
    """The last number given to one of a dealer's tickets."""

    last = IntegerAttribute()


def ticket_id_of(dealer_id: str, number: int) -> str:
    """`T-D0001-00042`."""
    return f"T-{dealer_id}-{number:05d}"


def tickets_pk(dealer_id: str) -> str:
    """Partition of a dealer's tickets."""
    return f"TICKETS#{dealer_id}"


def part_key(dealer_id: str, part: str, ticket_id: str) -> Key:
    """A part of a ticket: TICKET or REQUEST."""
    return tickets_pk(dealer_id), f"{part}#{ticket_id}"


def note_key(dealer_id: str, ticket_id: str, step: int) -> Key:
    """The note left at a step."""
    return tickets_pk(dealer_id), f"NOTE#{ticket_id}#{step:06d}"


def sequence_key(dealer_id: str) -> Key:
    """A dealer's last ticket number."""
    return tickets_pk(dealer_id), "SEQUENCE"


def waiting_pk(state: State) -> str:
    """Index partition of the tickets that wait in a state."""
    return f"TICKETS#{state}"


def owner_of(caller: Principal, ticket_id: str) -> str:
    """The dealer in whose partition this caller may look for the ticket: staff anywhere, a dealer only at home.

    Raises:
        NotFound: no ticket is called that.
    """
    match = _TICKET_ID.fullmatch(ticket_id)
    if match is None:
        raise NotFound
    return caller.dealer_id or match[1]


def load_ticket(caller: Principal, ticket_id: str) -> TicketItem:
    """A ticket the caller may see, read consistently.

    Raises:
        NotFound: there is none, or it is another dealer's.
    """
    found = fetch_one(TicketItem, part_key(owner_of(caller, ticket_id), "TICKET", ticket_id))
    if found is None:
        raise NotFound
    return found


def states_of(told: Sequence[Envelope]) -> History:
    """Every state a ticket has been in and since when, from the events of its history."""
    return [(clock.parse_stamp(one.time), State(one.data["state"])) for one in told]


def waiting_tickets(state: State) -> Iterator[TicketItem]:
    """All tickets that wait in a state."""
    start = None
    while True:
        page = query_page(TicketItem, waiting_pk(state), on_index=True, limit=100, start=start)
        yield from page.items
        if (start := page.next_key) is None:
            return


def change_ticket(transaction: Transaction, ticket: TicketItem, event: TicketProgressed | TicketOverdue) -> None:
    """Let the transaction write a new or changed ticket and tell of it, if nobody else changed it since it was read.

    The ticket's version is already the new one.
    """
    step = ticket.version
    as_read = TicketItem.version == step - 1 if step > 1 else TicketItem.pk.does_not_exist()
    transaction.put(ticket, "ticket", as_read)
    transaction.create(
        outbox_event(event, pk=ticket.pk, subject=ticket.ticket_id, sequence=step, dealer_id=ticket.dealer_id), "event"
    )
