"""When its pieces leave is told to every order: anew whenever that changes, and before the day it was told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from contracts.dealers import DealerItem, dealer_key
from contracts.orders import MovedPromise, OrderPromiseMoved, OrderPromiseSlipped
from kernel.base import observability
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.table import Transaction, TransactionRefused, fetch_one
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders import inbound, stock
from services.orders.api import AvailableToPromise, AvailableToPromiseDay, AvailableToPromiseSku, StockQuery
from services.orders.commands.allocate_backorders import backorders_of, waiting_order_of
from services.orders.commands.stock_rules import require_warehouse_id
from services.orders.domain import State, backordered_by_sku_index
from services.orders.goods import products_in_query
from services.orders.promises import PiecesOnDay, available_to_promise, next_ship_day, promise_days_of, slips
from services.orders.table.changes import change_order
from services.orders.table.line import BackorderItem, promised_backorder_days
from services.orders.table.orders import HeaderItem, Order
from services.orders.table.reading import load_order
from services.orders.views import event_fields

#: Orders told in one go; the sweep goes on with the others.
_MOST = 100


def renew_promises(warehouse: str) -> None:
    """Tell the orders that wait for goods in a warehouse when their pieces leave, those for which that has changed.

    It goes by what is there and expected now, so a repeat finds nothing to tell. An order that is changed meanwhile is
    left to whoever changed it, or to the sweep.
    """
    line = backorders_of(warehouse)
    if not line:
        return
    sku_indexes = {sku_index for place in line for sku_index in place.by_sku_index}
    expected = inbound.inbound_by_sku_index(inbound.expected_deliveries(warehouse))
    there = stock.available_at(warehouse, sku_indexes)
    days = promise_days_of([waiting_order_of(place) for place in line], there, expected, clock.now(), CHINA)
    changed = [place for place in line if days[place.order_id] != place.days]
    for place in changed[:_MOST]:
        _tell(place, days[place.order_id])


def show_available_to_promise(caller: Principal, warehouse: str, query: StockQuery) -> AvailableToPromise:
    """What may still be promised of SKUs, day by day: what is there and expected, less what those in line wait for.

    Raises:
        NotFound: no warehouse can be called that, or it is not the dealer's own.
        Invalid: unknown SKUs, or more than 50.
    """
    require_warehouse_id(warehouse)
    if caller.is_dealer:
        _check_own(caller, warehouse)
    sku_indexes = {sku: product.sku_index for sku, product in products_in_query(query.skus).items()}
    there = stock.available_at(warehouse, sku_indexes.values())
    expected = inbound.inbound_by_sku_index(inbound.expected_deliveries(warehouse))
    wanted: Counter[int] = Counter()
    for place in backorders_of(warehouse):
        wanted.update(place.by_sku_index)
    now = clock.now()
    at_once = clock.business_date(now).isoformat()
    promisable = []
    for sku, sku_index in sku_indexes.items():
        demand = [PiecesOnDay(at_once, wanted[sku_index])] if wanted[sku_index] else []
        days_ = available_to_promise(there[sku_index], expected.get(sku_index, ()), demand, now, CHINA)
        days = [
            AvailableToPromiseDay(day=date.fromisoformat(one.day), pieces=one.pieces, cumulative=one.cumulative)
            for one in days_
        ]
        promisable.append(AvailableToPromiseSku(sku=sku, days=days))
    return AvailableToPromise(warehouse=warehouse, as_of=clock.stamp(now), skus=promisable)


def _check_own(caller: Principal, warehouse: str) -> None:
    dealer = fetch_one(DealerItem, dealer_key(caller.own_dealer_id))
    if dealer is None or dealer.warehouse != warehouse:
        raise NotFound


def has_slipped(header: HeaderItem) -> bool:
    """Whether what is held for an order cannot leave on the day it was promised any more."""
    return bool(header.reserved and header.promised_on and _leaves(header) > header.promised_on)


def announce_slip(order_id: str) -> None:
    """Tell that what is held for an order leaves later than promised, unless it does not."""
    order = load_order(order_id)
    if not has_slipped(order.header):
        return
    new = _leaves(order.header)
    reserved = {
        line.line_no: order.header.promised_on
        for line, so_far in zip(order.lines, order.progress, strict=True)
        if so_far.reserved
    }
    transaction = Transaction()
    event = _event(order, _moved(reserved, dict.fromkeys(reserved, new), reserved=True))
    change_order(transaction, order, event=event, promised_on=new)
    transaction.commit()


def _leaves(header: HeaderItem) -> str:
    return next_ship_day(str(header.promised_on), header.state == State.CONFIRMED, clock.now(), CHINA)


def _tell(place: BackorderItem, days: Mapping[int, str]) -> None:
    """Tell an order its days, unless it or what it was told is no longer as `place` was read: then whoever changed that
    knew better, and older knowledge must not take it back."""
    order = load_order(place.order_id)
    told = promised_backorder_days(order.header)
    as_read = backordered_by_sku_index(order.demands, order.progress) == place.by_sku_index and told == place.days
    if not order.header.backordered_since or not as_read:
        return
    waiting = {
        line.line_no: line.sku_index
        for line, so_far in zip(order.lines, order.progress, strict=True)
        if so_far.backordered
    }
    moved = _moved(
        {number: told.get(sku_index) for number, sku_index in waiting.items()},
        {number: days.get(sku_index) for number, sku_index in waiting.items()},
        reserved=False,
    )
    if not moved:
        return
    transaction = Transaction()
    change_order(transaction, order, event=_event(order, moved), promised=days)
    try:
        transaction.commit()
    except TransactionRefused:
        observability.logger().info("promise left to whoever changed the order", order_id=place.order_id)


def _moved(old: Mapping[int, str | None], new: Mapping[int, str | None], *, reserved: bool) -> tuple[MovedPromise, ...]:
    """Lines whose day changed, those with the same days together."""
    lines: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for number, day in old.items():
        if new[number] != day:
            lines[day, new[number]].append(number)
    return tuple(
        MovedPromise(lines=tuple(numbers), reserved=reserved, old=was, new=now) for (was, now), numbers in lines.items()
    )


def _event(order: Order, moved: Sequence[MovedPromise]) -> OrderPromiseMoved | OrderPromiseSlipped:
    facts = event_fields(order.header, order.state, by="")
    later = slips(
        {str(one.lines): one.old for one in moved},
        {str(one.lines): one.new for one in moved},
    )
    if not later:
        return OrderPromiseMoved(**facts, moved=tuple(moved))
    return OrderPromiseSlipped(**facts, moved=tuple(moved), promised_on=min(slip.old for slip in later))
