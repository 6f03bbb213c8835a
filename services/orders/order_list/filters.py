"""Filters of the order list: which keys answer a set of filters, and which orders meet them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from kernel.http.query_days import days_or_usual
from kernel.store.ranges import KeyRange
from kernel.time import clock
from services.orders.order.items import HeaderItem, orders_pk, state_index_key
from services.orders.order_list.items import (
    PURCHASE_ORDERS,
    OrderEntryItem,
    day_index_pk,
    folded_purchase_order,
    submission_day,
)
from services.orders.vocabulary import Hold, State

#: Sorts after every sign that follows in a key.
_END = "~"


class OrderFilters(NamedTuple):
    """Filters of the order list; None leaves nothing out.

    `first_day`, `last_day`: days of the submission (Asia/Shanghai), both inclusive; `purchase_order`: the beginning of
    the dealer's own number, however it is written.
    """

    dealer_id: str | None = None
    state: State | None = None
    first_day: date | None = None
    last_day: date | None = None
    warehouse: str | None = None
    purchase_order: str | None = None
    hold: Hold | None = None


def key_ranges(filters: OrderFilters, today: date) -> list[KeyRange]:
    """Return the ranges of keys whose orders may meet the filters, in the order of the list.

    The narrowest key is taken: the purchase order, then the dealer, then an open state, then the days.
    """
    if filters.purchase_order is not None:
        return [_by_purchase_order(filters.dealer_id, folded_purchase_order(filters.purchase_order))]
    if filters.dealer_id is not None:
        return [_of_dealer(filters.dealer_id, filters.first_day, filters.last_day)]
    waiting = state_index_key(filters.state) if filters.state else None
    if waiting is not None:
        return [_of_state(waiting, urgency, filters.first_day, filters.last_day) for urgency in "01"]
    first, last = days_of_list(filters, today)
    return [
        KeyRange(OrderEntryItem, day_index_pk(last - timedelta(days=age)), on_index=True, newest_first=True)
        for age in range((last - first).days + 1)
    ]


def is_answered_by_days(filters: OrderFilters) -> bool:
    """Return whether the key ranges are days: no purchase order, dealer or open state narrows them."""
    is_open = filters.state is not None and state_index_key(filters.state) is not None
    return filters.purchase_order is None and filters.dealer_id is None and not is_open


def days_of_list(filters: OrderFilters, today: date) -> tuple[date, date]:
    """Return first and last day of a list over all dealers."""
    return days_or_usual(filters.first_day, filters.last_day, today)


def meets(header: HeaderItem, filters: OrderFilters) -> bool:
    """Return whether an order meets all filters, as it is now. The purchase order is not in the header."""
    if filters.dealer_id not in {None, header.dealer_id} or filters.warehouse not in {None, header.warehouse}:
        return False
    if filters.state not in {None, header.state} or (filters.hold is not None and filters.hold not in header.holds):
        return False
    if filters.first_day is None and filters.last_day is None:
        return True
    return (filters.first_day or date.min) <= submission_day(header) <= (filters.last_day or date.max)


def is_answered_by_keys(filters: OrderFilters) -> bool:
    """Return whether every order in the key ranges meets the filters, so that nothing is read in vain."""
    if filters.warehouse is not None or filters.hold is not None:
        return False
    if filters.purchase_order is not None:
        return filters.state is None and filters.first_day is None and filters.last_day is None
    if filters.state is not None:
        return filters.dealer_id is None and state_index_key(filters.state) is not None
    return True


def _by_purchase_order(dealer_id: str | None, prefix: str) -> KeyRange:
    if dealer_id is None:
        return KeyRange(OrderEntryItem, PURCHASE_ORDERS, prefix, on_index=True)
    return KeyRange(OrderEntryItem, orders_pk(dealer_id), f"PO#{prefix}")


def _of_dealer(dealer_id: str, first: date | None, last: date | None) -> KeyRange:
    if first is None and last is None:
        return KeyRange(HeaderItem, orders_pk(dealer_id), "HEADER#", newest_first=True)
    low, high = f"DAY#{first or ''}", f"DAY#{last or ''}{_END}"
    return KeyRange(OrderEntryItem, orders_pk(dealer_id), low, high, newest_first=True)


def _of_state(pk: str, urgency: str, first: date | None, last: date | None) -> KeyRange:
    """Return the orders of an open state, of one urgency (0 urgent, 1 normal), oldest first."""
    low = f"{urgency}#{_beginning(first)}" if first else f"{urgency}#"
    high = f"{urgency}#{_beginning(last + timedelta(days=1))}" if last else f"{urgency}#{_END}"
    return KeyRange(HeaderItem, pk, low, high, on_index=True)


def _beginning(day: date) -> str:
    return clock.stamp(datetime.combine(day, time(), clock.BUSINESS_ZONE))
