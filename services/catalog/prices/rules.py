"""Rules of quantity breaks and of the days on which a price list is valid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from contracts.catalog import EarlierVersion, Price, PriceListItem, page_version
from kernel.base.problems import FieldProblem

#: A version that begins later than that is a typing error.
_FARTHEST_START = timedelta(days=366)
#: Versions that a price list keeps besides the newest: the valid one, and those that wait. Readers load all of them.
MAX_EARLIER_VERSIONS = 6


def versions_kept(newest: PriceListItem, valid_from: date, today: date) -> list[EarlierVersion]:
    """Return the versions that are valid on some day from today on, before a next version begins at `valid_from`."""
    before = [one for one in (*newest.earlier_versions, newest.own_version) if one.valid_from < valid_from.isoformat()]
    started = [one for one in before if one.valid_from <= today.isoformat()]
    if valid_from <= today:
        return []
    return [*started[-1:], *(one for one in before if one.valid_from > today.isoformat())]


def next_break(price: Price, quantity: int) -> tuple[int, Decimal] | None:
    """Return the nearest quantity above `quantity` at which pieces get cheaper, and their price in yuan."""
    return next(((least, unit_price) for least, unit_price in price.breaks if least > quantity), None)


def price_problems(index: int, price: Price) -> list[FieldProblem]:
    """Return the problems of row `index`: breaks start above one piece, rise in quantity and fall in price."""
    problems = []
    steps = [(1, price.unit_price), *price.breaks]
    for number, ((lower, dearer), (higher, cheaper)) in enumerate(pairwise(steps)):
        path = f"prices.{index}.breaks.{number}"
        if higher <= lower:
            detail = f"数量须大于 {lower} / must be more than {lower}"
            problems.append(FieldProblem(field=f"{path}.quantity", code="not-ascending", detail=detail))
        if cheaper >= dearer:
            detail = f"价格须低于 {dearer} / must be below {dearer}"
            problems.append(FieldProblem(field=f"{path}.unit_price", code="not-cheaper", detail=detail))
    return problems


def changed_buckets(before: Sequence[int], after: Sequence[int]) -> list[int]:
    """Return the buckets whose pages differ between two versions. Both arguments have a page version per bucket."""
    return [
        bucket
        for bucket in range(max(len(before), len(after)))
        if page_version(before, bucket) != page_version(after, bucket)
    ]


def buckets_with_prices(page_versions: Sequence[int], first: int) -> list[int]:
    """Return the buckets from `first` on for which a version has a page."""
    return [bucket for bucket in range(first, len(page_versions)) if page_versions[bucket]]


def with_pages(page_versions: Sequence[int], version: int, buckets: Sequence[int]) -> list[int]:
    """Return the page versions after `version` has written the pages of these buckets."""
    length = max([len(page_versions), *(bucket + 1 for bucket in buckets)])
    written = set(buckets)
    return [version if bucket in written else page_version(page_versions, bucket) for bucket in range(length)]


def price_changes(
    before: Mapping[int, Price], after: Mapping[int, Price]
) -> dict[int, tuple[Price | None, Price | None]]:
    """Return the old and the new price of every SKU index at which they differ; None where there is no price."""
    return {
        sku_index: (before.get(sku_index), after.get(sku_index))
        for sku_index in sorted(before.keys() | after.keys())
        if before.get(sku_index) != after.get(sku_index)
    }


def validity_problems(
    valid_from: date, valid_to: date | None, today: date, newest: PriceListItem | None
) -> list[FieldProblem]:
    """Return the problems of the first and the last day of a version that follows the newest published one."""
    problems = []
    if valid_from > today + _FARTHEST_START:
        detail = f"生效日最多在 {today + _FARTHEST_START} / begins too late: at most a year ahead"
        problems.append(FieldProblem(field="valid_from", code="too-late", detail=detail))
    # Versions begin in the order of their numbers, so the last one that has begun is also the newest of them.
    if newest and today.isoformat() < newest.valid_from and valid_from.isoformat() < newest.valid_from:
        detail = (
            f"第 {newest.version} 版 {newest.valid_from} 生效,不能早于它;如需先改价,请先撤回该版 / "
            f"version {newest.version} begins on {newest.valid_from}; begin on that day or later, or withdraw it first"
        )
        problems.append(FieldProblem(field="valid_from", code="before-waiting-version", detail=detail))
    if newest and len(versions_kept(newest, valid_from, today)) > MAX_EARLIER_VERSIONS:
        detail = f"最多 {MAX_EARLIER_VERSIONS} 个版本等待生效 / at most {MAX_EARLIER_VERSIONS} versions may wait"
        problems.append(FieldProblem(field="valid_from", code="too-many-waiting", detail=detail))
    if valid_to is not None and valid_to < max(valid_from, today):
        detail = "失效日已过 / ends before it begins or before today"
        problems.append(FieldProblem(field="valid_to", code="already-over", detail=detail))
    return problems
