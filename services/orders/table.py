"""How orders lie in the shared table. One partition per dealer: ORDERS#<dealer>; an order's id names its dealer.

P1  an order's header                      pk: ORDERS#<dealer>    sk: HEADER#<sequence>
P2  a dealer's orders, newest first        pk: ORDERS#<dealer>    sk: HEADER#…
P3  what was ordered                       pk: ORDERS#<dealer>    sk: LINES#<sequence>
P4  what became of the lines               pk: ORDERS#<dealer>    sk: FULFILMENT#<sequence>
P5  an order's history (kernel.outbox)     pk: ORDERS#<dealer>    sk: EVENT#<order>#<version>
P6  its shipments, told by that history    services/orders/shipments.py
P7  orders that wait, urgent and old first gsi1pk: ORDERS#<state> gsi1sk: <0|1>#<submitted at>#<order>
P8  a dealer's sequence and commitments    pk: ORDERING#<dealer>  sk: ACCOUNT
P9  an event of the ledger followed once   pk: ORDERING#<dealer>  sk: FOLLOWED#<event>
P10 a goods receipt                        pk: STOCK#<warehouse>  sk: RECEIPT#<reference>
P11 what moved in a warehouse on a day     pk: STOCK#<warehouse>#<UTC day>  sk: <time>#<reference>#<move>
P12 orders in line for goods, first first  pk: STOCK#<warehouse>#LINE       sk: <0|1>#<in line since>#<order>
    how many they are                      pk: STOCK#<warehouse>#LINE       sk: LENGTH
P13 what a run shared out among them       pk: STOCK#<warehouse>  sk: ALLOCATION#<run>
P14 what an order got in a run             pk: ORDERS#<dealer>    sk: GRANT#<sequence>#<run>#<first slot>
P15 a warehouse's rules: shortage, source  pk: STOCK#<warehouse>  sk: RULE, SOURCING
P16 a stock document but for receipts      pk: STOCK#<warehouse>  sk: DOCUMENT#<document>#<reference>
P17 what a warehouse expects               pk: STOCK#<warehouse>#EXPECTED   sk: DELIVERY#<reference>
P18 a delivery's history (kernel.outbox)   pk: STOCK#<warehouse>#EXPECTED   sk: EVENT#<warehouse>-<reference>#<version>
P19 what left in a month, against promises pk: STOCK#<warehouse>#LEFT#<month>  sk: <time>#<shipment>
Shelves: contracts/stock.py.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from contracts.orders import OrderEvent
from kernel import clock
from kernel.outbox import Command, announcement
from kernel.problems import Busy, NotFound
from kernel.table import Item, Key, PackedJSONAttribute, Transaction, fetch, fetch_one, query_all, query_page
from services.orders.domain import (
    OPEN_STATES,
    Hold,
    Line,
    Move,
    Policy,
    Progress,
    State,
    backordered_by_slot,
    totals,
)

#: Where orders are decided and lines served, one warehouse at a time; urgent orders have a lane of their own.
RESERVE_QUEUE = "reserve-stock"
RESERVE_URGENT_QUEUE = "reserve-urgent-stock"

_ORDER_ID = re.compile(r"([A-Z0-9]{2,16})-([0-9]{6,9})")


class HeaderItem(Item, discriminator="order"):
    """An order's state, totals (fen, pieces) and moments. Kept under 1 KB: it is written at every step.

    `version` grows by one with every event; `steps` counts the transactions of a reservation too large for one;
    `shipments`: how many left; `fulfilments`: how often what became of its lines was written, which bears that number.
    `grade`: the dealer's when it ordered; `in_line_since`: when it began to wait for goods, absent while it does not;
    `held_until`: when what is held for it goes back unless somebody acts; `warned`: that was announced;
    `overdue`: nobody decided an urgent order in time, and that was announced; `sourcing`: why its warehouse;
    `promised_on`: the day (ISO date) on which what is held leaves, what is waited for has its days in the line.
    """

    order_id = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    warehouse = UnicodeAttribute()
    state = UnicodeAttribute()
    holds: JSONAttribute = JSONAttribute()
    version = NumberAttribute()
    steps = NumberAttribute(default=0)
    shipments = NumberAttribute(default=0)
    fulfilments = NumberAttribute(default=0)
    policy = UnicodeAttribute()
    urgent = BooleanAttribute()
    line_count = NumberAttribute()
    pieces = NumberAttribute()
    gross_fen = NumberAttribute()
    tax_fen = NumberAttribute()
    payment_days = NumberAttribute()
    submitted_at = UnicodeAttribute()
    submitted_by = UnicodeAttribute()
    visible_at = UnicodeAttribute(null=True)
    decided_at = UnicodeAttribute(null=True)
    grade = UnicodeAttribute(default="")
    in_line_since = UnicodeAttribute(null=True)
    held_until = UnicodeAttribute(null=True)
    warned = BooleanAttribute(null=True)
    overdue = BooleanAttribute(null=True)
    promised_on = UnicodeAttribute(null=True)
    sourcing: JSONAttribute = JSONAttribute(null=True)
    reserved = NumberAttribute(default=0)
    backordered = NumberAttribute(default=0)
    shipped = NumberAttribute(default=0)
    cancelled = NumberAttribute(default=0)

    @property
    def sequence(self) -> str:
        """The order's number within its dealer, as text of at least six digits."""
        return self.order_id.rpartition("-")[2]


class LinesItem(Item, discriminator="order_lines"):
    """What was ordered, written once: lines by column as compressed JSON (a third of the write units), and remarks."""

    columns = BinaryAttribute(legacy_encoding=False)
    purchase_order = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    price_list = UnicodeAttribute()
    price_version = NumberAttribute()

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines in their order."""
        columns = json.loads(zlib.decompress(self.columns))
        columns["unit_price"] = map(Decimal, columns["unit_price"])
        numbers = range(1, len(columns["sku"]) + 1)
        return tuple(map(Line._make, zip(numbers, *(columns[name] for name in _COLUMNS), strict=True)))


class FulfilmentItem(Item, discriminator="order_fulfilment"):
    """What became of the lines, by column. Absent while the header tells it: all pieces undecided, or all of them held,
    waited for, shipped or cancelled. `number`: the header's `fulfilments` that was written with it."""

    columns = BinaryAttribute(legacy_encoding=False)
    number = NumberAttribute(default=0)

    @property
    def progress(self) -> tuple[Progress, ...]:
        """Per line, in the order of the lines."""
        return tuple(Progress(*row) for row in zip(*json.loads(zlib.decompress(self.columns)), strict=True))


class KeptItem(Item, discriminator="promises_kept"):
    """What one shipment says of promises. `left_on`: ISO date of Asia/Shanghai; `rows`: per line SKU, pieces, and the
    day its line was first promised for or None."""

    left_on = UnicodeAttribute()
    rows = PackedJSONAttribute()


class AccountItem(Item, discriminator="ordering_account"):
    """A dealer's last order number, and what it owes or has on order, in fen. `urgent_orders`: how many it had in
    `urgent_week` (2026-W48)."""

    last_sequence = NumberAttribute(default=0)  # money may come before the first order
    committed_fen = NumberAttribute(default=0)
    urgent_week = UnicodeAttribute(null=True)
    urgent_orders = NumberAttribute(default=0)


class FollowedEventItem(Item, discriminator="followed_event"):
    """An event of the ledger by which commitments were changed, so that it is not followed twice."""

    change_fen = NumberAttribute()


class GoodsReceiptItem(Item, discriminator="goods_receipt"):
    """Goods that came in. `lines`: [sku, pieces] each."""

    received_at = UnicodeAttribute()
    received_by = UnicodeAttribute()
    lines: JSONAttribute = JSONAttribute()


class StockDocumentItem(Item, discriminator="stock_document"):
    """A count, an adjustment or a transfer, booked once and never changed; its movements bear its name.

    `lines`: [sku, pieces] each; of a count [sku, counted, expected, difference], expected being what was on hand by
    the books. `to_warehouse`: of a transfer.
    """

    document = UnicodeAttribute()
    made_at = UnicodeAttribute()
    made_by = UnicodeAttribute()
    reason = UnicodeAttribute()
    to_warehouse = UnicodeAttribute(null=True)
    lines = PackedJSONAttribute()


class ExpectedItem(Item, discriminator="expected_delivery"):
    """A delivery on its way; there while something of it is expected.

    `expected_on`: ISO date of Asia/Shanghai; `goods`: [sku, slot, pieces] each; `version`: of its last event.
    """

    reference = UnicodeAttribute()
    expected_on = UnicodeAttribute()
    goods = PackedJSONAttribute()
    version = NumberAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()

    @property
    def by_slot(self) -> dict[int, int]:
        """Pieces expected by slot."""
        return {slot: pieces for _, slot, pieces in self.goods}


class MovementItem(Item, discriminator="stock_movement"):
    """Pieces that moved together, never changed: all movements of a warehouse add up to its counters.

    `move`: a Move; `pieces`: slot numbers and as many quantities; `reference`: the document or the order's step.
    """

    move = UnicodeAttribute()
    reference = UnicodeAttribute()
    by = UnicodeAttribute()
    pieces = PackedJSONAttribute()

    @property
    def by_slot(self) -> dict[int, int]:
        """Pieces by slot number."""
        return dict(zip(*self.pieces, strict=True))

    @property
    def order_id(self) -> str | None:
        """The order for which they moved, None if a document moved them."""
        return self.reference.partition(" ")[0] if Move(self.move).for_orders else None


class BackorderItem(Item, discriminator="backorder"):
    """An order's place in line for goods: there exactly while its header says since when it waits.

    `wanted`: slot numbers and pieces waited for; `promised`: slot numbers and the days its dealer was told, of those
    for which one could be named.
    """

    order_id = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    grade = UnicodeAttribute()
    urgent = BooleanAttribute()
    since = UnicodeAttribute()
    policy = UnicodeAttribute()
    wanted = PackedJSONAttribute()
    promised = PackedJSONAttribute(null=True)

    @property
    def by_slot(self) -> dict[int, int]:
        """Pieces waited for by slot number."""
        return dict(zip(*self.wanted, strict=True))

    @property
    def days(self) -> dict[int, str]:
        """The promised day by slot number, of what is still waited for."""
        wanted = self.by_slot
        return {slot: day for slot, day in zip(*(self.promised or ((), ())), strict=True) if slot in wanted}


class LineItem(Item, discriminator="line"):
    """How many orders stand in the line of a warehouse: while it is none, an order that is decided need not look."""

    orders = NumberAttribute(default=0)


class AllocationItem(Item, discriminator="allocation"):
    """A run in which goods were shared out; recorded before anybody gets anything, then never changed.

    `shares`: by order and slot (as text) a Grant's pieces and reason; `rule_version`: of the rule as it was published.
    """

    made_at = UnicodeAttribute()
    rule = UnicodeAttribute()
    rule_version = NumberAttribute()
    shares = PackedJSONAttribute()


class GrantItem(Item, discriminator="allocation_grant"):
    """What one order got in a run and why, for its dealer to read. `grants`: [sku, pieces, reason] each."""

    order_id = UnicodeAttribute()
    run = UnicodeAttribute()
    granted_at = UnicodeAttribute()
    rule_version = NumberAttribute()
    grants = PackedJSONAttribute()


class RuleItem(Item, discriminator="allocation_rule"):
    """How a warehouse shares out what is short. `quotas`: pieces per dealer and run by grade; `pack`: of shares."""

    rule = UnicodeAttribute()
    quotas: JSONAttribute = JSONAttribute()
    pack = NumberAttribute()
    version = NumberAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()


class SourcingItem(Item, discriminator="sourcing"):
    """The warehouses that may serve an order its own is short of, in the order in which they are asked."""

    alternates: JSONAttribute = JSONAttribute()
    version = NumberAttribute()
    changed_by = UnicodeAttribute()
    reason = UnicodeAttribute()


#: Together they are an order.
_PARTS = ("HEADER", "LINES", "FULFILMENT")

#: How often an order is read again because it was changed between the reading of its parts.
_LOOKS = 10

_PAGE = 100

#: The index is behind by less than this. Orders move on through these states, so whoever reads them in this order meets
#: every one of them.
_BEHIND = timedelta(minutes=5)
_IN_THEIR_ORDER = (State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED)

#: The counters of a line, each also summed up in the header under the same name.
PROGRESS_COLUMNS = ("reserved", "backordered", "shipped", "cancelled")
#: Of compression: a tenth larger than at zlib's own level, in a quarter of the time.
_LEVEL = 2
_COLUMNS = ("sku", "name", "quantity", "unit_price", "policy", "tax_percent", "gross_fen", "slot")


def packed_lines(lines: Sequence[Line]) -> bytes:
    """Lines as `LinesItem.columns`."""
    _, *columns = zip(*lines, strict=True)  # the place of a line is its number
    return _packed(dict(zip(_COLUMNS, columns, strict=True)))


def packed_progress(progress: Sequence[Progress]) -> bytes:
    """Progress as `FulfilmentItem.columns`."""
    return _packed(list(zip(*progress, strict=True)))


def _packed(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    return zlib.compress(text.encode(), _LEVEL)


def order_id_of(dealer_id: str, sequence: int) -> str:
    """`D0001-000123`."""
    return f"{dealer_id}-{sequence:06d}"


def split_order_id(order_id: str) -> tuple[str, str]:
    """Dealer and sequence of an order id.

    Raises:
        NotFound: no order is called that.
    """
    match = _ORDER_ID.fullmatch(order_id)
    if match is None:
        raise NotFound
    return match[1], match[2]


def orders_pk(dealer_id: str) -> str:
    """Partition of a dealer's orders."""
    return f"ORDERS#{dealer_id}"


def part_key(part: str, order_id: str) -> Key:
    """A part of an order: HEADER, LINES or FULFILMENT."""
    dealer_id, sequence = split_order_id(order_id)
    return orders_pk(dealer_id), f"{part}#{sequence}"


def movements_pk(warehouse: str, day: str) -> str:
    """The movements of a warehouse on a day (ISO date, UTC)."""
    return f"STOCK#{warehouse}#{day}"


def left_pk(warehouse: str, month: str) -> str:
    """What left a warehouse in a month (`2026-11`, Asia/Shanghai), against what was promised."""
    return f"STOCK#{warehouse}#LEFT#{month}"


def document_key(warehouse: str, document: str, reference: str) -> Key:
    """A stock document that is not a receipt."""
    return f"STOCK#{warehouse}", f"DOCUMENT#{document}#{reference}"


def expected_pk(warehouse: str) -> str:
    """What a warehouse expects, and the history of each delivery."""
    return f"STOCK#{warehouse}#EXPECTED"


def expected_key(warehouse: str, reference: str) -> Key:
    """A delivery on its way."""
    return expected_pk(warehouse), f"DELIVERY#{reference}"


def line_pk(warehouse: str) -> str:
    """The orders that wait for goods in a warehouse."""
    return f"STOCK#{warehouse}#LINE"


def length_key(warehouse: str) -> Key:
    """How many they are."""
    return line_pk(warehouse), "LENGTH"


def allocation_key(warehouse: str, run_id: str) -> Key:
    """A run in which goods were shared out."""
    return f"STOCK#{warehouse}", f"ALLOCATION#{run_id}"


def grant_key(order_id: str, run_id: str, first_slot: int) -> Key:
    """What an order got in a run; of more shelves than one transaction can change, in portions."""
    pk, sk = part_key("GRANT", order_id)
    return pk, f"{sk}#{run_id}#{first_slot}"


def rule_key(warehouse: str) -> Key:
    """How a warehouse shares out what is short."""
    return f"STOCK#{warehouse}", "RULE"


def sourcing_key(warehouse: str) -> Key:
    """Who serves orders a warehouse is short of."""
    return f"STOCK#{warehouse}", "SOURCING"


def account_key(dealer_id: str) -> Key:
    """A dealer's account with us as a buyer."""
    return f"ORDERING#{dealer_id}", "ACCOUNT"


def waiting_key(state: State) -> str | None:
    """Index partition of the orders that wait in a state; closed ones wait for nothing."""
    return f"ORDERS#{state}" if state in {State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED} else None


def waiting_rank(urgent: bool, submitted_at: str, order_id: str) -> str:
    """Urgent before normal, then first come first."""
    return f"{0 if urgent else 1}#{submitted_at}#{order_id}"


class Order(NamedTuple):
    """An order as it stands: header, what was ordered, what became of it."""

    header: HeaderItem
    ordered: LinesItem
    lines: tuple[Line, ...]
    progress: tuple[Progress, ...]
    has_fulfilment: bool

    @property
    def state(self) -> State:
        """The header's state."""
        return State(self.header.state)

    @property
    def holds(self) -> frozenset[Hold]:
        """The holds on it."""
        return frozenset(Hold(hold) for hold in self.header.holds)

    @property
    def policy(self) -> Policy:
        """What to do when stock is short."""
        return Policy(self.header.policy)

    @property
    def next_step(self) -> str:
        """Names the next change of this order, which is made once."""
        return f"{self.header.order_id} {int(self.header.version) + 1}.{int(self.header.steps)}"


def load_order(order_id: str) -> Order:
    """An order, read consistently in one call.

    A batched read is not one moment, each part is as it stood when it was read: parts that do not belong together are
    read again.

    Raises:
        NotFound: there is none.
        Busy: it kept changing.
    """
    return _load(order_id)[0]


def load_order_and_line(order_id: str, warehouse: str) -> tuple[Order, int]:
    """An order, and how many wait for goods in a warehouse; as `load_order`, and at its price."""
    key = length_key(warehouse)
    order, found = _load(order_id, key)
    line = found.get(key)
    return order, int(line.orders) if isinstance(line, LineItem) else 0


def _load(order_id: str, *also: Key) -> tuple[Order, Mapping[Key, Item]]:
    for _ in range(_LOOKS):
        found = fetch([*_part_keys(order_id), *also])
        order = _put_together(order_id, found)
        if order is not None:
            return order, found
    raise Busy


def _part_keys(order_id: str) -> list[Key]:
    return [part_key(part, order_id) for part in _PARTS]


def _put_together(order_id: str, found: Mapping[Key, Item]) -> Order | None:
    """None if the parts were read at different moments and do not belong together.

    Raises:
        NotFound: there is no such order.
    """
    header, ordered, fulfilment = map(found.get, _part_keys(order_id))
    if not isinstance(header, HeaderItem) or not isinstance(ordered, LinesItem):
        raise NotFound
    became = fulfilment if isinstance(fulfilment, FulfilmentItem) else None
    together = int(header.fulfilments) == (int(became.number) if became else 0)
    return order_of(header, ordered, became) if together else None


def order_of(header: HeaderItem, ordered: LinesItem, fulfilment: FulfilmentItem | None) -> Order:
    """An order from its parts as they lie in the table."""
    lines = ordered.lines
    if fulfilment is not None:
        return Order(header, ordered, lines, fulfilment.progress, has_fulfilment=True)
    return Order(header, ordered, lines, _uniform(header, lines), has_fulfilment=False)


def waiting_orders(state: State) -> Iterator[HeaderItem]:
    """Headers of the orders that wait in a state, urgent and old ones first, as the index knows them."""
    pk, start = waiting_key(state), None
    assert pk
    while True:
        page = query_page(HeaderItem, pk, on_index=True, limit=_PAGE, start=start)
        yield from page.items
        start = page.next_key
        if start is None:
            return


def open_orders(warehouse: str) -> Iterator[Order]:
    """The orders of a warehouse that are open, each as it stands.

    The index names them and may be behind; what it cannot name yet has moved pieces a short while ago.
    """
    waiting = (header for state in _IN_THEIR_ORDER for header in waiting_orders(state))
    named = {header.order_id for header in waiting} | _lately_held(warehouse)
    found = fetch(key for order_id in sorted(named) for key in _part_keys(order_id))
    for order_id in sorted(named):
        order = _put_together(order_id, found) or load_order(order_id)
        if order.header.warehouse == warehouse and order.state in OPEN_STATES:
            yield order


def _lately_held(warehouse: str) -> set[str]:
    """Orders for which pieces were held or given back a short while ago, read consistently."""
    since = clock.now() - _BEHIND
    lately = MovementItem.sk >= clock.stamp(since)
    days = {clock.stamp(moment)[:10] for moment in (since, clock.now())}
    moved = (item for day in sorted(days) for item in query_all(MovementItem, movements_pk(warehouse, day), sk=lately))
    return {item.order_id for item in moved if item.order_id}


def change_order(
    transaction: Transaction,
    order: Order,
    *,
    event: OrderEvent,
    progress: tuple[Progress, ...] | None = None,
    command: Command | None = None,
    promised: Mapping[int, str] | None = None,
    record: Any = None,
    **changes: Any,
) -> Order:
    """Let the transaction bring an order to the state its event tells of, if nobody changed it since it was read.

    Its place in line for goods follows: it stands there while `in_line_since` is set, it is open and pieces are
    back-ordered.

    Args:
        progress: what becomes of the lines, None if that stays; totals in the header follow from it.
        command: what besides the bus the event is for.
        promised: days its dealer is told for what it waits for in line, by slot; None if they stay.
        record: what is kept with the event and not sent.
        changes: further attributes of the header and their new values, None to take one away.

    Returns:
        the order as it will be once the transaction is committed.
    """
    header = order.header
    state = State(event.state)
    version = int(header.version) + 1
    if progress is not None:
        changes |= _record_progress(transaction, order, progress)
    changes |= {"state": state.value, "version": version}
    if not changes.get("backordered", header.backordered) or state not in OPEN_STATES:
        changes["in_line_since"] = None
    after = order._replace(header=_with(header, changes), progress=progress or order.progress)
    _stand_in_line(transaction, order, after, promised)
    actions = [*_set(changes), *_wait(header, state)]
    transaction.update(HeaderItem, (header.pk, header.sk), actions, _unchanged(header), "order")
    transaction.create(
        announcement(
            event,
            pk=header.pk,
            subject=header.order_id,
            sequence=version,
            dealer_id=header.dealer_id,
            command=command,
            record=record,
        ),
        "event",
    )
    return after


def sourced_from(order: Order, warehouse: str, because: list[dict[str, Any]]) -> Order:
    """The order, not yet decided, at the warehouse that serves it and with the reason for that."""
    return order._replace(header=_with(order.header, {"warehouse": warehouse, "sourcing": because}))


def record_step(transaction: Transaction, order: Order, progress: tuple[Progress, ...]) -> None:
    """Let the transaction record one part of a change too large for one transaction, to be resumed from there."""
    header = order.header
    changes = {"steps": int(header.steps) + 1, **_record_progress(transaction, order, progress)}
    transaction.update(HeaderItem, (header.pk, header.sk), _set(changes), _unchanged(header), "order")


def _set(changes: Mapping[str, Any]) -> list[Action]:
    attributes = ((getattr(HeaderItem, name), value) for name, value in changes.items())
    return [attribute.remove() if value is None else attribute.set(value) for attribute, value in attributes]


def _with(header: HeaderItem, changes: Mapping[str, Any]) -> HeaderItem:
    after = HeaderItem()
    after.attribute_values = {**header.attribute_values, **changes}
    return after


def _stand_in_line(transaction: Transaction, before: Order, after: Order, promised: Mapping[int, str] | None) -> None:
    was, is_now = (place_in_line(order.header) for order in (before, after))
    if was and was != is_now:
        transaction.delete(BackorderItem, was, None, "place left")
    if bool(was) != bool(is_now):
        change = LineItem.orders.add(1 if is_now else -1)
        transaction.update(LineItem, length_key(after.header.warehouse), [change], None, "line")
    if is_now:
        header = after.header
        wanted = backordered_by_slot(after.lines, after.progress)
        # What it was promised stays unless it is told: hence no put.
        actions: list[Action] = [
            BackorderItem.order_id.set(header.order_id),
            BackorderItem.dealer_id.set(header.dealer_id),
            BackorderItem.grade.set(header.grade),
            BackorderItem.urgent.set(header.urgent),
            BackorderItem.since.set(header.in_line_since),
            BackorderItem.policy.set(header.policy),
            BackorderItem.wanted.set([list(wanted), list(wanted.values())]),
        ]
        if promised is not None:
            actions.append(BackorderItem.promised.set([list(promised), list(promised.values())]))
        transaction.update(BackorderItem, is_now, actions, None, "place")


def place_in_line(header: HeaderItem) -> Key | None:
    """Where an order stands in line; None if it does not."""
    since = header.in_line_since
    return (line_pk(header.warehouse), waiting_rank(bool(header.urgent), since, header.order_id)) if since else None


def promised_in_line(header: HeaderItem) -> dict[int, str]:
    """The days an order was told for what it waits for, by slot; read consistently."""
    key = place_in_line(header)
    place = fetch_one(BackorderItem, key) if key else None
    return place.days if place else {}


def _wait(header: HeaderItem, state: State) -> list[Action]:
    """Stand in the queue of the state, or in none."""
    waiting = waiting_key(state)
    if waiting is None:
        return [HeaderItem.gsi1pk.remove(), HeaderItem.gsi1sk.remove()]
    rank = waiting_rank(bool(header.urgent), header.submitted_at, header.order_id)
    return [HeaderItem.gsi1pk.set(waiting), HeaderItem.gsi1sk.set(rank)]


def _record_progress(transaction: Transaction, order: Order, progress: Sequence[Progress]) -> dict[str, int]:
    """Write what became of the lines where the header alone no longer tells; the header's new totals, and its count of
    these writings."""
    changes = totals(progress)._asdict()
    if order.has_fulfilment or int(order.header.pieces) not in changes.values():
        number = int(order.header.fulfilments) + 1
        key = part_key("FULFILMENT", order.header.order_id)
        transaction.put(FulfilmentItem(*key, columns=packed_progress(progress), number=number), "fulfilment")
        changes["fulfilments"] = number
    return changes


def _unchanged(header: HeaderItem) -> Condition:
    unchanged: Condition = (HeaderItem.version == int(header.version)) & (HeaderItem.steps == int(header.steps))
    return unchanged


def _uniform(header: HeaderItem, lines: Sequence[Line]) -> tuple[Progress, ...]:
    """Without an item of their own all lines stand alike: undecided, or all that was ordered came to the same."""
    alike = next((name for name in PROGRESS_COLUMNS if getattr(header, name)), None)
    if alike is None:
        return (Progress(),) * len(lines)
    return tuple(Progress(**{alike: line.quantity}) for line in lines)
