"""Load an order whose stored parts belong together."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.base.problems import Busy, NotFound
from kernel.http.principal import Principal
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from services.orders.order.backorder_entry import BackorderCountItem, backorder_count_key
from services.orders.order.items import FulfilmentItem, HeaderItem, LinesItem, Order, assemble_order, order_part_key

#: Parts that make an order.
_PARTS = ("HEADER", "LINES", "FULFILMENT")


#: Maximum reads of an order whose parts keep changing.
_LOOKS = 10


def load_order(order_id: str) -> Order:
    """Load an order with one consistent batched read.

    DynamoDB reads the parts of a batch at different moments. Parts that do not belong together are read again.

    Raises:
        NotFound: the order does not exist.
        Busy: the order kept changing.
    """
    return _load(order_id)[0]


def load_order_and(order_id: str, *keys: Key) -> tuple[Order, Mapping[Key, Item]]:
    """Load an order and the items at further keys, in one batched read.

    Raises:
        NotFound: the order does not exist.
        Busy: the order kept changing.
    """
    return _load(order_id, *keys)


def load_order_and_backorder_count(order_id: str, warehouse: str) -> tuple[Order, int]:
    """Load an order and the length of the backorder queue of a warehouse, in one batched read.

    Raises:
        NotFound: the order does not exist.
        Busy: the order kept changing.
    """
    key = backorder_count_key(warehouse)
    order, found = _load(order_id, key)
    count = found.get(key)
    return order, count.orders if isinstance(count, BackorderCountItem) else 0


def _load(order_id: str, *also: Key) -> tuple[Order, Mapping[Key, Item]]:
    for _ in range(_LOOKS):
        found = fetch([*part_keys(order_id), *also])
        order = assemble_parts(order_id, found)
        if order is not None:
            return order, found
    raise Busy


def part_keys(order_id: str) -> list[Key]:
    """Keys of the stored parts of an order."""
    return [order_part_key(part, order_id) for part in _PARTS]


def assemble_parts(order_id: str, found: Mapping[Key, Item]) -> Order | None:
    """Return the order of its parts; None if they were read at different moments and do not belong together.

    Raises:
        NotFound: the order does not exist.
    """
    header, ordered, fulfilment = map(found.get, part_keys(order_id))
    if not isinstance(header, HeaderItem) or not isinstance(ordered, LinesItem):
        raise NotFound
    progress_item = fulfilment if isinstance(fulfilment, FulfilmentItem) else None
    belong_together = header.fulfilments == (progress_item.number if progress_item else 0)
    return assemble_order(header, ordered, progress_item) if belong_together else None


def load_own_order(caller: Principal, order_id: str) -> Order:
    """Load an order that the caller may see.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
    """
    order = load_order(order_id)
    require_own(caller, order)
    return order


def require_own(caller: Principal, order: Order) -> None:
    """Refuse the order of another dealer as if it did not exist.

    Raises:
        NotFound: the order belongs to another dealer.
    """
    if caller.is_dealer and order.header.dealer_id != caller.dealer_id:
        raise NotFound
