"""The rules of ordering: facts in, verdict out. No clock, no table, no environment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from kernel.base.money import fen_of, tax_within

#: Pieces of one SKU that one order may ask for, over all its lines.
MAX_PIECES_PER_SKU = 1_000_000

#: Buckets changed in one transaction: its limit of 100 actions less the order's own items.
BUCKETS_PER_TRANSACTION = 90


class State(StrEnum):
    """Where an order stands. Stock and money are told by the line counters, not by more states."""

    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    CONFIRMED = "confirmed"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What can be done to an order."""

    RESERVE = "reserve"
    RELEASE_HOLD = "release_hold"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    SHIP = "ship"
    EXTEND_RESERVATION = "extend_reservation"


class Hold(StrEnum):
    """Why a clerk must look before the order goes on; each is released on its own, with a reason."""

    CREDIT = "credit"
    STOCK = "stock"


class ShortagePolicy(StrEnum):
    """What the dealer wants done when stock is short."""

    SHIP_AVAILABLE = "ship_available"  # hold what is there; the rest waits in line
    ALL_OR_NOTHING = "all_or_nothing"  # hold all or nothing, and do not wait: a clerk decides
    WAIT = "wait"  # hold nothing until all of it can be held; until then the order keeps its place in line

    @property
    def accepts_partial(self) -> bool:
        """Whether a part of the order is of use."""
        return self is ShortagePolicy.SHIP_AVAILABLE

    @property
    def waits_for_stock(self) -> bool:
        """Whether what is short is waited for."""
        return self is not ShortagePolicy.ALL_OR_NOTHING


OPEN_STATES = frozenset({State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED})

_ALLOWED: Mapping[Action, frozenset[State]] = {
    Action.RESERVE: frozenset({State.SUBMITTED}),
    Action.RELEASE_HOLD: frozenset({State.IN_REVIEW}),
    Action.APPROVE: frozenset({State.IN_REVIEW}),
    Action.REJECT: frozenset({State.IN_REVIEW}),
    Action.CANCEL: OPEN_STATES,
    Action.SHIP: frozenset({State.CONFIRMED}),
    Action.EXTEND_RESERVATION: frozenset({State.IN_REVIEW, State.CONFIRMED}),
}


def may(action: Action, state: State) -> bool:
    """Whether an order in this state admits the action."""
    return state in _ALLOWED[action]


def dealer_may_cancel(state: State) -> bool:
    """A dealer cancels until the warehouse may have begun to pick: up to the approval."""
    return state in {State.SUBMITTED, State.IN_REVIEW}


class Line(NamedTuple):
    """One line as ordered and priced; never changed afterwards.

    `unit_price`: tax-inclusive yuan a piece; `gross_fen` contains `tax_percent` VAT; `price_policy`: what gave the price;
    `sku_index`: number of the SKU's place on the buckets.
    """

    line_no: int
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    price_policy: str
    tax_percent: int
    gross_fen: int
    sku_index: int

    @property
    def tax_fen(self) -> int:
        """VAT contained in the line (features.md 4.4: per line, never from the header)."""
        return tax_within(self.gross_fen, self.tax_percent)

    def value_of(self, pieces: int) -> int:
        """Gross fen of the first `pieces` pieces of the line."""
        return fen_of(self.unit_price, pieces)


class Demand(NamedTuple):
    """As much of a line as stock is decided by: pieces of what stands in a sku_index."""

    sku_index: int
    quantity: int


class Progress(NamedTuple):
    """What became of a line, in pieces. Always ordered = open + shipped + cancelled, and open = reserved + backordered
    once stock was decided."""

    reserved: int = 0
    backordered: int = 0
    shipped: int = 0
    cancelled: int = 0


def totals(progress: Iterable[Progress]) -> Progress:
    """The counters summed up over all lines."""
    return Progress(*map(sum, zip(*progress, strict=True)))


class Money(NamedTuple):
    """Gross = net + tax, in fen."""

    gross_fen: int
    tax_fen: int

    @property
    def net_fen(self) -> int:
        """Without tax."""
        return self.gross_fen - self.tax_fen


def total(lines: Iterable[Line]) -> Money:
    """A document's totals: the sums of its lines."""
    lines = list(lines)
    return Money(sum(line.gross_fen for line in lines), sum(line.tax_fen for line in lines))


def exceeds_credit_limit(total_fen: int, committed_fen: int, limit_fen: int) -> bool:
    """Whether an order brings what the dealer owes and has on order above the limit (features.md 4.5). All in fen."""
    return committed_fen + total_fen > limit_fen


# --- movements of stock ----------------------------------------------------------------------------------------------


class Effect(NamedTuple):
    """What one moved piece adds to each counter: +1, -1 or 0."""

    available: int = 0
    quarantined: int = 0


class Move(StrEnum):
    """How stock moves. Counters are the sums of all movements ever made, each by its effect.

    What leaves with a shipment was taken off the bucket when it was held: its movement is the shipment.
    """

    RECEIVE = "receive"
    RESERVE = "reserve"
    UNRESERVE = "unreserve"
    FOUND = "found"
    LOST = "lost"
    SET_ASIDE = "set_aside"
    CLEAR = "clear"
    SCRAP = "scrap"
    SEND = "send"

    @property
    def for_orders(self) -> bool:
        """Whether pieces so move for an order; else a stock document moves them."""
        return self in {Move.RESERVE, Move.UNRESERVE}

    @property
    def effect(self) -> Effect:
        """What a piece so moved changes."""
        return _EFFECTS[self]


_EFFECTS = {
    Move.RECEIVE: Effect(available=+1),
    Move.RESERVE: Effect(available=-1),
    Move.UNRESERVE: Effect(available=+1),
    Move.FOUND: Effect(available=+1),
    Move.LOST: Effect(available=-1),
    Move.SET_ASIDE: Effect(available=-1, quarantined=+1),
    Move.CLEAR: Effect(available=+1, quarantined=-1),
    Move.SCRAP: Effect(quarantined=-1),
    Move.SEND: Effect(available=-1),
}


def counted(on_hand: Mapping[int, int], there: Mapping[int, tuple[int, int]]) -> tuple[dict[int, int], dict[int, int]]:
    """Pieces found and pieces lost by sku_index, of sku_indexes counted otherwise than the books say.

    Args:
        on_hand: pieces counted.
        there: by the books, available and held.
    """
    difference = {sku_index: pieces - sum(there[sku_index]) for sku_index, pieces in on_hand.items()}
    found = {sku_index: more for sku_index, more in difference.items() if more > 0}
    return found, {sku_index: -less for sku_index, less in difference.items() if less < 0}


# --- stock -----------------------------------------------------------------------------------------------------------


def wanted_by_sku_index(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Pieces still to be decided per sku_index: several lines of one SKU are summed, for stock knows only SKUs."""
    wanted: dict[int, int] = defaultdict(int)
    for (sku_index, quantity), so_far in zip(demands, progress, strict=True):
        undecided = quantity - sum(so_far)
        if undecided:
            wanted[sku_index] += undecided
    return dict(wanted)


def decided(
    demands: Sequence[Demand], progress: Sequence[Progress], granted: Mapping[int, int]
) -> tuple[Progress, ...]:
    """Hand out what was granted per sku_index: earlier lines first; what is not granted is back-ordered.

    Lines of sku_indexes not named in `granted` stay undecided.
    """
    left = dict(granted)
    result = []
    for (sku_index, quantity), so_far in zip(demands, progress, strict=True):
        reserved, backordered, shipped, cancelled = so_far
        undecided = quantity - reserved - backordered - shipped - cancelled
        if undecided and sku_index in left:
            given = min(undecided, left[sku_index])
            left[sku_index] -= given
            so_far = Progress(reserved + given, backordered + undecided - given, shipped, cancelled)
        result.append(so_far)
    return tuple(result)


def limit_to_available(wanted: Mapping[int, int], available: Mapping[int, int]) -> dict[int, int]:
    """Of each sku_index what is wanted, at most what is there. SKU indexes without a figure are taken to have enough."""
    return {sku_index: min(pieces, max(available.get(sku_index, pieces), 0)) for sku_index, pieces in wanted.items()}


def reserved_by_sku_index(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Pieces held for the order per sku_index."""
    reserved: dict[int, int] = defaultdict(int)
    for demand, so_far in zip(demands, progress, strict=True):
        if so_far.reserved:
            reserved[demand.sku_index] += so_far.reserved
    return dict(reserved)


def backordered_by_sku_index(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Pieces the order still waits for per sku_index."""
    waited: dict[int, int] = defaultdict(int)
    for demand, so_far in zip(demands, progress, strict=True):
        if so_far.backordered:
            waited[demand.sku_index] += so_far.backordered
    return dict(waited)


def filled(demands: Sequence[Demand], progress: Sequence[Progress], granted: Mapping[int, int]) -> tuple[Progress, ...]:
    """Hold what was granted per sku_index of what is back-ordered: earlier lines first."""
    left = dict(granted)
    result = []
    for demand, so_far in zip(demands, progress, strict=True):
        given = min(so_far.backordered, left.get(demand.sku_index, 0))
        if given:
            left[demand.sku_index] -= given
            so_far = so_far._replace(reserved=so_far.reserved + given, backordered=so_far.backordered - given)
        result.append(so_far)
    return tuple(result)


def return_to_backorder(
    demands: Sequence[Demand], progress: Sequence[Progress], sku_indexes: frozenset[int]
) -> tuple[Progress, ...]:
    """Let go of what is held of these sku_indexes' lines: it waits, like what was never there."""
    return tuple(
        so_far._replace(reserved=0, backordered=so_far.backordered + so_far.reserved)
        if demand.sku_index in sku_indexes
        else so_far
        for demand, so_far in zip(demands, progress, strict=True)
    )


def cancel_unshipped(lines: Sequence[Line], progress: Sequence[Progress]) -> tuple[Progress, ...]:
    """Cancel whatever was not shipped."""
    return tuple(
        Progress(shipped=so_far.shipped, cancelled=line.quantity - so_far.shipped)
        for line, so_far in zip(lines, progress, strict=True)
    )


# --- shipping --------------------------------------------------------------------------------------------------------


class ShippedLine(NamedTuple):
    """One line of a shipment: pieces and what these pieces are worth."""

    line_no: int
    sku: str
    quantity: int
    gross_fen: int
    tax_fen: int


def shipped_line(line: Line, before: int, quantity: int) -> ShippedLine:
    """What shipping `quantity` more pieces is worth, `before` having gone already.

    Values are differences of running totals, so over all shipments they add up to the line's gross and tax to the fen.
    """
    value_before, value_after = line.value_of(before), line.value_of(before + quantity)
    tax = tax_within(value_after, line.tax_percent) - tax_within(value_before, line.tax_percent)
    return ShippedLine(line.line_no, line.sku, quantity, value_after - value_before, tax)


def shipped(progress: Progress, quantity: int) -> Progress:
    """A line after `quantity` of its held pieces left."""
    return progress._replace(reserved=progress.reserved - quantity, shipped=progress.shipped + quantity)


def is_complete(lines: Sequence[Line], progress: Sequence[Progress]) -> bool:
    """Nothing is left to ship."""
    return all(so_far.shipped + so_far.cancelled == line.quantity for line, so_far in zip(lines, progress, strict=True))


def steps(sku_indexes: Iterable[int], slots_per_bucket: int) -> list[frozenset[int]]:
    """SKU indexes in portions that one transaction can change: at most BUCKETS_PER_TRANSACTION buckets each, in bucket order."""
    by_bucket: dict[int, set[int]] = defaultdict(set)
    for sku_index in sku_indexes:
        by_bucket[sku_index // slots_per_bucket].add(sku_index)
    buckets = sorted(by_bucket)
    return [
        frozenset().union(*(by_bucket[bucket] for bucket in buckets[start : start + BUCKETS_PER_TRANSACTION]))
        for start in range(0, len(buckets), BUCKETS_PER_TRANSACTION)
    ]
