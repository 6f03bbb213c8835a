"""Orders read as they stand: one, or all that are open in a warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from kernel.base.problems import Busy, NotFound
from kernel.store.items import Item, Key
from kernel.store.table import fetch, query_all
from kernel.time import clock
from services.orders.domain import OPEN_STATES
from services.orders.table.line import BackorderCountItem, backorder_count_key
from services.orders.table.orders import (
    FulfilmentItem,
    HeaderItem,
    LinesItem,
    Order,
    order_of,
    orders_in_state,
    part_key,
)
from services.orders.table.stock import MovementItem, movements_pk

#: Together they are an order.
_PARTS = ("HEADER", "LINES", "FULFILMENT")

#: How often an order is read again because it was changed between the reading of its parts.
_LOOKS = 10

#: The index is behind by less than this.
_BEHIND = timedelta(minutes=5)


def load_order(order_id: str) -> Order:
    """An order, read consistently in one call.

    A batched read is not one moment, each part is as it stood when it was read: parts that do not belong together are
    read again.

    Raises:
        NotFound: there is none.
        Busy: it kept changing.
    """
    return _load(order_id)[0]


def load_order_and_backorder_count(order_id: str, warehouse: str) -> tuple[Order, int]:
    """An order, and how many wait for goods in a warehouse; as `load_order`, and at its price."""
    key = backorder_count_key(warehouse)
    order, found = _load(order_id, key)
    line = found.get(key)
    return order, line.orders if isinstance(line, BackorderCountItem) else 0


def _load(order_id: str, *also: Key) -> tuple[Order, Mapping[Key, Item]]:
    for _ in range(_LOOKS):
        found = fetch([*_part_keys(order_id), *also])
        order = _assemble(order_id, found)
        if order is not None:
            return order, found
    raise Busy


def _part_keys(order_id: str) -> list[Key]:
    return [part_key(part, order_id) for part in _PARTS]


def _assemble(order_id: str, found: Mapping[Key, Item]) -> Order | None:
    """None if the parts were read at different moments and do not belong together.

    Raises:
        NotFound: there is no such order.
    """
    header, ordered, fulfilment = map(found.get, _part_keys(order_id))
    if not isinstance(header, HeaderItem) or not isinstance(ordered, LinesItem):
        raise NotFound
    became = fulfilment if isinstance(fulfilment, FulfilmentItem) else None
    together = header.fulfilments == (became.number if became else 0)
    return order_of(header, ordered, became) if together else None


def orders_with_reservations(warehouse: str) -> Iterator[Order]:
    """The open orders that may hold pieces in a warehouse, each as it stands.

    The index names them and may be behind, and know an order that goes on from one state to the next in neither. What
    it may be wrong about has held pieces, or was approved, a short while ago.
    """
    waiting = (header for state in sorted(OPEN_STATES) for header in orders_in_state(state))
    holding = {header.order_id for header in waiting if header.warehouse == warehouse and header.reserved}
    named = holding | _recently_reserved(warehouse)
    found = fetch(key for order_id in sorted(named) for key in _part_keys(order_id))
    for order_id in sorted(named):
        order = _assemble(order_id, found) or load_order(order_id)
        if order.header.warehouse == warehouse and order.state in OPEN_STATES:
            yield order


def _recently_reserved(warehouse: str) -> set[str]:
    """Orders for which pieces were held, still held or given back a short while ago, read consistently."""
    since = clock.now() - _BEHIND
    lately = MovementItem.sk >= clock.stamp(since)
    days = {clock.stamp(moment)[:10] for moment in (since, clock.now())}
    moved = (item for day in sorted(days) for item in query_all(MovementItem, movements_pk(warehouse, day), sk=lately))
    return {item.order_id for item in moved if item.order_id}
