"""A quote as an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.assortment import Listing
from contracts.catalog import RUN_OUT
from contracts.dealers import DealerItem
from contracts.delivery_addresses import address_book_key
from kernel.base.problems import Refusal
from reads.delivery_addresses import address_problems
from services.orders.credit.obstacles import DealerCredit, OrderCredit, obstacles
from services.orders.credit.refusals import obstacle_text, overdue_facts
from services.orders.doubles import PURCHASE_ORDER, possible_double
from services.orders.intake.api import OrderLineRequest
from services.orders.intake.load_pricing import OrderingDealer
from services.orders.intake.price_order import CheckedLine
from services.orders.intake.purchase_orders import find_purchase_order
from services.orders.intake.urgent_quota import one_more_urgent
from services.orders.order.lifecycle import Action
from services.orders.order.rules import Line
from services.orders.quotes.api import QuotedCredit, QuotedLine, QuoteObstacle, QuoteOrder
from services.orders.quotes.rules import LineSupply

_NO_SUPPLY = LineSupply(0, 0, None, 0, None)
_NO_PRICE: Mapping[str, Any] = dict.fromkeys(("gross_fen", "net_fen", "tax_fen", "unit_price", "price_policy"))
_NO_PRODUCT: Mapping[str, Any] = dict.fromkeys(("name_zh", "status", "successor", "order_multiple", "tax_percent"))


def quoted_credit(credit: DealerCredit, gross_fen: int) -> QuotedCredit:
    """Return the credit before and after an order of this value."""
    used_fen = credit.committed_fen
    left_fen = credit.limit_fen - used_fen - gross_fen
    return QuotedCredit(limit_fen=credit.limit_fen, used_fen=used_fen, left_fen=left_fen, **overdue_facts(credit))


def quoted_line(number: int, asked: OrderLineRequest, one: CheckedLine, supply: LineSupply | None) -> QuotedLine:
    """Return one line of a quote."""
    product, price, priced, problems = one
    supply = supply or _NO_SUPPLY
    runs_out = product is not None and product.status == RUN_OUT
    # One dict for each of up to 1,000 lines: arguments by name would be copied twice.
    return QuotedLine.model_validate(
        {
            "line_no": number,
            "sku": asked.sku,
            "quantity": asked.quantity,
            **(_of_product(product) if product else _NO_PRODUCT),
            **(_priced(priced) if priced else _NO_PRICE),
            "list_price": format(price.unit_price, "f") if price else None,
            "available": supply.available,
            "from_stock": supply.from_stock,
            "from_stock_on": supply.from_stock_on,
            "rest": 0 if runs_out else supply.rest,
            "rest_on": supply.rest_on,
            "run_out": supply.rest if runs_out else 0,
            "problems": problems,
        }
    )


def _of_product(product: Listing) -> dict[str, Any]:
    return {
        "name_zh": product.name_zh,
        "status": product.status,
        "successor": product.successor,
        "order_multiple": product.order_multiple,
        "tax_percent": product.tax_percent,
    }


def _priced(line: Line) -> dict[str, Any]:
    tax_fen = line.tax_fen
    return {
        "unit_price": format(line.unit_price, "f"),
        "price_policy": line.price_policy,
        "gross_fen": line.gross_fen,
        "net_fen": line.gross_fen - tax_fen,
        "tax_fen": tax_fen,
    }


def quoted_obstacles(
    request: QuoteOrder, dealer: DealerItem, first: OrderingDealer, credit: DealerCredit, gross_fen: int
) -> list[QuoteObstacle]:
    """Return what would stop the whole order: dealer, credit, urgent quota, possible double, address."""
    order = OrderCredit(gross_fen)
    found = [
        QuoteObstacle(code=obstacle, detail=" / ".join(obstacle_text(obstacle, order, credit)))
        for obstacle in obstacles(Action.SUBMIT, order, credit)
    ]
    if request.urgent:
        try:
            one_more_urgent(first.account, dealer)
        except Refusal as refused:
            found.append(QuoteObstacle(code=refused.code, detail=refused.detail))
    existing = find_purchase_order(dealer.dealer_id, first.account, request.purchase_order)
    if existing and not request.confirm_double:
        refusal = possible_double(PURCHASE_ORDER, request.purchase_order or "", existing)
        found.append(QuoteObstacle(code=refusal.code, detail=refusal.detail))
    if request.address_id:
        book = first.found.get(address_book_key(dealer.dealer_id))
        for problem in address_problems("address_id", request.address_id, book):
            found.append(QuoteObstacle(code=problem.code, detail=problem.detail))
    return found
