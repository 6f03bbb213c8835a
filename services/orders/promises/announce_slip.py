"""Announce that reserved pieces leave later than promised."""

from __future__ import annotations

from kernel.store.transaction import Transaction
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.order.change_order import change_order
from services.orders.order.items import HeaderItem
from services.orders.order.lifecycle import Action
from services.orders.order.load_order import load_order
from services.orders.promises.events import promise_event, promises_with_changed_day
from services.orders.ship_days import expected_ship_day
from services.orders.vocabulary import State


def misses_promised_day(header: HeaderItem) -> bool:
    """Return whether reserved pieces can no longer leave on the promised day."""
    return bool(header.reserved and header.promised_on and _ship_day_now(header) > header.promised_on)


def announce_slip(order_id: str) -> None:
    """Publish the new ship day of reserved pieces, if they can no longer leave on the promised one."""
    order = load_order(order_id)
    if not misses_promised_day(order.header):
        return
    new = _ship_day_now(order.header)
    reserved = {
        line.line_no: order.header.promised_on
        for line, line_progress in zip(order.lines, order.progress, strict=True)
        if line_progress.reserved
    }
    event, facts = promise_event(promises_with_changed_day(reserved, dict.fromkeys(reserved, new), reserved=True))
    transaction = Transaction()
    change_order(transaction, order, Action.CHANGE_PROMISE, event, facts=facts, promised_on=new)
    transaction.commit()


def _ship_day_now(header: HeaderItem) -> str:
    return expected_ship_day(str(header.promised_on), header.state == State.CONFIRMED, clock.now(), CHINA)
