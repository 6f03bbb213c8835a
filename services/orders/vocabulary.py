"""Words every room of orders shares: states, holds, policies, queue names and field types."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Field

from kernel.base.problems import NotFound
from kernel.http.models import WAREHOUSE_ID, Text

#: Where orders are decided and lines served, one warehouse at a time; urgent orders have a lane of their own.
RESERVE_QUEUE = "reserve-stock"


RESERVE_URGENT_QUEUE = "reserve-urgent-stock"


MAX_LINES = 1_000


NoteText = Annotated[Text, Field(max_length=200)]


ReasonText = Annotated[Text, Field(min_length=1, max_length=200)]


#: Of what is replaced, 0 if nothing is.
RuleVersion = Annotated[int, Field(ge=0, le=1_000_000)]


#: As `Reference`, without what would end it in an address.
DELIVERY_REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"


DeliveryReference = Annotated[str, Field(pattern=DELIVERY_REFERENCE)]


Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$")]


#: Pieces of one SKU that one order may ask for, over all its lines.
MAX_PIECES_PER_SKU = 1_000_000


#: Buckets changed in one transaction: its limit of 100 actions less the order's own items.
BUCKETS_PER_TRANSACTION = 90


class State(StrEnum):
    """Where an order stands. Stock and money are told by the line counters, not by more states."""

    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    CONFIRMED = "confirmed"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED})


class Hold(StrEnum):
    """Why a clerk must look before the order goes on; each is released on its own, with a reason."""

    CREDIT = "credit"
    STOCK = "stock"


class ShortagePolicy(StrEnum):
    """What the dealer wants done when stock is short."""

    SHIP_AVAILABLE = "ship_available"  # hold what is there; the rest waits in line
    ALL_OR_NOTHING = "all_or_nothing"  # hold all or nothing, and do not wait: a clerk decides
    WAIT = "wait"  # hold nothing until all of it can be held; until then the order keeps its place in line

    @property
    def accepts_partial(self) -> bool:
        """Whether a part of the order is of use."""
        return self is ShortagePolicy.SHIP_AVAILABLE

    @property
    def waits_for_stock(self) -> bool:
        """Whether what is short is waited for."""
        return self is not ShortagePolicy.ALL_OR_NOTHING


class Grade(StrEnum):
    """A dealer's class; A is served first where a rule goes by grades."""

    A = "A"
    B = "B"
    C = "C"


_ALSO_CALLED = {"一级": Grade.A, "二级": Grade.B, "三级": Grade.C}


def grade_of(text: str) -> Grade:
    """The grade a dealer's master record names, `A` or `一级`; what is not known has the strictest terms."""
    name = text.strip().upper()
    return _ALSO_CALLED.get(name) or (Grade(name) if name in Grade.__members__ else Grade.C)


class PiecesOnDay(NamedTuple):
    """Pieces on a day."""

    day: str
    pieces: int


def require_warehouse_id(warehouse: str) -> None:
    """Let nobody ask for what cannot be a warehouse.

    Raises:
        NotFound: none can be called that.
    """
    if not re.fullmatch(WAREHOUSE_ID, warehouse):
        raise NotFound


#: Pieces by sku_index number.
Pieces = Mapping[int, int]
