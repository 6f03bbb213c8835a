"""What tickets says. Nothing here is secret from the dealer: no internal notes, no phone numbers."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from kernel.messaging.events import Event


class Part(BaseModel):
    """Pieces of a product a technician takes along."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    sku: str
    quantity: int


class CostSplit(BaseModel):
    """Who pays for a service, in fen: the brand, the dealer, the dealer's customer."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    brand_fen: int
    dealer_fen: int
    customer_fen: int


class TicketProgressed(Event):
    """Published at every step of a service request, its registration included. Heard by notifications.

    `step` is what was done (registered, accepted, reviewed, dispatched, completed, rejected, asked, answered, reopened,
    rated), `state` where it left the ticket, `title` the dealer's own words. `by` is the name of the person who did it,
    `note` what that person told the other side, `expected_at` when the next thing is promised (of a dispatch: the
    visit). `assignee` and `parts` come with a dispatch, `cost` with a completion, `rating` (1-5) with a rating.
    """

    TYPE: ClassVar[str] = "ticket.progressed.v1"
    SOURCE: ClassVar[str] = "tickets"

    ticket_id: str
    dealer_id: str
    step: str
    state: str
    title: str
    by: str = ""
    note: str = ""
    expected_at: str | None = None
    assignee: str = ""
    parts: tuple[Part, ...] = ()
    cost: CostSplit | None = None
    rating: int | None = None


class TicketOverdue(Event):
    """Published once of a ticket that was not finished within the service time it is due. Heard by notifications."""

    TYPE: ClassVar[str] = "ticket.overdue.v1"
    SOURCE: ClassVar[str] = "tickets"

    ticket_id: str
    dealer_id: str
    state: str
    title: str
    urgent: bool
    due_at: str
