"""Invariants of orders: no piece, fen, number or event too many or too few."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from contracts.catalog import PricePageItem, ProductItem, price_page_key
from contracts.orders import (
    OrderApproved,
    OrderBackordersFilled,
    OrderCancelled,
    OrderHoldReleased,
    OrderOverdue,
    OrderPromiseMoved,
    OrderPromiseSlipped,
    OrderRejected,
    OrderReservationExpired,
    OrderReservationExpiring,
    OrderReservationExtended,
    OrderReserved,
    OrderShipped,
    OrderSubmitted,
)
from contracts.stock import BucketPosition
from kernel.base.money import fen_of
from kernel.http.idempotency import IdempotencyItem
from kernel.messaging.events import Envelope
from kernel.time import clock
from services.orders.allocation.items import AllocationRunItem, GrantItem, allocation_run_key
from services.orders.credit.items import OrderingAccountItem
from services.orders.order.backorder_entry import BackorderCountItem, BackorderItem, backorders_pk
from services.orders.order.items import (
    PROGRESS_COLUMNS,
    FulfilmentItem,
    HeaderItem,
    LinesItem,
    Order,
    priority_sort_key,
    state_index_key,
)
from services.orders.order.lifecycle import Action, is_allowed
from services.orders.order.rules import Line, Progress, backordered_by_sku_index
from services.orders.vocabulary import OPEN_STATES, State
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot

_INTAKE = "POST /orders#"
#: The sweeper of holds comes every five minutes.
_SWEPT_WITHIN = timedelta(minutes=10)
_DECIDED = frozenset({State.IN_REVIEW, State.CONFIRMED})

#: What an event tells was done, and the states that may lead to.
_STEPS: Mapping[str, tuple[Action, frozenset[State]]] = {
    OrderReserved.TYPE: (Action.RESERVE, frozenset({State.IN_REVIEW})),
    OrderHoldReleased.TYPE: (Action.RELEASE_HOLD, frozenset({State.IN_REVIEW})),
    OrderApproved.TYPE: (Action.APPROVE, frozenset({State.CONFIRMED})),
    OrderRejected.TYPE: (Action.REJECT, frozenset({State.REJECTED})),
    OrderCancelled.TYPE: (Action.CANCEL, frozenset({State.CANCELLED, State.CLOSED})),
    OrderShipped.TYPE: (Action.SHIP, frozenset({State.CONFIRMED, State.CLOSED})),
}
#: What an event may tell of an order that stays as it is, and in which states.
_WITHIN: Mapping[str, frozenset[State]] = {
    kind.TYPE: frozenset({State.IN_REVIEW, State.CONFIRMED})
    for kind in (
        OrderBackordersFilled,
        OrderPromiseMoved,
        OrderPromiseSlipped,
        OrderReservationExpiring,
        OrderReservationExpired,
        OrderReservationExtended,
    )
} | {OrderOverdue.TYPE: frozenset({State.IN_REVIEW})}
_NOTHING_SHIPPED = frozenset({State.SUBMITTED, State.IN_REVIEW, State.REJECTED, State.CANCELLED})


# ---- lines ----


def lines_add_up(table: Snapshot) -> Iterator[Finding]:
    """S3: ordered = reserved + back-ordered + shipped + cancelled on every line, once stock was decided."""
    for order, line, so_far in _lines(table):
        counts = [getattr(so_far, name) for name in PROGRESS_COLUMNS]
        told = sum(counts)
        undecided = order.state is State.SUBMITTED
        if min(counts) < 0 or told > line.quantity or (told < line.quantity and not undecided):
            yield Finding("line-identity", _line_name(order, line), f"ordered {line.quantity}, {so_far}")


def all_or_nothing_is_kept(table: Snapshot) -> Iterator[Finding]:
    """S3: an order that has no use for a part holds all of what is open, or nothing. Unless its stock is decided, or
    given back, in several steps: in between it may hold a part."""
    for order in table.orders:
        if order.shortage_policy.accepts_partial or order.state not in OPEN_STATES or order.header.steps:
            continue
        holds, waits = order.header.reserved, order.header.backordered
        if holds and waits:
            yield Finding("all-or-nothing", order.header.order_id, f"holds {holds} pieces and waits for {waits}")


def ended_orders_hold_nothing(table: Snapshot) -> Iterator[Finding]:
    """S4: terminal(o) implies no active hold."""
    for order, line, so_far in _lines(table):
        if order.state not in OPEN_STATES and so_far.reserved + so_far.backordered:
            yield Finding("line-after-end", _line_name(order, line), f"{order.state}, but {so_far}")


def only_confirmed_orders_ship(table: Snapshot) -> Iterator[Finding]:
    """S4: nothing has left for an order that was not confirmed, and something for one that is closed."""
    for order in table.orders:
        shipped = sum(so_far.shipped for so_far in order.progress)
        if (shipped and order.state in _NOTHING_SHIPPED) or (not shipped and order.state is State.CLOSED):
            yield Finding("state-shipped", order.header.order_id, f"{order.state}, and {shipped} pieces were shipped")


# ---- orders ----


def orders_are_whole(table: Snapshot) -> Iterator[Finding]:
    """O1: every accepted order can be read: its header and its lines are there, what became of them is as the header
    last knew it, and there is no part without an order."""
    headers = {(item.pk, item.sk.partition("#")[2]): item.fulfilments for item in table.all(HeaderItem)}
    lines = {(item.pk, item.sk.partition("#")[2]) for item in table.all(LinesItem)}
    fulfilments = {(item.pk, item.sk.partition("#")[2]): item.number for item in table.all(FulfilmentItem)}
    for pk, sequence in sorted(headers.keys() - lines):
        yield Finding("order-torn", f"{pk} {sequence}", "it has a header and no lines")
    for pk, sequence in sorted((lines | fulfilments.keys()) - headers.keys()):
        yield Finding("order-torn", f"{pk} {sequence}", "it has parts and no header")
    for (pk, sequence), number in sorted(headers.items()):
        if (there := fulfilments.get((pk, sequence), 0)) != number:
            yield Finding("order-torn", f"{pk} {sequence}", f"its lines were written {number} times, there is {there}")


def accepted_orders_are_there(table: Snapshot) -> Iterator[Finding]:
    """O1, O2: an order that was answered for is there, under one key only."""
    known = {header.order_id for header in table.all(HeaderItem)}
    keys: Counter[str] = Counter()
    for item in table.all(IdempotencyItem):
        if item.sk.startswith(_INTAKE):
            keys[json.loads(zlib.decompress(item.answer))["order_id"]] += 1
    for order_id, count in sorted(keys.items()):
        if order_id not in known:
            yield Finding("order-lost", order_id, "it was accepted and is not there")
        if count > 1:
            yield Finding("order-keys", order_id, f"{count} keys were answered with it")


def waiting_orders_are_listed(table: Snapshot) -> Iterator[Finding]:
    """O1: an order that waits for somebody stands in the queue of its state, in its place; others in none."""
    for header in table.all(HeaderItem):
        pk = state_index_key(State(header.state))
        sk = priority_sort_key(bool(header.urgent), header.submitted_at, header.order_id) if pk else None
        if (header.gsi1pk, header.gsi1sk) != (pk, sk):
            yield Finding("order-queue", header.order_id, f"{header.state}, listed under {header.gsi1pk}")


def who_waits_stands_in_line(table: Snapshot) -> Iterator[Finding]:
    """O1: an order that waits for goods stands in line in its place, once, for all it waits for; others do not.

    It waits while pieces are back-ordered and its policy is to wait, until its hold expired and nobody renewed it.
    """
    places = {(item.pk, item.sk): item for item in table.all(BackorderItem)}
    for order in table.orders:
        header, since = order.header, order.header.backordered_since
        waits = order.state in _DECIDED and bool(header.backordered) and order.shortage_policy.waits_for_stock
        if bool(since) != (waits and not _gave_up(table.history.get(header.order_id, []))):
            yield Finding("line-since", header.order_id, f"{order.state}, {header.backordered} back-ordered, {since}")
        if not since:
            continue
        place = places.pop(
            (backorders_pk(header.warehouse), priority_sort_key(bool(header.urgent), since, header.order_id)), None
        )
        wanted = backordered_by_sku_index(order.demands, order.progress)
        if place is None or (place.by_sku_index != wanted and not header.steps):
            stands = f"for {place.by_sku_index}" if place else "not in line"
            yield Finding("line-place", header.order_id, f"{stands}, waits for {wanted}")
    for pk, sk in sorted(places):
        yield Finding("line-place", f"{pk} {sk}", "no order waits there")


def lines_are_as_long_as_told(table: Snapshot) -> Iterator[Finding]:
    """O1: whoever comes to a line knows how many stand in it."""
    standing = Counter(place.pk for place in table.all(BackorderItem))
    told = Counter({item.pk: item.orders for item in table.all(BackorderCountItem)})
    for pk in sorted(standing.keys() | told.keys()):
        if standing[pk] != told[pk]:
            yield Finding("line-length", pk, f"{told[pk]} by its item, {standing[pk]} stand there")


def grants_are_told(table: Snapshot) -> Iterator[Finding]:
    """S5: what an order got of goods that came in is recorded once, and its events tell of no other."""
    granted: Counter[str] = Counter()
    for item in table.all(GrantItem):
        granted[item.order_id] += sum(pieces for _, pieces, _ in item.grants)
    told: Counter[str] = Counter()
    for message in table.told(OrderBackordersFilled.TYPE):
        told[message.subject] += message.data["filled"]
    for order_id in sorted(granted.keys() | told.keys()):
        if granted[order_id] != told[order_id]:
            yield Finding("order-granted", order_id, f"{granted[order_id]} pieces granted, told {told[order_id]}")


def grants_are_within_shares(table: Snapshot) -> Iterator[Finding]:
    """S5: in a run nobody got more than its share, which was recorded before anybody got anything."""
    shares = {(run.pk, run.sk): run.shares for run in table.all(AllocationRunItem)}
    sku_indexes = {product.sku: str(product.sku_index) for product in table.all(ProductItem)}
    warehouses = {header.order_id: header.warehouse for header in table.all(HeaderItem)}
    for item in table.all(GrantItem):
        run = allocation_run_key(warehouses.get(item.order_id, ""), item.run)
        share = shares.get(run, {}).get(item.order_id, {})
        for sku, pieces, _ in item.grants:
            most = share.get(sku_indexes.get(sku, ""), {}).get("pieces", 0)
            if pieces > most:
                yield Finding("order-share", f"{item.order_id} {sku}", f"got {pieces} in {item.run}, its share {most}")


def totals_are_of_the_lines(table: Snapshot) -> Iterator[Finding]:
    """O4: an order's totals are the sums of its lines."""
    for order in table.orders:
        expected = {
            "line_count": len(order.lines),
            "pieces": sum(line.quantity for line in order.lines),
            "gross_fen": sum(line.gross_fen for line in order.lines),
            "tax_fen": sum(line.tax_fen for line in order.lines),
            **{name: sum(getattr(so_far, name) for so_far in order.progress) for name in PROGRESS_COLUMNS},
        }
        for name, value in expected.items():
            if (stored := getattr(order.header, name)) != value:
                yield Finding("order-total", order.header.order_id, f"{name} {stored}, its lines say {value}")


def lines_cost_what_they_should(table: Snapshot) -> Iterator[Finding]:
    """O4: line = round(unit price x quantity), in fen."""
    for order, line, _ in _lines(table):
        if line.gross_fen != fen_of(line.unit_price, line.quantity):
            detail = f"{line.unit_price} x {line.quantity} is not {line.gross_fen} fen"
            yield Finding("line-money", _line_name(order, line), detail)


def prices_are_the_lists(table: Snapshot) -> Iterator[Finding]:
    """O4: the unit price is that of the price list's version for the pieces of the SKU over all lines."""
    pages = {(page.pk, page.sk): page for page in table.all(PricePageItem)}
    for order in table.orders:
        pieces: Counter[int] = Counter()
        for line in order.lines:
            pieces[line.sku_index] += line.quantity
        for line in order.lines:
            listed = _listed(pages, order, line.sku_index, pieces[line.sku_index])
            if listed != line.unit_price:
                yield Finding("line-price", _line_name(order, line), f"{line.unit_price}, the list says {listed}")


# ---- history ----


def every_version_is_told(table: Snapshot) -> Iterator[Finding]:
    """O3: version grows by one with every event, and the last event is in the order's state."""
    for header in table.all(HeaderItem):
        history = table.history.get(header.order_id, [])
        numbers, version = [message.sequence for message in history], header.version
        if numbers != list(range(1, version + 1)):
            yield Finding("order-events", header.order_id, f"version {version}, events {numbers}")
        elif (told := history[-1].data["state"]) != header.state:
            yield Finding("order-events", header.order_id, f"{header.state}, its last event says {told}")


def history_is_a_possible_one(table: Snapshot) -> Iterator[Finding]:
    """O3: the history of an order begins with its submission and is a path of the allowed graph."""
    for header in table.all(HeaderItem):
        state = None
        for message in table.history.get(header.order_id, []):
            after = State(message.data["state"])
            if not _possible(state, message.type, after):
                detail = f"{message.type} from {state or 'nothing'} to {after}"
                yield Finding("order-path", header.order_id, detail)
            state = after


def holds_end(table: Snapshot, due: str) -> Iterator[Finding]:
    """S4, when due: what is held beyond its time goes back. The sweeper comes every few minutes."""
    long_due = clock.stamp(clock.parse_stamp(due) - _SWEPT_WITHIN)
    for header in table.all(HeaderItem):
        if header.reserved_until and header.reserved and header.reserved_until < long_due:
            yield Finding(
                "reservation-expired", header.order_id, f"held until {header.reserved_until}, holds {header.reserved}"
            )


def decisions_come(table: Snapshot, due: str) -> Iterator[Finding]:
    """O1, when due: no order stays in a state that only machines can end."""
    for header in table.all(HeaderItem):
        if header.state == State.SUBMITTED and header.submitted_at < due:
            yield Finding("order-undecided", header.order_id, f"its stock is not decided since {header.submitted_at}")


# ---- dealers ----


def numbers_have_no_gap(table: Snapshot) -> Iterator[Finding]:
    """O2: a dealer's order numbers run from 1 to the last one given, each once."""
    accounts = table.by_partition(OrderingAccountItem)
    by_dealer = table.orders_of
    for dealer_id in sorted(by_dealer.keys() | accounts.keys()):
        numbers = sorted(int(order.header.sequence) for order in by_dealer.get(dealer_id, []))
        last = accounts[dealer_id][0].last_sequence if dealer_id in accounts else 0
        if numbers != list(range(1, last + 1)):
            missing = sorted(set(range(1, last + 1)) - set(numbers))
            yield Finding("order-sequence", dealer_id, f"{len(numbers)} orders up to {last}, missing {missing[:10]}")


ALWAYS = (
    lines_add_up,
    all_or_nothing_is_kept,
    ended_orders_hold_nothing,
    only_confirmed_orders_ship,
    orders_are_whole,
    accepted_orders_are_there,
    waiting_orders_are_listed,
    who_waits_stands_in_line,
    lines_are_as_long_as_told,
    grants_are_told,
    grants_are_within_shares,
    totals_are_of_the_lines,
    lines_cost_what_they_should,
    prices_are_the_lists,
    every_version_is_told,
    history_is_a_possible_one,
    numbers_have_no_gap,
)
WHEN_DUE = (decisions_come, holds_end)


# ---- small words ----


def _lines(table: Snapshot) -> Iterator[tuple[Order, Line, Progress]]:
    for order in table.orders:
        for line, so_far in zip(order.lines, order.progress, strict=True):
            yield order, line, so_far


def _listed(pages: Mapping[tuple[str, str], Any], order: Order, sku_index: int, pieces: int) -> Decimal | None:
    bucket, position = BucketPosition.of(sku_index)
    page = pages.get(price_page_key(order.ordered.price_list, order.ordered.price_version, bucket))
    price = page.price_at(position) if page else None
    return price.at(pieces) if price else None


def _possible(before: State | None, event_type: str, after: State) -> bool:
    if before is None or event_type == OrderSubmitted.TYPE:
        return before is None and event_type == OrderSubmitted.TYPE and after is State.SUBMITTED
    step = _STEPS.get(event_type)
    if step is not None:
        return is_allowed(step[0], before) and after in step[1]
    return after is before and before in _WITHIN.get(event_type, frozenset())


def _gave_up(history: Iterable[Envelope]) -> bool:
    """Whether its hold expired, and nobody renewed the order since."""
    ends = [
        message.type
        for message in history
        if message.type in (OrderReservationExpired.TYPE, OrderReservationExtended.TYPE)
    ]
    return bool(ends) and ends[-1] == OrderReservationExpired.TYPE


def _line_name(order: Order, line: Line) -> str:
    return f"{order.header.order_id} line {line.line_no}"
