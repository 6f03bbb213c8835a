"""Stored parts of an order: header, lines and fulfilment; their keys and ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, JSONAttribute, UnicodeAttribute

from contracts.order_lines import LinesItem as LinesItem
from kernel.base.problems import NotFound
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.read import query_all
from services.orders.order.rules import Demand, Line, Progress
from services.orders.vocabulary import OPEN_STATES, Hold, ShortagePolicy, State

#: Dealer ids contain dashes too: the number follows the last one.
_ORDER_ID = re.compile(r"([^#]{2,16})-([0-9]{6,9})")


#: Counters of a line. The header has the sum of each under the same name.
PROGRESS_COLUMNS = ("reserved", "backordered", "shipped", "cancelled")


_COLUMNS = ("sku", "name", "unit_price", "price_policy", "tax_percent", "gross_fen")


_PAGE = 100


# P  header of an order                             pk: ORDERS#<dealer>     sk: HEADER#<sequence>
# P  orders of a dealer, newest first               pk: ORDERS#<dealer>     sk: HEADER#…
# P  open orders of a state: urgent, then oldest    gsi1pk: ORDERS#<state>  gsi1sk: <0|1>#<submitted at>#<order>
# P  events of an order (kernel/messaging/outbox.py)  pk: ORDERS#<dealer>   sk: EVENT#<order>#<version>
class HeaderItem(Item, discriminator="order"):
    """State, totals (fen, pieces) and times of an order. Below 1 KB, because every step writes it.

    `version` grows by one with every event. `steps` counts the transactions of a change too large for one.
    `shipments`: number of shipments. `fulfilments`: how often the progress of the lines was written; that item has
    the same number. `grade`: grade of the dealer at submission. `backordered_since`: when the order entered the
    backorder queue, absent outside of it. `reservation_end_stamp`: when the reservation ends. `warned`: the expiry was
    announced. `overdue`: the urgent order was reported as overdue. `sourcing`: candidates that were compared.
    `promised_on`: day (ISO date) on which reserved pieces leave; promise dates of backordered pieces are in the
    backorder entry. `credit_held_at`: when it was last put on credit hold after its submission; `credit_released_at`:
    when its credit hold was last released. `double_of`: order that had its
    purchase order before, as was confirmed. `waybills`: those of its recent shipments, as `remember` packs them.
    `address_changes`: how often its delivery address was changed.
    """

    order_id = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    warehouse = UnicodeAttribute()
    state = UnicodeAttribute()
    holds: JSONAttribute = JSONAttribute()
    version = IntegerAttribute()
    steps = IntegerAttribute(default=0)
    shipments = IntegerAttribute(default=0)
    fulfilments = IntegerAttribute(default=0)
    shortage_policy = UnicodeAttribute()
    urgent = BooleanAttribute()
    line_count = IntegerAttribute()
    pieces = IntegerAttribute()
    gross_fen = IntegerAttribute()
    tax_fen = IntegerAttribute()
    payment_days = IntegerAttribute()
    submitted_at = UnicodeAttribute()
    submitted_by = UnicodeAttribute()
    visible_at = UnicodeAttribute(null=True)
    decided_at = UnicodeAttribute(null=True)
    grade = UnicodeAttribute()
    backordered_since = UnicodeAttribute(null=True)
    reserved_until = UnicodeAttribute(null=True)
    warned = BooleanAttribute(null=True)
    overdue = BooleanAttribute(null=True)
    promised_on = UnicodeAttribute(null=True)
    credit_held_at = UnicodeAttribute(null=True)
    credit_released_at = UnicodeAttribute(null=True)
    double_of = UnicodeAttribute(null=True)
    waybills = BinaryAttribute(null=True, legacy_encoding=False)
    address_changes = IntegerAttribute(null=True)
    sourcing: JSONAttribute = JSONAttribute(null=True)
    reserved = IntegerAttribute(default=0)
    backordered = IntegerAttribute(default=0)
    shipped = IntegerAttribute(default=0)
    cancelled = IntegerAttribute(default=0)

    @property
    def sequence(self) -> str:
        """Number of the order within its dealer, as text of at least six digits."""
        return self.order_id.rpartition("-")[2]

    @property
    def undecided(self) -> int:
        """Pieces whose stock is not decided: all until the reservation, and all open ones during a credit hold."""
        return self.pieces - self.reserved - self.backordered - self.shipped - self.cancelled

    @property
    def wants_stock_since(self) -> str:
        """Moment of the submission, or of the release of the credit hold: the order asks for its stock from then on."""
        return str(self.credit_released_at or self.submitted_at)

    @property
    def is_on_credit_hold(self) -> bool:
        """True for an order on credit hold, which takes no stock."""
        return Hold.CREDIT in self.holds

    @property
    def awaits_reservation(self) -> bool:
        """True if the stock of the order is to be decided now."""
        return self.state in OPEN_STATES and bool(self.undecided) and not self.is_on_credit_hold


def demands_of(ordered: LinesItem) -> tuple[Demand, ...]:
    """Return SKU index and quantity of each line, by line number; unpacked once."""
    unpacked = vars(ordered)
    if "demands" not in unpacked:
        unpacked["demands"] = tuple(map(Demand._make, zip(*ordered.wanted, strict=True)))
    demands: tuple[Demand, ...] = unpacked["demands"]
    return demands


def lines_of(ordered: LinesItem) -> tuple[Line, ...]:
    """Return the lines in their order; unpacked once."""
    unpacked = vars(ordered)
    if "lines" not in unpacked:
        sku_indexes, quantities = ordered.wanted
        sku, name, unit_price, *others = (ordered.columns[name] for name in _COLUMNS)
        numbers = range(1, len(sku_indexes) + 1)
        columns = numbers, sku, name, quantities, map(Decimal, unit_price), *others, sku_indexes
        unpacked["lines"] = tuple(map(Line._make, zip(*columns, strict=True)))
    lines: tuple[Line, ...] = unpacked["lines"]
    return lines


# P  progress of the lines of an order   pk: ORDERS#<dealer>   sk: FULFILMENT#<sequence>
class FulfilmentItem(Item, discriminator="order_fulfilment"):
    """Progress of the lines, by column.

    Absent while the header shows it: all pieces undecided, reserved, backordered, shipped or cancelled. `number`:
    value of the header's `fulfilments` when it was written.
    """

    columns = PackedJSONAttribute()
    number = IntegerAttribute(default=0)

    @property
    def progress(self) -> tuple[Progress, ...]:
        """Progress of each line, by line number."""
        return tuple(map(Progress._make, zip(*self.columns, strict=True)))


class Order(NamedTuple):
    """An order as stored: header, lines, and progress of each line."""

    header: HeaderItem
    ordered: LinesItem
    progress: tuple[Progress, ...]
    has_fulfilment: bool

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the order."""
        return lines_of(self.ordered)

    @property
    def demands(self) -> tuple[Demand, ...]:
        """SKU index and quantity of each line, without unpacking names and prices."""
        return demands_of(self.ordered)

    @property
    def run_out(self) -> frozenset[int]:
        """SKU indexes of run-out products, whose pieces are never backordered."""
        return frozenset(self.ordered.run_out or ())

    @property
    def state(self) -> State:
        """State of the order."""
        return State(self.header.state)

    @property
    def holds(self) -> frozenset[Hold]:
        """Holds on the order."""
        return frozenset(Hold(hold) for hold in self.header.holds)

    @property
    def shortage_policy(self) -> ShortagePolicy:
        """Shortage policy of the order."""
        return ShortagePolicy(self.header.shortage_policy)

    @property
    def next_step(self) -> str:
        """Name of the next change of this order; each change happens once."""
        return f"{self.header.order_id} {self.header.version + 1}.{self.header.steps}"


def assemble_order(header: HeaderItem, ordered: LinesItem, fulfilment: FulfilmentItem | None) -> Order:
    """Return the order of its stored parts."""
    if fulfilment is not None:
        return Order(header, ordered, fulfilment.progress, has_fulfilment=True)
    return Order(header, ordered, _uniform(header, demands_of(ordered)), has_fulfilment=False)


def _uniform(header: HeaderItem, demands: Sequence[Demand]) -> tuple[Progress, ...]:
    """Return the progress of an order without fulfilment item: all lines are undecided, or in the same state."""
    alike = next((name for name in PROGRESS_COLUMNS if getattr(header, name)), None)
    if alike is None:
        return (Progress(),) * len(demands)
    return tuple(Progress(**{alike: demand.quantity}) for demand in demands)


def columns_of_lines(lines: Sequence[Line]) -> dict[str, Any]:
    """Return lines as attributes of a `LinesItem`."""
    # A line's position is its number.
    _, sku, name, quantities, *others, sku_indexes = zip(*lines, strict=True)
    return {"wanted": [sku_indexes, quantities], "columns": dict(zip(_COLUMNS, (sku, name, *others), strict=True))}


def columns_of_progress(progress: Sequence[Progress]) -> list[Sequence[int]]:
    """Return progress as `FulfilmentItem.columns`."""
    return list(zip(*progress, strict=True))


def order_id_of(dealer_id: str, sequence: int) -> str:
    """Return an order id such as `D0001-000123`."""
    return f"{dealer_id}-{sequence:06d}"


def split_order_id(order_id: str) -> tuple[str, str]:
    """Return dealer id and sequence of an order id.

    Raises:
        NotFound: the text is no order id.
    """
    match = _ORDER_ID.fullmatch(order_id)
    if match is None:
        raise NotFound
    return match[1], match[2]


def orders_pk(dealer_id: str) -> str:
    """Partition of a dealer's orders."""
    return f"ORDERS#{dealer_id}"


def order_part_key(part: str, order_id: str) -> Key:
    """Key of a part of an order: HEADER, LINES or FULFILMENT."""
    dealer_id, sequence = split_order_id(order_id)
    return orders_pk(dealer_id), f"{part}#{sequence}"


def state_index_key(state: State) -> str | None:
    """Index partition of the orders in an open state; None for other states."""
    return f"ORDERS#{state}" if state in OPEN_STATES else None


def priority_sort_key(urgent: bool, submitted_at: str, order_id: str) -> str:
    """Sort key: urgent before normal, then first come first served."""
    return f"{0 if urgent else 1}#{submitted_at}#{order_id}"


def orders_in_state(state: State) -> Iterator[HeaderItem]:
    """Iterate over the headers in an open state, urgent and old ones first, as the index shows them."""
    pk = state_index_key(state)
    assert pk
    return query_all(HeaderItem, pk, on_index=True, page_size=_PAGE)
