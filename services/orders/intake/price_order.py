"""Check and price the lines of an order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.assortment import Listing
from contracts.catalog import Price, PriceListItem
from kernel.base.money import fen_of
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.store.items import Item
from kernel.time import clock
from reads.prices import prices_of
from services.orders.intake.api import SubmitOrder
from services.orders.order.rules import Line
from services.orders.vocabulary import MAX_PIECES_PER_SKU


@dataclass(frozen=True)
class PricedOrder:
    """Priced lines of an order, with the version of the price list."""

    lines: tuple[Line, ...]
    price_list: str
    price_version: int


def price_order(request: SubmitOrder, price_list: PriceListItem, products: Mapping[str, Listing]) -> PricedOrder:
    """Check and price the lines of an order. Quantity breaks count the pieces of a SKU over all lines.

    Raises:
        Invalid: lines cannot be ordered; names every problem at once.
    """
    prices = prices_of(price_list, [product.sku_index for product in products.values()])
    sums: dict[str, int] = defaultdict(int)
    for line in request.lines:
        sums[line.sku] += line.quantity
    lines, problems = [], []
    for number, line in enumerate(request.lines, 1):
        sku, quantity = line.sku, line.quantity
        product = products.get(sku)
        price = prices.get(product.sku_index) if product else None
        in_all = sums[sku]
        found = _problems(number - 1, quantity, product, price, in_all)
        if found or product is None or price is None:
            problems += found
            continue
        unit_price = price.at(in_all)
        lines.append(
            Line(
                number,
                sku,
                product.name_zh,
                quantity,
                unit_price,
                price.price_policy,
                product.tax_percent,
                fen_of(unit_price, quantity),
                product.sku_index,
            )
        )
    if problems:
        raise Invalid(problems, code="lines-not-orderable")
    return PricedOrder(tuple(lines), price_list.price_list_id, price_list.version)


def _problems(
    index: int, quantity: int, product: Listing | None, price: Price | None, in_all: int
) -> list[FieldProblem]:
    """Return the problems of a line. `in_all`: pieces of its SKU over all lines."""
    found = []
    if product is None:
        found.append(_problem(index, "sku", "unknown-sku", "无此商品 / no such product; check the SKU"))
    elif product.status != "active":
        instead = f",可改订 {product.successor} / order {product.successor} instead" if product.successor else ""
        found.append(_problem(index, "sku", "discontinued", f"已停产 / discontinued{instead}"))
    elif price is None:
        found.append(_problem(index, "sku", "not-in-price-list", "价格表中无此商品 / not in your price list"))
    elif quantity % product.order_multiple:
        detail = f"须为 {product.order_multiple} 的倍数 / must be a multiple of {product.order_multiple}"
        found.append(_problem(index, "quantity", "not-a-multiple", detail))
    if in_all > MAX_PIECES_PER_SKU:
        detail = f"同一商品合计超过 {MAX_PIECES_PER_SKU} / more than {MAX_PIECES_PER_SKU} of one SKU in all"
        found.append(_problem(index, "quantity", "too-many", detail))
    return found


def _problem(index: int, field: str, code: str, detail: str) -> FieldProblem:
    return FieldProblem(field=f"lines.{index}.{field}", code=code, detail=detail)


def require_valid_price_list(found: Item | None) -> PriceListItem:
    """Return the price list with the version that is valid today.

    Raises:
        Refusal: there is none.
    """
    today = clock.business_date(clock.now())
    valid = found.on_day(today) if isinstance(found, PriceListItem) else None
    if valid is None:
        raise Refusal(
            "no-valid-price-list", "没有有效的价格表,请联系业务员 / no price list is valid today; call your contact"
        )
    return valid
