"""Check and price the lines of an order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts.assortment import Listing
from contracts.catalog import RUN_OUT, Price, PriceListItem
from kernel.base.money import fen_of
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.store.items import Item
from kernel.time import clock
from reads.prices import prices_of
from services.orders.intake.api import OrderLineRequest, SubmitOrder
from services.orders.order.rules import Line
from services.orders.vocabulary import MAX_PIECES_PER_SKU


@dataclass(frozen=True)
class PricedOrder:
    """Priced lines of an order, with the version of the price list; `run_out`: SKU indexes of run-out products."""

    lines: tuple[Line, ...]
    price_list: str
    price_version: int
    run_out: tuple[int, ...] = ()


class CheckedLine(NamedTuple):
    """Line of a request: its product and price, None where there is none; priced if it has both; its problems."""

    product: Listing | None
    price: Price | None
    priced: Line | None
    problems: Sequence[FieldProblem]


def check_lines(
    requested: Sequence[OrderLineRequest], price_list: PriceListItem, products: Mapping[str, Listing]
) -> Iterator[CheckedLine]:
    """Check and price each line of an order. Quantity breaks count the pieces of a SKU over all lines."""
    prices = prices_of(price_list, [product.sku_index for product in products.values()])
    sums: dict[str, int] = defaultdict(int)
    for line in requested:
        sums[line.sku] += line.quantity
    for number, line in enumerate(requested, 1):
        sku, quantity = line.sku, line.quantity
        product = products.get(sku)
        price = prices.get(product.sku_index) if product else None
        in_all = sums[sku]
        priced = None
        if product is not None and price is not None:
            unit_price = price.at(in_all)
            priced = Line(
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
        yield CheckedLine(product, price, priced, _problems(number - 1, quantity, product, price, in_all))


def price_order(request: SubmitOrder, price_list: PriceListItem, products: Mapping[str, Listing]) -> PricedOrder:
    """Check and price the lines of an order.

    Raises:
        Invalid: lines cannot be ordered; names every problem at once.
    """
    lines: list[Line] = []
    problems: list[FieldProblem] = []
    for checked in check_lines(request.lines, price_list, products):
        problems += checked.problems
        if checked.priced is not None:
            lines.append(checked.priced)
    if problems:
        raise Invalid(problems, code="lines-not-orderable")
    run_out = tuple(product.sku_index for product in products.values() if product.status == RUN_OUT)
    return PricedOrder(tuple(lines), price_list.price_list_id, price_list.version, run_out)


def _problems(
    index: int, quantity: int, product: Listing | None, price: Price | None, in_all: int
) -> list[FieldProblem]:
    """Return the problems of a line. `in_all`: pieces of its SKU over all lines."""
    found = []
    if product is None:
        found.append(_problem(index, "sku", "unknown-sku", "无此商品 / no such product; check the SKU"))
    elif not product.orderable:
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
