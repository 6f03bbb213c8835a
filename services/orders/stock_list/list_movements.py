"""List the movements of a SKU in a warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from kernel.base.problems import FieldProblem, Invalid
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.ranges import KeyRange, read_ranges
from kernel.time import clock
from reads.warehouses import require_warehouse_of_path, warehouse_names
from services.orders.stock.document_lines import load_products
from services.orders.stock.items import MovementItem, movements_pk
from services.orders.stock.rules import MOVE_NAMES, Move
from services.orders.stock_list.api import MovementPage, MovementRow, MovementsQuery

#: Days shown without a first day, and the most that may be asked for.
_USUAL_DAYS = 31
_MOST_DAYS = 92


def list_movements(caller: Principal, warehouse: str, query: MovementsQuery) -> MovementPage:
    """List the movements of a SKU in a warehouse, newest first.

    Raises:
        NotFound: there is no such warehouse.
        Invalid: the SKU is unknown, or the days are in the wrong order or too many.
    """
    require_warehouse_of_path(warehouse)
    last = query.to_day or max(clock.business_date(clock.now()), query.from_day or date.min)
    first = query.from_day or last - timedelta(days=_USUAL_DAYS - 1)
    _check_days(first, last)
    product = load_products([("sku", query.sku)])[query.sku]
    sku_index = product.sku_index
    bound_to = [caller.scope, "movements", warehouse, query.sku, str(query.from_day), str(query.to_day)]

    def rows(items: Sequence[MovementItem]) -> list[MovementRow | None]:
        return [_row(item, item.by_sku_index.get(sku_index, 0)) for item in items]

    start = open_cursor(bound_to, query.cursor)
    found = read_ranges(key_ranges(warehouse, first, last), rows, limit=query.limit, filtered=True, start=start)
    return MovementPage(
        warehouse=warehouse,
        **warehouse_names(warehouse),
        sku=query.sku,
        name_zh=product.name_zh,
        name_en=product.name_en,
        movements=found.rows,
        next_cursor=next_cursor(bound_to, found.position),
    )


def key_ranges(warehouse: str, first: date, last: date) -> list[KeyRange]:
    """Return the keys of the movements between two days (Asia/Shanghai), newest first: they are stored by UTC day."""
    begin = datetime.combine(first, time(), clock.BUSINESS_ZONE).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), clock.BUSINESS_ZONE).astimezone(UTC)
    days = [end.date() - timedelta(days=age) for age in range((end.date() - begin.date()).days + 1)]
    return [
        KeyRange(MovementItem, movements_pk(warehouse, str(day)), clock.stamp(begin), clock.stamp(end), False, True)
        for day in days
    ]


def _row(item: MovementItem, quantity: int) -> MovementRow | None:
    if not quantity:
        return None
    move = Move(item.move)
    zh, en = MOVE_NAMES[move]
    return MovementRow(
        at=item.sk.partition("#")[0],
        move=move,
        move_zh=zh,
        move_en=en,
        quantity=quantity,
        available_change=move.effect.available * quantity,
        quarantined_change=move.effect.quarantined * quantity,
        reference=item.reference,
        order_id=item.order_id,
        by=item.by,
    )


def _check_days(first: date, last: date) -> None:
    if first > last:
        detail = "起始日不能晚于截止日 / must not be after the last day"
        raise Invalid([FieldProblem(field="from", code="after-to", detail=detail)])
    if (last - first).days >= _MOST_DAYS:
        detail = f"一次最多查询 {_MOST_DAYS} 天,如 from={last} / at most {_MOST_DAYS} days at once, such as from={last}"
        raise Invalid([FieldProblem(field="from", code="too-long", detail=detail)])
