"""Record of a replay: the requests sent, their responses, and the state at the end."""

from __future__ import annotations

from dataclasses import dataclass

from tools.client import Json
from tools.replay.plan import PlannedDealer, PlannedOrder


@dataclass(frozen=True)
class Submission:
    """One order as it was sent. `refusal`: the API's problem code, None if it was accepted.

    `responses`: all responses under its idempotency key; some orders are sent several times on purpose.
    `seconds`: duration of each first response.
    """

    dealer: PlannedDealer
    order: PlannedOrder
    seconds: tuple[float, ...]
    responses: tuple[Json, ...]
    refusal: str | None = None

    @property
    def confirmation(self) -> Json | None:
        """The confirmation that the order is stored."""
        return self.responses[0] if self.responses else None

    @property
    def order_id(self) -> str:
        """The accepted order's number.

        Raises:
            LookupError: it was refused.
        """
        if self.confirmation is None:
            raise LookupError(f"{self.order.number} was refused: {self.refusal}")
        order_id: str = self.confirmation["order_id"]
        return order_id


@dataclass(frozen=True)
class FinalOrder:
    """An accepted order at the end: as the API returns it, None if it is not found; and its shipped amount in fen."""

    order: Json | None
    shipped_fen: int


@dataclass(frozen=True)
class FinalDealer:
    """A dealer's view at the end: the numbers of all its orders, and the fen that its statement charges."""

    order_ids: tuple[str, ...]
    charged_fen: int


@dataclass(frozen=True)
class ReplayRecord:
    """Everything that a replay has seen.

    `stock`: received pieces by SKU; `skipped`: rows by reason; `final_orders`: by order id; `final_dealers`: by dealer
    id; `findings`: of the audit, as text; `seconds`: by phase; `retries`: repeated requests by reason.
    """

    run: str
    stock: dict[str, int]
    rows: int
    skipped: dict[str, int]
    invoices_without_lines: int
    submissions: tuple[Submission, ...]
    final_orders: dict[str, FinalOrder]
    final_dealers: dict[str, FinalDealer]
    findings: tuple[str, ...]
    seconds: dict[str, float]
    retries: dict[str, int]

    @property
    def accepted(self) -> list[Submission]:
        """The accepted orders."""
        return [submission for submission in self.submissions if submission.confirmation is not None]
