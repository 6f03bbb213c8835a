"""Stock on hand: available pieces plus pieces reserved by open orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from kernel.base.problems import Busy
from kernel.store.table import fetch, query_all
from kernel.time import clock
from services.orders.order.items import Order, orders_in_state
from services.orders.order.load_order import assemble_parts, load_order, part_keys
from services.orders.order.rules import reserved_by_sku_index
from services.orders.stock.buckets import available_pieces
from services.orders.stock.items import MovementItem, movements_pk
from services.orders.vocabulary import OPEN_STATES


class OnHand(NamedTuple):
    """Pieces in the house and fit for sale: free to promise, and held for orders."""

    available: int
    reserved: int


def on_hand_pieces(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, OnHand]:
    """What is on hand per sku_index. What is held is read order by order: of what happens meanwhile some may be seen."""
    available = available_pieces(warehouse, sku_indexes)
    reserved: Counter[int] = Counter()
    for order in orders_with_reservations(warehouse):
        reserved.update(reserved_by_sku_index(order.demands, order.progress))
    return {sku_index: OnHand(pieces, reserved[sku_index]) for sku_index, pieces in available.items()}


def consistent_on_hand_pieces(warehouse: str, sku_indexes: Iterable[int]) -> dict[int, OnHand]:
    """What is on hand per sku_index at one moment: two looks in a row saw the same. As long as what is available stays as it
    was read, nothing but a shipment can have changed what is held, and that only lowers it: so nothing did.

    Raises:
        Busy: it kept changing.
    """
    sku_indexes = list(sku_indexes)
    seen = on_hand_pieces(warehouse, sku_indexes)
    for _ in range(_LOOKS):
        before, seen = seen, on_hand_pieces(warehouse, sku_indexes)
        if before == seen:
            return seen
    raise Busy


_LOOKS = 10


#: The index is behind by less than this.
_BEHIND = timedelta(minutes=5)


def orders_with_reservations(warehouse: str) -> Iterator[Order]:
    """The open orders that may hold pieces in a warehouse, each as it stands.

    The index names them and may be behind, and know an order that goes on from one state to the next in neither. What
    it may be wrong about has held pieces, or was approved, a short while ago.
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
    """Orders for which pieces were held, still held or given back a short while ago, read consistently."""
    since = clock.now() - _BEHIND
    lately = MovementItem.sk >= clock.stamp(since)
    days = {clock.stamp(moment)[:10] for moment in (since, clock.now())}
    moved = (item for day in sorted(days) for item in query_all(MovementItem, movements_pk(warehouse, day), sk=lately))
    return {item.order_id for item in moved if item.order_id}
