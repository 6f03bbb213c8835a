"""Load an order whose stored parts belong together."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.base.problems import Busy, NotFound
from kernel.http.principal import Principal
from kernel.store.items import Item, Key
from kernel.store.table import fetch
from services.orders.order.backorder_entry import BackorderCountItem, backorder_count_key
from services.orders.order.items import FulfilmentItem, HeaderItem, LinesItem, Order, assemble_order, part_key

#: Together they are an order.
_PARTS = ("HEADER", "LINES", "FULFILMENT")


#: How often an order is read again because it was changed between the reading of its parts.
_LOOKS = 10


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
        found = fetch([*part_keys(order_id), *also])
        order = assemble_parts(order_id, found)
        if order is not None:
            return order, found
    raise Busy


def part_keys(order_id: str) -> list[Key]:
    return [part_key(part, order_id) for part in _PARTS]


def assemble_parts(order_id: str, found: Mapping[Key, Item]) -> Order | None:
    """None if the parts were read at different moments and do not belong together.

    Raises:
        NotFound: there is no such order.
    """
    header, ordered, fulfilment = map(found.get, part_keys(order_id))
    if not isinstance(header, HeaderItem) or not isinstance(ordered, LinesItem):
        raise NotFound
    became = fulfilment if isinstance(fulfilment, FulfilmentItem) else None
    together = header.fulfilments == (became.number if became else 0)
    return assemble_order(header, ordered, became) if together else None


def load_own_order(caller: Principal, order_id: str) -> Order:
    """An order the caller may see.

    Raises:
        NotFound: there is none, or it is another dealer's.
    """
    order = load_order(order_id)
    if caller.is_dealer and order.header.dealer_id != caller.dealer_id:
        raise NotFound
    return order
