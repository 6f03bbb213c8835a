"""When its pieces leave is told to every order: anew whenever that changes, and before the day it was told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from contracts.channel import DealerItem, dealer_key
from contracts.orders import MovedPromise, OrderPromiseMoved, OrderPromiseSlipped
from kernel import clock, observability
from kernel.holidays import CHINA
from kernel.principal import Principal
from kernel.problems import NotFound
from kernel.table import Transaction, TransactionRefused, fetch_one
from services.orders import inbound, stock
from services.orders.api import Promisable, PromisableDay, PromisableSku, StockQuery
from services.orders.commands.serve_line import line_of, place_of
from services.orders.commands.stock_rules import check_warehouse
from services.orders.domain import State, backordered_by_slot
from services.orders.goods import products_asked
from services.orders.promises import Dated, atp, of_line, slips, still_leaves
from services.orders.table.changes import change_order
from services.orders.table.line import BackorderItem, promised_in_line
from services.orders.table.orders import HeaderItem, Order
from services.orders.table.reading import load_order
from services.orders.views import facts_of

#: Orders told in one go; the sweep goes on with the others.
_MOST = 100


def renew_promises(warehouse: str) -> None:
    """Tell the orders that wait for goods in a warehouse when their pieces leave, those for which that has changed.

    It goes by what is there and expected now, so a repeat finds nothing to tell. An order that is changed meanwhile is
    left to whoever changed it, or to the sweep.
    """
    line = line_of(warehouse)
    if not line:
        return
    slots = {slot for place in line for slot in place.by_slot}
    expected = inbound.inbound_by_slot(inbound.expected_at(warehouse))
    there = stock.available_at(warehouse, slots)
    days = of_line([place_of(place) for place in line], there, expected, clock.now(), CHINA)
    changed = [place for place in line if days[place.order_id] != place.days]
    for place in changed[:_MOST]:
        _tell(place, days[place.order_id])


def show_promise(caller: Principal, warehouse: str, query: StockQuery) -> Promisable:
    """What may still be promised of SKUs, day by day: what is there and expected, less what those in line wait for.

    Raises:
        NotFound: no warehouse can be called that, or it is not the dealer's own.
        Invalid: unknown SKUs, or more than 50.
    """
    check_warehouse(warehouse)
    if caller.is_dealer:
        _check_own(caller, warehouse)
    slots = {sku: product.slot_number for sku, product in products_asked(query.skus).items()}
    there = stock.available_at(warehouse, slots.values())
    expected = inbound.inbound_by_slot(inbound.expected_at(warehouse))
    wanted: Counter[int] = Counter()
    for place in line_of(warehouse):
        wanted.update(place.by_slot)
    now = clock.now()
    at_once = clock.business_date(now).isoformat()
    promisable = []
    for sku, slot in slots.items():
        demand = [Dated(at_once, wanted[slot])] if wanted[slot] else []
        buckets = atp(there[slot], expected.get(slot, ()), demand, now, CHINA)
        days = [
            PromisableDay(day=date.fromisoformat(one.day), pieces=one.pieces, cumulative=one.cumulative)
            for one in buckets
        ]
        promisable.append(PromisableSku(sku=sku, days=days))
    return Promisable(warehouse=warehouse, as_of=clock.stamp(now), skus=promisable)


def _check_own(caller: Principal, warehouse: str) -> None:
    dealer = fetch_one(DealerItem, dealer_key(caller.own_dealer_id))
    if dealer is None or dealer.warehouse != warehouse:
        raise NotFound


def has_slipped(header: HeaderItem) -> bool:
    """Whether what is held for an order cannot leave on the day it was promised any more."""
    return bool(header.reserved and header.promised_on and _leaves(header) > header.promised_on)


def tell_of_slip(order_id: str) -> None:
    """Tell that what is held for an order leaves later than promised, unless it does not."""
    order = load_order(order_id)
    if not has_slipped(order.header):
        return
    new = _leaves(order.header)
    held = {
        line.line_no: order.header.promised_on
        for line, so_far in zip(order.lines, order.progress, strict=True)
        if so_far.reserved
    }
    transaction = Transaction()
    event = _event(order, _moved(held, dict.fromkeys(held, new), held=True))
    change_order(transaction, order, event=event, promised_on=new)
    transaction.commit()


def _leaves(header: HeaderItem) -> str:
    return still_leaves(str(header.promised_on), header.state == State.CONFIRMED, clock.now(), CHINA)


def _tell(place: BackorderItem, days: Mapping[int, str]) -> None:
    """Tell an order its days, unless it or what it was told is no longer as `place` was read: then whoever changed that
    knew better, and older knowledge must not take it back."""
    order = load_order(place.order_id)
    told = promised_in_line(order.header)
    as_read = backordered_by_slot(order.demands, order.progress) == place.by_slot and told == place.days
    if not order.header.in_line_since or not as_read:
        return
    waiting = {
        line.line_no: line.slot for line, so_far in zip(order.lines, order.progress, strict=True) if so_far.backordered
    }
    moved = _moved(
        {number: told.get(slot) for number, slot in waiting.items()},
        {number: days.get(slot) for number, slot in waiting.items()},
        held=False,
    )
    if not moved:
        return
    transaction = Transaction()
    change_order(transaction, order, event=_event(order, moved), promised=days)
    try:
        transaction.commit()
    except TransactionRefused:
        observability.logger().info("promise left to whoever changed the order", order_id=place.order_id)


def _moved(old: Mapping[int, str | None], new: Mapping[int, str | None], *, held: bool) -> tuple[MovedPromise, ...]:
    """Lines whose day changed, those with the same days together."""
    lines: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for number, day in old.items():
        if new[number] != day:
            lines[day, new[number]].append(number)
    return tuple(
        MovedPromise(lines=tuple(numbers), held=held, old=was, new=now) for (was, now), numbers in lines.items()
    )


def _event(order: Order, moved: Sequence[MovedPromise]) -> OrderPromiseMoved | OrderPromiseSlipped:
    facts = facts_of(order.header, order.state, by="")
    later = slips(
        {str(one.lines): one.old for one in moved},
        {str(one.lines): one.new for one in moved},
    )
    if not later:
        return OrderPromiseMoved(**facts, moved=tuple(moved))
    return OrderPromiseSlipped(**facts, moved=tuple(moved), promised_on=min(slip.old for slip in later))
