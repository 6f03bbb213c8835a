"""Stock on hand: available pieces plus pieces reserved by open orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from kernel.base.problems import Busy
from kernel.store.read import fetch, query_all
from kernel.time import clock
from services.orders.order.items import Order, orders_in_state
from services.orders.order.load_order import assemble_parts, load_order, part_keys
from services.orders.order.rules import reserved_by_sku_index
from services.orders.stock.buckets import available_pieces
from services.orders.stock.items import MovementItem, movements_pk
from services.orders.vocabulary import OPEN_STATES


class OnHand(NamedTuple):
    """Pieces in the building and fit for sale: available, and reserved for orders."""

    available: int
    reserved: int


def on_hand_pieces(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, OnHand]:
    """Load pieces on hand by SKU index. Orders are read one by one, so a concurrent change may be seen in part."""
    return _look(warehouse, sku_indexes).on_hand


class _Look(NamedTuple):
    """Pieces that one read of a warehouse saw: on hand by SKU index, and reserved by each order."""

    on_hand: dict[int, OnHand]
    reserved_by_order: dict[str, dict[int, int]]


def _look(warehouse: str, sku_indexes: Iterable[int]) -> _Look:
    available = available_pieces(warehouse, sku_indexes)
    reserved: Counter[int] = Counter()
    by_order = {}
    for order in orders_with_reservations(warehouse):
        pieces = reserved_by_sku_index(order.demands, order.progress)
        if counted := {sku_index: quantity for sku_index, quantity in pieces.items() if sku_index in available}:
            by_order[order.header.order_id] = counted
            reserved.update(counted)
    on_hand = {sku_index: OnHand(pieces, reserved[sku_index]) for sku_index, pieces in available.items()}
    return _Look(on_hand, by_order)


def consistent_on_hand_pieces(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, OnHand]:
    """Load pieces on hand by SKU index as of one moment: two reads in a row that agree.

    A shipment lowers what is reserved, a void raises it, and available pieces stay the same. Two reads that find the
    same with every single order therefore show one moment.

    Raises:
        Busy: the stock kept changing.
    """
    sku_indexes = list(sku_indexes)
    seen = _look(warehouse, sku_indexes)
    for _ in range(_LOOKS):
        before, seen = seen, _look(warehouse, sku_indexes)
        if before == seen:
            return seen.on_hand
    raise Busy


_LOOKS = 10


def load_reservations(warehouse: str, sku_indexes: Iterable[int]) -> tuple[list[Order], dict[int, OnHand]]:
    """Load the orders with reservations and the pieces on hand by SKU index, as of one moment.

    Raises:
        Busy: the stock kept changing.
    """
    sku_indexes = list(sku_indexes)
    for _ in range(_LOOKS):
        on_hand = consistent_on_hand_pieces(warehouse, sku_indexes)
        orders = list(orders_with_reservations(warehouse))
        reserved: Counter[int] = Counter()
        for order in orders:
            reserved.update(reserved_by_sku_index(order.demands, order.progress))
        if all(reserved[sku_index] == there.reserved for sku_index, there in on_hand.items()):
            return orders, on_hand
    raise Busy


#: Maximum lag of the index.
_BEHIND = timedelta(minutes=5)


def orders_with_reservations(warehouse: str) -> Iterator[Order]:
    """Iterate over the open orders that may have reservations in a warehouse.

    The index may lag, and may miss an order between two states. Such an order has a recent movement.
    """
    waiting = (header for state in sorted(OPEN_STATES) for header in orders_in_state(state))
    holding = {header.order_id for header in waiting if header.warehouse == warehouse and header.reserved}
    named = holding | _recently_reserved(warehouse)
    found = fetch(key for order_id in sorted(named) for key in part_keys(order_id))
    for order_id in sorted(named):
        order = assemble_parts(order_id, found) or load_order(order_id)
        if order.header.warehouse == warehouse and order.state in OPEN_STATES:
            yield order


def _recently_reserved(warehouse: str) -> set[str]:
    """Load the orders with a recent reservation movement; consistent read."""
    since = clock.now() - _BEHIND
    lately = MovementItem.sk >= clock.stamp(since)
    days = {clock.stamp(moment)[:10] for moment in (since, clock.now())}
    moved = (item for day in sorted(days) for item in query_all(MovementItem, movements_pk(warehouse, day), sk=lately))
    return {item.order_id for item in moved if item.order_id}
