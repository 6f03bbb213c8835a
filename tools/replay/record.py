"""What a replay sees happen, and what it finds afterwards. Plain facts, to be judged elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from tools.client import Json
from tools.replay.plan import Buyer, PlannedOrder


@dataclass(frozen=True)
class Submission:
    """One order as it was sent: `receipt` if it was accepted, else `refusal`, the API's code for why not.

    `answers` are all answers to this intent: some orders are sent several times under the same key, on purpose.
    `seconds`: how long each first answer took.
    """

    buyer: Buyer
    order: PlannedOrder
    seconds: tuple[float, ...]
    answers: tuple[Json, ...]
    refusal: str | None = None

    @property
    def confirmation(self) -> Json | None:
        """Proof that the order is stored."""
        return self.answers[0] if self.answers else None

    @property
    def order_id(self) -> str:
        """The accepted order's number.

        Raises:
            LookupError: it was refused.
        """
        if self.confirmation is None:
            raise LookupError(f"{self.order.number} was refused: {self.refusal}")
        found: str = self.confirmation["order_id"]
        return found


@dataclass(frozen=True)
class Kept:
    """What the system says at the end about an order it accepted: `order` is None when it is not to be found."""

    order: Json | None
    shipped_fen: int


@dataclass(frozen=True)
class DealerBooks:
    """A dealer's own view at the end: all its orders' numbers, and what its statement charges, in fen."""

    order_ids: tuple[str, ...]
    charged_fen: int


@dataclass(frozen=True)
class Replay:
    """Everything that was seen. `kept` by order id, `books` by dealer id; `findings` of the audit, as text; `retries`:
    requests that had to be sent again, by why; `stock`: pieces received, by SKU."""

    run: str
    stock: dict[str, int]
    rows: int
    set_aside: dict[str, int]
    empty_invoices: int
    submissions: tuple[Submission, ...]
    kept: dict[str, Kept]
    books: dict[str, DealerBooks]
    findings: tuple[str, ...]
    seconds: dict[str, float]
    retries: dict[str, int]

    @property
    def accepted(self) -> list[Submission]:
        """What was accepted."""
        return [one for one in self.submissions if one.confirmation is not None]
