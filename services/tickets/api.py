"""Requests and answers of tickets. Amounts in fen, quantities in pieces, times ISO 8601 UTC."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts.tickets import CostSplit, Part
from kernel.http.models import (
    Answer,
    Body,
    DealerId,
    DocumentNumber,
    FenOrZero,
    Name,
    Phone,
    Quantity,
    Query,
    Reference,
    Score,
    Sku,
    Text,
)
from services.tickets.lifecycle import StepInput
from services.tickets.vocabulary import Action, State, Step, TicketKind

_Paragraph = Annotated[Text, Field(min_length=1, max_length=1_000)]
_Note = Annotated[Text, Field(max_length=500)]
_Address = Annotated[Text, Field(min_length=1, max_length=200)]


class Contact(Body):
    """Person to call, and to meet at the site."""

    name: Name
    phone: Phone


class RegisterTicket(Body):
    """Request for service of a product. `serial` or `lot` as printed on the product; `order_id` is its order."""

    kind: TicketKind
    sku: Sku
    serial: Reference | None = None
    lot: Reference | None = None
    title: Name
    description: Annotated[Text, Field(min_length=1)]
    contact: Contact
    site_address: _Address
    order_id: DocumentNumber | None = None
    urgent: bool = False


class StaffStep(Body):
    """Step taken by staff, with an optional note that dealers never see."""

    internal_note: _Note = ""


class Proceed(StaffStep):
    """Step forward. The dealer sees the note, and when to expect the next step."""

    note: _Note = ""
    expected_at: AwareDatetime | None = None

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        return StepInput(note=self.note, internal_note=self.internal_note, expected_at=self.expected_at)


class PartToTake(Body):
    """Pieces of a product that the technician takes along."""

    sku: Sku
    quantity: Quantity


class Dispatch(StaffStep):
    """Send a technician, or another one instead. The dealer sees technician, time of the visit and parts."""

    assignee: Name
    visit_at: AwareDatetime | None = None
    parts: Annotated[list[PartToTake], Field(max_length=50)] = Field(default=[])
    note: _Note = ""

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        return StepInput(
            note=self.note,
            internal_note=self.internal_note,
            expected_at=self.visit_at,
            assignee=self.assignee,
            parts=tuple(Part(sku=part.sku, quantity=part.quantity) for part in self.parts),
        )


class CostShares(Body):
    """Cost of the service by payer, in fen."""

    brand_fen: FenOrZero
    dealer_fen: FenOrZero
    customer_fen: FenOrZero


class Complete(StaffStep):
    """Finish the work. The dealer sees the result and the cost split."""

    result: _Paragraph
    cost: CostShares | None = None

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        cost = CostSplit(**self.cost.model_dump()) if self.cost else None
        return StepInput(note=self.result, internal_note=self.internal_note, cost=cost)


class Reject(StaffStep):
    """Reject the request. The dealer sees the reason."""

    reason: _Paragraph

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        return StepInput(note=self.reason, internal_note=self.internal_note)


class Ask(StaffStep):
    """Ask the dealer. The service clock is stopped until the dealer answers."""

    question: _Paragraph

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        return StepInput(note=self.question, internal_note=self.internal_note)


class AnswerQuestion(Body):
    """The dealer's answer."""

    answer: _Paragraph

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        return StepInput(note=self.answer)


class Withdraw(Body):
    """Withdraw a request for service, with the reason."""

    reason: _Paragraph

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        return StepInput(note=self.reason)


class Reopen(Body):
    """Reopen a finished ticket, with the reason."""

    reason: _Paragraph

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        return StepInput(note=self.reason)


class Rate(Body):
    """Rate the service: 1 to 5, 5 is best."""

    score: Score
    comment: _Note = ""

    def step_input(self) -> StepInput:
        """Return the input of the step for the rules."""
        return StepInput(note=self.comment, rating=self.score)


class TicketConfirmation(Answer):
    """State of a ticket after a step.

    `calendar_known_until`: last day whose days off are published, if `due_at` is later and may move; else null.
    """

    ticket_id: str
    state: State
    version: int
    changed_at: str
    due_at: str | None
    calendar_known_until: str | None


class TicketSummary(TicketConfirmation):
    """A ticket in a list. `due_at`: end of the service time, null while the clock is stopped."""

    dealer_id: str
    dealer_name: str
    kind: TicketKind
    sku: str
    product_name_zh: str
    title: str
    urgent: bool
    registered_at: str
    assignee: str
    overdue: bool
    rating: int | None


class TicketPage(Answer):
    """Tickets and the cursor for the next page, null after the last."""

    tickets: list[TicketSummary]
    next_cursor: str | None


class TicketsQuery(Query):
    """Filter and page. For staff: the queue of a `state` (default registered), or the tickets of a dealer."""

    state: State | None = None
    dealer_id: DealerId | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class PartView(Answer):
    """Pieces of a product that the technician takes along."""

    sku: str
    name_zh: str
    quantity: int


class TimelineEntry(Answer):
    """One step of a ticket: time, step, state after the step, author, note and promised time."""

    at: str
    step: Step
    label_zh: str
    label_en: str
    state: State
    by: str
    note: str
    expected_at: str | None
    assignee: str
    parts: list[PartView]
    cost: CostSplit | None
    rating: int | None


class InternalNote(Answer):
    """An internal note of staff."""

    at: str
    by: str
    text: str


class ContactView(Answer):
    """The contact. Only the dealer and staff who call see all digits of the phone."""

    name: str
    phone: str


class TicketView(TicketSummary):
    """A whole ticket. Clock in working minutes; `actions` may be taken by the caller now; notes are for staff only."""

    product_name_en: str | None
    serial: str | None
    lot: str | None
    description: str
    contact: ContactView
    site_address: str
    order_id: str | None
    elapsed_business_minutes: int
    allowed_business_minutes: int
    first_response_at: str | None
    actions: list[Action]
    timeline: list[TimelineEntry]
    internal_notes: list[InternalNote]
