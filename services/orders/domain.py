"""The rules of ordering: facts in, verdict out. No clock, no table, no environment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from kernel.money import fen_of, tax_within

#: Pieces of one SKU that one order may ask for, over all its lines.
MAX_PIECES_PER_SKU = 1_000_000

#: Shelves changed in one transaction: its limit of 100 actions less the order's own items.
SHELVES_PER_STEP = 90


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
    RENEW = "renew"


class Hold(StrEnum):
    """Why a clerk must look before the order goes on; each is released on its own, with a reason."""

    CREDIT = "credit"
    STOCK = "stock"


class Policy(StrEnum):
    """What the dealer wants done when stock is short."""

    SHIP_AVAILABLE = "ship_available"  # hold what is there; the rest waits in line
    ALL_OR_NOTHING = "all_or_nothing"  # hold all or nothing, and do not wait: a clerk decides
    WAIT = "wait"  # hold nothing until all of it can be held; until then the order keeps its place in line

    @property
    def takes_part(self) -> bool:
        """Whether a part of the order is of use."""
        return self is Policy.SHIP_AVAILABLE

    @property
    def stands_in_line(self) -> bool:
        """Whether what is short is waited for."""
        return self is not Policy.ALL_OR_NOTHING


OPEN_STATES = frozenset({State.SUBMITTED, State.IN_REVIEW, State.CONFIRMED})

_ALLOWED: Mapping[Action, frozenset[State]] = {
    Action.RESERVE: frozenset({State.SUBMITTED}),
    Action.RELEASE_HOLD: frozenset({State.IN_REVIEW}),
    Action.APPROVE: frozenset({State.IN_REVIEW}),
    Action.REJECT: frozenset({State.IN_REVIEW}),
    Action.CANCEL: OPEN_STATES,
    Action.SHIP: frozenset({State.CONFIRMED}),
    Action.RENEW: frozenset({State.IN_REVIEW, State.CONFIRMED}),
}


def may(action: Action, state: State) -> bool:
    """Whether an order in this state admits the action."""
    return state in _ALLOWED[action]


def dealer_may_cancel(state: State) -> bool:
    """A dealer cancels until the warehouse may have begun to pick: up to the approval."""
    return state in {State.SUBMITTED, State.IN_REVIEW}


class Line(NamedTuple):
    """One line as ordered and priced; never changed afterwards.

    `unit_price`: tax-inclusive yuan a piece; `gross_fen` contains `tax_percent` VAT; `policy`: what gave the price;
    `slot`: number of the SKU's place on the shelves.
    """

    line_no: int
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    policy: str
    tax_percent: int
    gross_fen: int
    slot: int

    @property
    def tax_fen(self) -> int:
        """VAT contained in the line (features.md 4.4: per line, never from the header)."""
        return tax_within(self.gross_fen, self.tax_percent)

    def value_of(self, pieces: int) -> int:
        """Gross fen of the first `pieces` pieces of the line."""
        return fen_of(self.unit_price, pieces)


class Demand(NamedTuple):
    """As much of a line as stock is decided by: pieces of what stands in a slot."""

    slot: int
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


def needs_credit_hold(total_fen: int, committed_fen: int, limit_fen: int) -> bool:
    """Whether an order brings what the dealer owes and has on order above the limit (features.md 4.5). All in fen."""
    return committed_fen + total_fen > limit_fen


# --- movements of stock ----------------------------------------------------------------------------------------------


class Effect(NamedTuple):
    """What one moved piece adds to each counter: +1, -1 or 0."""

    available: int = 0
    quarantined: int = 0


class Move(StrEnum):
    """How stock moves. Counters are the sums of all movements ever made, each by its effect.

    What leaves with a shipment was taken off the shelf when it was held: its movement is the shipment.
    """

    RECEIVE = "receive"
    HOLD = "hold"
    RELEASE = "release"
    FOUND = "found"
    LOST = "lost"
    SET_ASIDE = "set_aside"
    CLEAR = "clear"
    SCRAP = "scrap"
    SEND = "send"

    @property
    def for_orders(self) -> bool:
        """Whether pieces so move for an order; else a stock document moves them."""
        return self in {Move.HOLD, Move.RELEASE}

    @property
    def effect(self) -> Effect:
        """What a piece so moved changes."""
        return _EFFECTS[self]


_EFFECTS = {
    Move.RECEIVE: Effect(available=+1),
    Move.HOLD: Effect(available=-1),
    Move.RELEASE: Effect(available=+1),
    Move.FOUND: Effect(available=+1),
    Move.LOST: Effect(available=-1),
    Move.SET_ASIDE: Effect(available=-1, quarantined=+1),
    Move.CLEAR: Effect(available=+1, quarantined=-1),
    Move.SCRAP: Effect(quarantined=-1),
    Move.SEND: Effect(available=-1),
}


def counted(on_hand: Mapping[int, int], there: Mapping[int, tuple[int, int]]) -> tuple[dict[int, int], dict[int, int]]:
    """Pieces found and pieces lost by slot, of slots counted otherwise than the books say.

    Args:
        on_hand: pieces counted.
        there: by the books, available and held.
    """
    difference = {slot: pieces - sum(there[slot]) for slot, pieces in on_hand.items()}
    found = {slot: more for slot, more in difference.items() if more > 0}
    return found, {slot: -less for slot, less in difference.items() if less < 0}


# --- stock -----------------------------------------------------------------------------------------------------------


def wanted_by_slot(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Pieces still to be decided per slot: several lines of one SKU are summed, for stock knows only SKUs."""
    wanted: dict[int, int] = defaultdict(int)
    for (slot, quantity), so_far in zip(demands, progress, strict=True):
        undecided = quantity - sum(so_far)
        if undecided:
            wanted[slot] += undecided
    return dict(wanted)


def decided(
    demands: Sequence[Demand], progress: Sequence[Progress], granted: Mapping[int, int]
) -> tuple[Progress, ...]:
    """Hand out what was granted per slot: earlier lines first; what is not granted is back-ordered.

    Lines of slots not named in `granted` stay undecided.
    """
    left = dict(granted)
    result = []
    for (slot, quantity), so_far in zip(demands, progress, strict=True):
        reserved, backordered, shipped, cancelled = so_far
        undecided = quantity - reserved - backordered - shipped - cancelled
        if undecided and slot in left:
            given = min(undecided, left[slot])
            left[slot] -= given
            so_far = Progress(reserved + given, backordered + undecided - given, shipped, cancelled)
        result.append(so_far)
    return tuple(result)


def grantable(wanted: Mapping[int, int], available: Mapping[int, int]) -> dict[int, int]:
    """Of each slot what is wanted, at most what is there. Slots without a figure are taken to have enough."""
    return {slot: min(pieces, max(available.get(slot, pieces), 0)) for slot, pieces in wanted.items()}


def held_by_slot(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Pieces held for the order per slot."""
    held: dict[int, int] = defaultdict(int)
    for demand, so_far in zip(demands, progress, strict=True):
        if so_far.reserved:
            held[demand.slot] += so_far.reserved
    return dict(held)


def backordered_by_slot(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Pieces the order still waits for per slot."""
    waited: dict[int, int] = defaultdict(int)
    for demand, so_far in zip(demands, progress, strict=True):
        if so_far.backordered:
            waited[demand.slot] += so_far.backordered
    return dict(waited)


def filled(demands: Sequence[Demand], progress: Sequence[Progress], granted: Mapping[int, int]) -> tuple[Progress, ...]:
    """Hold what was granted per slot of what is back-ordered: earlier lines first."""
    left = dict(granted)
    result = []
    for demand, so_far in zip(demands, progress, strict=True):
        given = min(so_far.backordered, left.get(demand.slot, 0))
        if given:
            left[demand.slot] -= given
            so_far = so_far._replace(reserved=so_far.reserved + given, backordered=so_far.backordered - given)
        result.append(so_far)
    return tuple(result)


def given_back(demands: Sequence[Demand], progress: Sequence[Progress], slots: frozenset[int]) -> tuple[Progress, ...]:
    """Let go of what is held of these slots' lines: it waits, like what was never there."""
    return tuple(
        so_far._replace(reserved=0, backordered=so_far.backordered + so_far.reserved)
        if demand.slot in slots
        else so_far
        for demand, so_far in zip(demands, progress, strict=True)
    )


def rest_cancelled(lines: Sequence[Line], progress: Sequence[Progress]) -> tuple[Progress, ...]:
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


def steps(slots: Iterable[int], slots_per_shelf: int) -> list[frozenset[int]]:
    """Slots in portions that one transaction can change: at most SHELVES_PER_STEP shelves each, in shelf order."""
    by_shelf: dict[int, set[int]] = defaultdict(set)
    for slot in slots:
        by_shelf[slot // slots_per_shelf].add(slot)
    shelves = sorted(by_shelf)
    return [
        frozenset().union(*(by_shelf[shelf] for shelf in shelves[start : start + SHELVES_PER_STEP]))
        for start in range(0, len(shelves), SHELVES_PER_STEP)
    ]
