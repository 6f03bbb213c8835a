"""List the movements of a SKU in a warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from kernel.http.principal import Principal
from kernel.http.query_days import days_or_usual, require_few_days
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.ranges import KeyRange, read_ranges
from kernel.time import clock
from reads.warehouses import require_warehouse_of_path, warehouse_names
from services.orders.stock.document_lines import load_products
from services.orders.stock.items import MovementItem, movements_pk
from services.orders.stock.rules import MOVE_NAMES, Move
from services.orders.stock_list.api import MovementPage, MovementRow, MovementsQuery


def list_movements(caller: Principal, warehouse: str, query: MovementsQuery) -> MovementPage:
    """List the movements of a SKU in a warehouse, newest first.

    Raises:
        NotFound: there is no such warehouse.
        Invalid: the SKU is unknown, or the days are in the wrong order or too many.
    """
    require_warehouse_of_path(warehouse)
    first, last = days_or_usual(query.from_day, query.to_day, clock.business_date(clock.now()))
    require_few_days(first, last)
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
