"""Rules of order lines: amounts in fen, progress in pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from kernel.base.money import fen_of, tax_within
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION


class Line(NamedTuple):
    """One line as ordered and priced; never changed afterwards.

    `unit_price`: tax-inclusive yuan for a piece; `gross_fen` contains `tax_percent` VAT; `price_policy`: what gave
    the price; `sku_index`: permanent number of the SKU.
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
        """VAT contained in the line. Tax is computed per line, never from the header."""
        return tax_within(self.gross_fen, self.tax_percent)

    def value_of(self, pieces: int) -> int:
        """Gross fen of the first `pieces` pieces of the line."""
        return fen_of(self.unit_price, pieces)


class Demand(NamedTuple):
    """SKU index and pieces of a line: all that stock decisions need."""

    sku_index: int
    quantity: int


class Progress(NamedTuple):
    """Progress of a line, in pieces: ordered = open + shipped + cancelled.

    Once stock is decided, open = reserved + backordered.
    """

    reserved: int = 0
    backordered: int = 0
    shipped: int = 0
    cancelled: int = 0


def sum_progress(progress: Iterable[Progress]) -> Progress:
    """Sum the counters over all lines."""
    return Progress(*map(sum, zip(*progress, strict=True)))


class Amounts(NamedTuple):
    """Amounts in fen: gross = net + tax."""

    gross_fen: int
    tax_fen: int

    @property
    def net_fen(self) -> int:
        """Amount without tax."""
        return self.gross_fen - self.tax_fen


def document_totals(lines: Iterable[Line]) -> Amounts:
    """Sum the amounts of the lines of a document."""
    lines = list(lines)
    return Amounts(sum(line.gross_fen for line in lines), sum(line.tax_fen for line in lines))


def wanted_by_sku_index(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Undecided pieces by SKU index, summed over the lines of a SKU."""
    wanted: dict[int, int] = defaultdict(int)
    for (sku_index, quantity), line_progress in zip(demands, progress, strict=True):
        undecided = quantity - sum(line_progress)
        if undecided:
            wanted[sku_index] += undecided
    return dict(wanted)


def limit_to_available(wanted: Mapping[int, int], available: Mapping[int, int]) -> dict[int, int]:
    """Limit wanted pieces to the available ones. A SKU index without a figure has enough."""
    return {sku_index: min(pieces, max(available.get(sku_index, pieces), 0)) for sku_index, pieces in wanted.items()}


def reserved_by_sku_index(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Reserved pieces of the order by SKU index."""
    reserved: dict[int, int] = defaultdict(int)
    for demand, line_progress in zip(demands, progress, strict=True):
        if line_progress.reserved:
            reserved[demand.sku_index] += line_progress.reserved
    return dict(reserved)


def backordered_by_sku_index(demands: Sequence[Demand], progress: Sequence[Progress]) -> dict[int, int]:
    """Backordered pieces of the order by SKU index."""
    waited: dict[int, int] = defaultdict(int)
    for demand, line_progress in zip(demands, progress, strict=True):
        if line_progress.backordered:
            waited[demand.sku_index] += line_progress.backordered
    return dict(waited)


def fill_backorders(
    demands: Sequence[Demand], progress: Sequence[Progress], granted: Mapping[int, int]
) -> tuple[Progress, ...]:
    """Reserve granted pieces that are backordered, earlier lines first."""
    left = dict(granted)
    result = []
    for demand, line_progress in zip(demands, progress, strict=True):
        given = min(line_progress.backordered, left.get(demand.sku_index, 0))
        if given:
            left[demand.sku_index] -= given
            line_progress = line_progress._replace(
                reserved=line_progress.reserved + given, backordered=line_progress.backordered - given
            )
        result.append(line_progress)
    return tuple(result)


def backorder_reserved(
    demands: Sequence[Demand], progress: Sequence[Progress], lost: Mapping[int, int]
) -> tuple[Progress, ...]:
    """Backorder reserved pieces by SKU index that the order loses, later lines first."""
    left = dict(lost)
    result = []
    for demand, line_progress in zip(reversed(demands), reversed(progress), strict=True):
        taken = min(line_progress.reserved, left.get(demand.sku_index, 0))
        if taken:
            left[demand.sku_index] -= taken
            line_progress = line_progress._replace(
                reserved=line_progress.reserved - taken, backordered=line_progress.backordered + taken
            )
        result.append(line_progress)
    return tuple(reversed(result))


def backorder_pieces_of_lines(progress: Sequence[Progress], lost: Mapping[int, int]) -> tuple[Progress, ...]:
    """Backorder reserved pieces by line number that the order loses."""
    return tuple(
        line_progress._replace(
            reserved=line_progress.reserved - lost.get(number, 0),
            backordered=line_progress.backordered + lost.get(number, 0),
        )
        for number, line_progress in enumerate(progress, 1)
    )


def turn_reserved_into_backordered(
    demands: Sequence[Demand], progress: Sequence[Progress], sku_indexes: frozenset[int]
) -> tuple[Progress, ...]:
    """Turn reserved pieces of these SKU indexes into backordered ones."""
    return tuple(
        line_progress._replace(reserved=0, backordered=line_progress.backordered + line_progress.reserved)
        if demand.sku_index in sku_indexes
        else line_progress
        for demand, line_progress in zip(demands, progress, strict=True)
    )


def turn_reserved_into_undecided(
    demands: Sequence[Demand], progress: Sequence[Progress], sku_indexes: frozenset[int]
) -> tuple[Progress, ...]:
    """Turn reserved pieces of these SKU indexes into undecided ones."""
    return tuple(
        line_progress._replace(reserved=0) if demand.sku_index in sku_indexes else line_progress
        for demand, line_progress in zip(demands, progress, strict=True)
    )


def turn_open_into_undecided(progress: Sequence[Progress]) -> tuple[Progress, ...]:
    """Turn all reserved and backordered pieces into undecided ones."""
    return tuple(line_progress._replace(reserved=0, backordered=0) for line_progress in progress)


def cancel_backordered(
    demands: Sequence[Demand], progress: Sequence[Progress], sku_indexes: Collection[int]
) -> tuple[Progress, ...]:
    """Cancel the backordered pieces of these SKU indexes."""
    return tuple(
        line_progress._replace(backordered=0, cancelled=line_progress.cancelled + line_progress.backordered)
        if line_progress.backordered and demand.sku_index in sku_indexes
        else line_progress
        for demand, line_progress in zip(demands, progress, strict=True)
    )


def cancel_unshipped(lines: Sequence[Line], progress: Sequence[Progress]) -> tuple[Progress, ...]:
    """Cancel all pieces that were not shipped."""
    return tuple(
        Progress(shipped=line_progress.shipped, cancelled=line.quantity - line_progress.shipped)
        for line, line_progress in zip(lines, progress, strict=True)
    )


def cancel_pieces(progress: Progress, quantity: int) -> Progress:
    """Cancel open pieces of a line: backordered ones first, so that the dealer keeps what is reserved.

    What exceeds both is undecided: pieces of an order on credit hold.
    """
    backordered = min(progress.backordered, quantity)
    reserved = min(progress.reserved, quantity - backordered)
    return progress._replace(
        backordered=progress.backordered - backordered,
        reserved=progress.reserved - reserved,
        cancelled=progress.cancelled + quantity,
    )


def value_without_cancelled(lines: Sequence[Line], progress: Sequence[Progress]) -> int:
    """Gross fen of all pieces that are not cancelled: what an order commits of its dealer's credit."""
    return sum(
        line.value_of(line.quantity - line_progress.cancelled)
        for line, line_progress in zip(lines, progress, strict=True)
    )


def unshipped_value_fen(lines: Sequence[Line], progress: Sequence[Progress]) -> int:
    """Return the value in fen of the open pieces of an order: all that are neither shipped nor cancelled."""
    nothing_open = cancel_unshipped(lines, progress)
    return value_without_cancelled(lines, progress) - value_without_cancelled(lines, nothing_open)


def has_nothing_left_to_ship(lines: Sequence[Line], progress: Sequence[Progress]) -> bool:
    """Return whether nothing is left to ship."""
    return all(
        line_progress.shipped + line_progress.cancelled == line.quantity
        for line, line_progress in zip(lines, progress, strict=True)
    )


def split_to_fit_transactions(sku_indexes: Iterable[int], slots_per_bucket: int) -> list[frozenset[int]]:
    """Split SKU indexes into portions that one transaction can change, in bucket order.

    A portion touches at most BUCKETS_PER_TRANSACTION buckets.
    """
    by_bucket: dict[int, set[int]] = defaultdict(set)
    for sku_index in sku_indexes:
        by_bucket[sku_index // slots_per_bucket].add(sku_index)
    buckets = sorted(by_bucket)
    return [
        frozenset().union(*(by_bucket[bucket] for bucket in buckets[start : start + BUCKETS_PER_TRANSACTION]))
        for start in range(0, len(buckets), BUCKETS_PER_TRANSACTION)
    ]
