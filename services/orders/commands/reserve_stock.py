"""Reservation: stock for a submitted order is decided as one fact, and staff see the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.orders import OrderReserved
from contracts.stock import SLOTS_PER_SHELF, ShelfItem, Slot, shelf_key
from kernel import clock, observability
from kernel.events import Envelope
from kernel.table import Transaction, TransactionRefused, fetch
from services.orders import stock
from services.orders.domain import (
    Action,
    Hold,
    Policy,
    Progress,
    State,
    decided,
    grantable,
    held_by_slot,
    may,
    steps,
    wanted_by_slot,
)
from services.orders.table import Order, change_order, load_order, record_step
from services.orders.views import facts_of

#: Each refused round lowers what is asked for to what is there; others may take some meanwhile.
_ROUNDS = 25

#: More transactions than the parts of the largest order; whoever needs more is being overtaken all the time.
_PARTS = 50


class StockKeepsChanging(Exception):
    """Others took stock faster than we could decide; the message comes again."""


def reserve_stock(message: Envelope) -> None:
    """Decide the stock of the order named by the message's subject; nothing to do if that was done.

    A part is held per transaction: one for any order of up to SHELVES_PER_STEP shelves. A larger order takes several,
    each recorded, so that a repeat goes on where a crash left off.

    Raises:
        StockKeepsChanging: to have the message delivered again.
    """
    for _ in range(_PARTS):
        order = load_order(message.subject)
        if not may(Action.RESERVE, order.state):
            return
        try:
            if _reserve_part(order):
                return
        except TransactionRefused as refused:
            if "order" not in refused:
                raise StockKeepsChanging from refused
    raise StockKeepsChanging


def _reserve_part(order: Order) -> bool:
    """Decide the next part of the order; whether it was the last, with which the order goes to the review queue."""
    wanted = wanted_by_slot(order.lines, order.progress)
    parts = steps(wanted, SLOTS_PER_SHELF)
    if order.policy is Policy.ALL_OR_NOTHING and len(parts) + int(order.header.steps) > 1:
        return _reserve_all_or_nothing_in_parts(order, wanted, parts)
    asked = {slot: pieces for slot, pieces in wanted.items() if slot in parts[0]}
    return _hold_what_is_there(order, asked, last=len(parts) == 1)


def _hold_what_is_there(order: Order, asked: Mapping[int, int], *, last: bool) -> bool:
    granted = dict(asked)
    for _ in range(_ROUNDS):
        try:
            return _write(order, decided(order.lines, order.progress, granted), hold=granted, last=last)
        except TransactionRefused as refused:
            shelves = stock.refused_shelves(refused)
            if "order" in refused or not shelves:
                raise
            available = stock.available_by_slot(shelves, granted)
        granted = grantable(granted, available)
        if order.policy is Policy.ALL_OR_NOTHING:
            granted = dict.fromkeys(granted, 0)
    raise StockKeepsChanging


def _reserve_all_or_nothing_in_parts(order: Order, wanted: Mapping[int, int], parts: Sequence[frozenset[int]]) -> bool:
    """Look before the first part is held; if a later part still falls short, give back what the earlier ones hold."""
    asked = {slot: pieces for slot, pieces in wanted.items() if slot in parts[0]}
    short = any(so_far.backordered for so_far in order.progress)
    if not short and (int(order.header.steps) or _all_there(order.header.warehouse, wanted)):
        try:
            return _write(order, decided(order.lines, order.progress, asked), hold=asked, last=len(parts) == 1)
        except TransactionRefused as refused:
            if "order" in refused:
                raise
    return _give_back(order)


def _give_back(order: Order) -> bool:
    """Turn a part of what is held into back-order, or with nothing held any more all of it, and finish."""
    held = held_by_slot(order.lines, order.progress)
    parts = steps(held, SLOTS_PER_SHELF)
    returned = {slot: pieces for slot, pieces in held.items() if parts and slot in parts[0]}
    last = len(parts) <= 1
    progress = tuple(
        Progress(backordered=line.quantity) if last or line.slot in returned or so_far.backordered else so_far
        for line, so_far in zip(order.lines, order.progress, strict=True)
    )
    return _write(order, progress, release=returned, last=last)


def _all_there(warehouse: str, wanted: Mapping[int, int]) -> bool:
    shelves = {Slot.of(number).shelf for number in wanted}
    found = fetch(shelf_key(warehouse, shelf) for shelf in shelves)
    counters = {
        shelf: item.available if isinstance(item := found.get(shelf_key(warehouse, shelf)), ShelfItem) else None
        for shelf in shelves
    }
    available = stock.available_by_slot(counters, wanted)
    return all(available[number] >= pieces for number, pieces in wanted.items())


def _write(
    order: Order,
    progress: tuple[Progress, ...],
    *,
    hold: Mapping[int, int] | None = None,
    release: Mapping[int, int] | None = None,
    last: bool,
) -> bool:
    transaction = Transaction()
    stock.hold(transaction, order.header.warehouse, hold or {})
    stock.release(transaction, order.header.warehouse, release or {})
    if last:
        _finish(transaction, order, progress)
    else:
        record_step(transaction, order, progress)
    transaction.commit()
    if last:
        waited = clock.now() - clock.parse_stamp(order.header.submitted_at)
        observability.seconds("SubmitToVisible", waited.total_seconds())
    return last


def _finish(transaction: Transaction, order: Order, progress: tuple[Progress, ...]) -> None:
    backordered = sum(so_far.backordered for so_far in progress)
    holds = sorted(order.holds | ({Hold.STOCK} if backordered else set()))
    event = OrderReserved(
        **facts_of(order.header, State.IN_REVIEW, by=""),
        reserved=sum(so_far.reserved for so_far in progress),
        backordered=backordered,
        holds=tuple(holds),
    )
    change_order(transaction, order, event=event, progress=progress, visible_at=clock.stamp(), holds=list(holds))
