"""Events of service tickets. They contain no internal notes and no phone numbers, so dealers may see all fields."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from kernel.messaging.events import Event


class Part(BaseModel):
    """Pieces of a product that a technician takes along."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    sku: str
    quantity: int


class CostSplit(BaseModel):
    """Shares of the cost of a service in fen: of the brand, of the dealer and of the dealer's customer."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    brand_fen: int
    dealer_fen: int
    customer_fen: int


class TicketProgressed(Event):
    """Published at every step of a ticket, including its registration. Subscribers: notifications.

    `step`: registered, accepted, reviewed, dispatched, reassigned, completed, rejected, withdrawn, asked,
    answered, reopened or rated;
    `state`: state after the step; `title`: the dealer's words; `by`: name of the person who acted; `note`: message of
    this person to the other side; `expected_at`: promised time of the next step (of a dispatch: the visit). A dispatch
    or reassignment has `assignee` and `parts`, a completion `cost`, a rating `rating` (1-5).
    """

    TYPE: ClassVar[str] = "ticket.progressed.v1"
    PUBLIC: ClassVar[bool] = True
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
    """Published once when a ticket is not finished within its service time. Subscribers: notifications."""

    TYPE: ClassVar[str] = "ticket.overdue.v1"
    PUBLIC: ClassVar[bool] = True
    SOURCE: ClassVar[str] = "tickets"

    ticket_id: str
    dealer_id: str
    state: str
    title: str
    urgent: bool
    due_at: str
