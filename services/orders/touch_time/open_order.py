"""Record that a clerk opened an order in review."""

from __future__ import annotations

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.read import fetch
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.orders.order.items import HeaderItem, order_part_key
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.touch_time.api import OrderOpened
from services.orders.touch_time.items import OrderOpenedItem, opened_key
from services.orders.vocabulary import State


def open_order(caller: Principal, order_id: str) -> OrderOpened:
    """Record the first opening by this clerk; a repeat returns it. The order and its version stay as they are.

    Raises:
        NotFound: the order does not exist.
        Refusal: the order is not in review.
    """
    header_key, key = order_part_key("HEADER", order_id), opened_key(order_id, caller.user_id)
    found = fetch([header_key, key])
    header, opened = found.get(header_key), found.get(key)
    if not isinstance(header, HeaderItem):
        raise NotFound
    if not isinstance(opened, OrderOpenedItem):
        require_allowed(Action.APPROVE, State(header.state), caller.roles)
        opened = _record_opening(OrderOpenedItem(*key, opened_at=clock.stamp(), by=caller.name))
    return OrderOpened(order_id=order_id, opened_at=opened.opened_at)


def _record_opening(opening: OrderOpenedItem) -> OrderOpenedItem:
    """Store the opening unless an earlier one is stored; return the stored one."""
    transaction = Transaction()
    transaction.create(opening, "opening")
    try:
        transaction.commit()
    except TransactionRefused:
        key = opening.pk, opening.sk
        stored = fetch([key])[key]
        assert isinstance(stored, OrderOpenedItem)
        return stored
    return opening
