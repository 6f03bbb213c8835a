"""Request and answer of a quote."""

from contracts.catalog import ProductStatus
from kernel.base.problems import FieldProblem
from kernel.http.models import Answer, DealerId
from services.orders.intake.api import SubmitOrder


class QuoteOrder(SubmitOrder):
    """An order to quote, as it would be submitted. `dealer_id`: whose order it would be, named by staff only."""

    dealer_id: DealerId | None = None


class QuotedLine(Answer):
    """One line as it would be ordered now; amounts in fen, prices in yuan for a piece, tax included.

    Without a product or a price, what follows from it is null. `list_price`: before quantity breaks; `available`:
    pieces of the SKU that a new order could reserve now; `from_stock`: pieces of this line that would be reserved, on
    their way on the day `from_stock_on`; `rest`: pieces beyond them, `rest_on`: day on which the last of them leaves,
    null if no expected delivery covers them. `run_out`: pieces beyond the stock of a run-out product, which would be
    cancelled. `problems`: why the line cannot be ordered as it is.
    """

    line_no: int
    sku: str
    name_zh: str | None
    status: ProductStatus | None
    successor: str | None
    quantity: int
    order_multiple: int | None
    list_price: str | None
    unit_price: str | None
    price_policy: str | None
    tax_percent: int | None
    gross_fen: int | None
    net_fen: int | None
    tax_fen: int | None
    available: int
    from_stock: int
    from_stock_on: str | None
    rest: int
    rest_on: str | None
    run_out: int
    problems: list[FieldProblem]


class QuotedCredit(Answer):
    """Credit of the dealer in fen. `used_fen`: what it owes or has on order; `left_fen`: after this order.

    `left_fen` is negative for an order beyond the limit. `overdue_fen`: debts past their due day that payments do not
    cover; `oldest_due_on`: due day of the oldest of them, null without any.
    """

    limit_fen: int
    used_fen: int
    left_fen: int
    overdue_fen: int
    oldest_due_on: str | None


class QuoteObstacle(Answer):
    """Reason for which the whole order would be refused or stopped: a stable code and advice."""

    code: str
    detail: str


class Quote(Answer):
    """An order as it would be priced and served at the moment `as_of`. Nothing is stored or reserved.

    Pieces and amounts (fen) are of the lines without problems. `orderable`: no line has a problem. `obstacles`: what
    would stop the order. `calendar_known_until`: last day whose days off are published, if a day of this answer is
    later and may therefore move; else null.
    """

    dealer_id: str
    dealer_name: str
    warehouse: str
    warehouse_name_zh: str
    warehouse_name_en: str
    price_list: str
    price_version: int
    as_of: str
    orderable: bool
    line_count: int
    pieces: int
    gross_fen: int
    net_fen: int
    tax_fen: int
    credit: QuotedCredit
    obstacles: list[QuoteObstacle]
    calendar_known_until: str | None
    lines: list[QuotedLine]
