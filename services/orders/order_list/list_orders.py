"""List orders by the filters that people use, and those that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from kernel.base.problems import FieldProblem, Invalid, NotFound
from kernel.http.principal import Principal
from kernel.http.query_days import MOST_DAYS, require_days_in_order
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.items import Item
from kernel.store.ranges import read_ranges
from kernel.store.read import fetch, query_page
from kernel.time import clock
from reads.warehouses import require_warehouse
from services.orders.order.items import HeaderItem, state_index_key
from services.orders.order_list.api import OrderPage, OrdersQuery
from services.orders.order_list.filters import (
    OrderFilters,
    days_of_list,
    is_answered_by_days,
    is_answered_by_keys,
    key_ranges,
    meets,
)
from services.orders.order_list.items import OrderEntryItem, header_key
from services.orders.order_list.views import rows_of
from services.orders.tracking.api import ReviewQuery


def list_orders(caller: Principal, query: OrdersQuery) -> OrderPage:
    """List the orders that meet the filters: to a dealer its own, to staff those of one or of all dealers.

    Newest first; orders of an open state over all dealers, urgent and old ones first; by purchase order, in its order.

    Raises:
        NotFound: a dealer names another dealer.
        Invalid: the days are in the wrong order or too many, or there is no such warehouse.
    """
    if caller.dealer_id is not None and query.dealer_id not in {None, caller.dealer_id}:
        raise NotFound
    if query.warehouse is not None:
        require_warehouse(query.warehouse)
    filters = OrderFilters(
        dealer_id=caller.dealer_id or query.dealer_id,
        state=query.state,
        first_day=query.from_day,
        last_day=query.to_day,
        warehouse=query.warehouse,
        purchase_order=query.purchase_order,
        hold=query.hold,
    )
    today = clock.business_date(clock.now())
    _check_days(filters, today)
    bound_to = [caller.scope, "orders", *map(str, filters)]
    found = read_ranges(
        key_ranges(filters, today),
        partial(_chosen, filters),
        limit=query.limit,
        filtered=not is_answered_by_keys(filters),
        start=open_cursor(bound_to, query.cursor),
    )
    return OrderPage(orders=rows_of(found.rows), next_cursor=next_cursor(bound_to, found.position))


def review_queue(caller: Principal, query: ReviewQuery) -> OrderPage:
    """List the orders in an open state, urgent and old ones first.

    Raises:
        NotFound: the state is not an open one.
    """
    waiting = state_index_key(query.state)
    if waiting is None:
        raise NotFound
    bound_to = [caller.scope, "review-queue", query.state]
    page = query_page(HeaderItem, waiting, on_index=True, limit=query.limit, start=open_cursor(bound_to, query.cursor))
    return OrderPage(orders=rows_of(page.items), next_cursor=next_cursor(bound_to, page.next_key))


def _chosen(filters: OrderFilters, items: Sequence[Item]) -> list[HeaderItem | None]:
    """Return the header of each item if it meets the filters. Of an entry, the header as it is now is loaded."""
    keys = {id(item): header_key(item) for item in items if isinstance(item, OrderEntryItem)}
    found = fetch(keys.values(), consistent=False)
    headers = [found.get(keys[id(item)]) if id(item) in keys else item for item in items]
    return [header if isinstance(header, HeaderItem) and meets(header, filters) else None for header in headers]


def _check_days(filters: OrderFilters, today: date) -> None:
    if filters.first_day and filters.last_day:
        require_days_in_order(filters.first_day, filters.last_day)
    if not is_answered_by_days(filters):
        return
    first, last = days_of_list(filters, today)
    if (last - first).days >= MOST_DAYS:
        detail = (
            f"所有经销商一次最多查询 {MOST_DAYS} 天,请缩短日期或指定经销商,如 from={last} / "
            f"over all dealers at most {MOST_DAYS} days at once; shorten them or name a dealer, such as from={last}"
        )
        raise Invalid([FieldProblem(field="from", code="too-long", detail=detail)])
