"""Rules of order lines: amounts in fen, progress in pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from kernel.base.money import fen_of, tax_within
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION


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


def sum_progress(progress: Iterable[Progress]) -> Progress:
    """The counters summed up over all lines."""
    return Progress(*map(sum, zip(*progress, strict=True)))


class Amounts(NamedTuple):
    """Gross = net + tax, in fen."""

    gross_fen: int
    tax_fen: int

    @property
    def net_fen(self) -> int:
        """Without tax."""
        return self.gross_fen - self.tax_fen


def document_totals(lines: Iterable[Line]) -> Amounts:
    """A document's totals: the sums of its lines."""
    lines = list(lines)
    return Amounts(sum(line.gross_fen for line in lines), sum(line.tax_fen for line in lines))


def wanted_by_sku_index(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Pieces still to be decided per sku_index: several lines of one SKU are summed, for stock knows only SKUs."""
    wanted: dict[int, int] = defaultdict(int)
    for (sku_index, quantity), so_far in zip(demands, progress, strict=True):
        undecided = quantity - sum(so_far)
        if undecided:
            wanted[sku_index] += undecided
    return dict(wanted)


def apply_reservation(
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


def fill_backorders(
    demands: Sequence[Demand], progress: Sequence[Progress], granted: Mapping[int, int]
) -> tuple[Progress, ...]:
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


def is_complete(lines: Sequence[Line], progress: Sequence[Progress]) -> bool:
    """Nothing is left to ship."""
    return all(so_far.shipped + so_far.cancelled == line.quantity for line, so_far in zip(lines, progress, strict=True))


def split_by_transaction(sku_indexes: Iterable[int], slots_per_bucket: int) -> list[frozenset[int]]:
    """SKU indexes in portions that one transaction can change: at most BUCKETS_PER_TRANSACTION buckets each, in bucket order."""
    by_bucket: dict[int, set[int]] = defaultdict(set)
    for sku_index in sku_indexes:
        by_bucket[sku_index // slots_per_bucket].add(sku_index)
    buckets = sorted(by_bucket)
    return [
        frozenset().union(*(by_bucket[bucket] for bucket in buckets[start : start + BUCKETS_PER_TRANSACTION]))
        for start in range(0, len(buckets), BUCKETS_PER_TRANSACTION)
    ]
