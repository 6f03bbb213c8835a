"""Words that all rooms of orders share: states, holds, policies, queue names and field types."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from kernel.base.problems import NotFound
from kernel.http.codes import malformed_problem
from kernel.http.models import Text

#: FIFO queues that decide orders and allocate backorders, one warehouse (message group) at a time.
#: Queues have the names of the functions that read them (app.py): reserve_stock and reserve_urgent_stock.
RESERVE_QUEUE = "reserve-stock"
RESERVE_URGENT_QUEUE = "reserve-urgent-stock"


MAX_LINES = 1_000


NoteText = Annotated[Text, Field(max_length=200)]


ReasonText = Annotated[Text, Field(min_length=1, max_length=200)]


#: Version of the rule that is replaced, 0 if none is.
RuleVersion = Annotated[int, Field(ge=0, le=1_000_000)]


#: Maximum pieces of one SKU in one order, over all its lines.
MAX_PIECES_PER_SKU = 1_000_000


#: Maximum buckets in one transaction: 100 actions, less the items of the order itself.
BUCKETS_PER_TRANSACTION = 90


class State(StrEnum):
    """State of an order. Stock and money are counted by line, not by more states."""

    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    CONFIRMED = "confirmed"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED})


class Hold(StrEnum):
    """Reason for which a clerk must look at an order. Each hold is released separately, with a reason."""

    CREDIT = "credit"
    STOCK = "stock"


class ShortagePolicy(StrEnum):
    """Policy of the dealer for an order when stock is short."""

    SHIP_AVAILABLE = "ship_available"  # reserve what is available, backorder the rest
    ALL_OR_NOTHING = "all_or_nothing"  # reserve everything or nothing, without a backorder: a clerk decides
    WAIT = "wait"  # reserve nothing until everything can be reserved; keep the queue position

    @property
    def accepts_partial(self) -> bool:
        """Return whether the dealer accepts a part of the order."""
        return self is ShortagePolicy.SHIP_AVAILABLE

    @property
    def waits_for_stock(self) -> bool:
        """Return whether the order enters the backorder queue with what is short."""
        return self is not ShortagePolicy.ALL_OR_NOTHING


class PiecesOnDay(NamedTuple):
    """Pieces on a day (ISO date)."""

    day: str
    pieces: int


def require_code(annotation: Any, text: str) -> None:
    """Refuse a text of a path that cannot be a code of this field type.

    Raises:
        NotFound: the text has another form, so it names nothing.
    """
    if malformed_problem(annotation, "reference", text):
        raise NotFound


#: Pieces by SKU index.
Pieces = Mapping[int, int]
