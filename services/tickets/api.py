"""What tickets takes and answers over HTTP. Amounts in fen, quantities in pieces, times ISO 8601 UTC."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts.tickets import CostSplit, Part
from kernel.http.models import Answer, Body, DealerId, FenOrZero, Name, Phone, Quantity, Query, Score, Sku, Text
from services.tickets.lifecycle import StepInput
from services.tickets.vocabulary import Action, State, Step, TicketKind

_Paragraph = Annotated[Text, Field(min_length=1, max_length=1_000)]
_Note = Annotated[Text, Field(max_length=500)]
_Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$")]
_OrderId = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,16}-[0-9]{6,9}$")]
_Address = Annotated[Text, Field(min_length=1, max_length=200)]


class Contact(Body):
    """Whom to call, and whom to meet at the site."""

    name: Name
    phone: Phone


class RegisterTicket(Body):
    """A request for service on a product. `serial` or `lot` as printed on it; `order_id` is the order it came with."""

    kind: TicketKind
    sku: Sku
    serial: _Code | None = None
    lot: _Code | None = None
    title: Name
    description: Annotated[Text, Field(min_length=1)]
    contact: Contact
    site_address: _Address
    order_id: _OrderId | None = None
    urgent: bool = False


class StaffStep(Body):
    """What every step of the distributor's people may carry: a note the dealer never sees."""

    internal_note: _Note = ""


class Proceed(StaffStep):
    """A step forward. The dealer is shown the note and by when to expect the next step."""

    note: _Note = ""
    expected_at: AwareDatetime | None = None

    def step_input(self) -> StepInput:
        """As the rules take it."""
        return StepInput(note=self.note, internal_note=self.internal_note, expected_at=self.expected_at)


class PartToTake(Body):
    """Pieces of a product the technician takes along."""

    sku: Sku
    quantity: Quantity


class Dispatch(StaffStep):
    """Send somebody. The dealer is shown who comes, when, and with which parts."""

    assignee: Name
    visit_at: AwareDatetime | None = None
    parts: Annotated[list[PartToTake], Field(max_length=50)] = Field(default=[])
    note: _Note = ""

    def step_input(self) -> StepInput:
        """As the rules take it."""
        return StepInput(
            note=self.note,
            internal_note=self.internal_note,
            expected_at=self.visit_at,
            assignee=self.assignee,
            parts=tuple(Part(sku=part.sku, quantity=part.quantity) for part in self.parts),
        )


class Shares(Body):
    """Who pays, in fen."""

    brand_fen: FenOrZero
    dealer_fen: FenOrZero
    customer_fen: FenOrZero


class Complete(StaffStep):
    """The work is done. The dealer is shown the result and who pays."""

    result: _Paragraph
    cost: Shares | None = None

    def step_input(self) -> StepInput:
        """As the rules take it."""
        cost = CostSplit(**self.cost.model_dump()) if self.cost else None
        return StepInput(note=self.result, internal_note=self.internal_note, cost=cost)


class Reject(StaffStep):
    """Nothing will be done; the dealer is told why."""

    reason: _Paragraph

    def step_input(self) -> StepInput:
        """As the rules take it."""
        return StepInput(note=self.reason, internal_note=self.internal_note)


class Ask(StaffStep):
    """Something only the dealer knows; the service clock stands until it answers."""

    question: _Paragraph

    def step_input(self) -> StepInput:
        """As the rules take it."""
        return StepInput(note=self.question, internal_note=self.internal_note)


class AnswerQuestion(Body):
    """The dealer's answer."""

    answer: _Paragraph

    def step_input(self) -> StepInput:
        """As the rules take it."""
        return StepInput(note=self.answer)


class Reopen(Body):
    """Why what was finished is not."""

    reason: _Paragraph

    def step_input(self) -> StepInput:
        """As the rules take it."""
        return StepInput(note=self.reason)


class Rate(Body):
    """How satisfied the dealer is, 1 to 5."""

    score: Score
    comment: _Note = ""

    def step_input(self) -> StepInput:
        """As the rules take it."""
        return StepInput(note=self.comment, rating=self.score)


class TicketConfirmation(Answer):
    """Where a ticket stands after what was just done."""

    ticket_id: str
    state: State
    version: int
    changed_at: str
    due_at: str | None


class TicketSummary(TicketConfirmation):
    """A ticket in a list. `due_at`: when the service time runs out, null while the dealer is asked or all is done."""

    dealer_id: str
    kind: TicketKind
    sku: str
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
    """Staff: the queue of a `state` (registered by default), or the tickets of a dealer. A dealer gets its own."""

    state: State | None = None
    dealer_id: DealerId | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class TimelineEntry(Answer):
    """One thing that happened: when, what, by whom, where it left the ticket, and what was said and promised."""

    at: str
    step: Step
    label: str
    state: State
    by: str
    note: str
    expected_at: str | None
    assignee: str
    parts: list[Part]
    cost: CostSplit | None
    rating: int | None


class InternalNote(Answer):
    """A note among the distributor's people."""

    at: str
    by: str
    text: str


class ContactView(Answer):
    """The contact; digits of the phone are hidden from those who have no need to call."""

    name: str
    phone: str


class TicketView(TicketSummary):
    """A whole ticket. Clock in working minutes; `actions` is what the caller can do now; notes are for staff alone."""

    product_name_zh: str
    product_name_en: str
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
