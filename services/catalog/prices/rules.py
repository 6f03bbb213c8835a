"""Rules of quantity breaks and of the days on which a price list is valid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from contracts.catalog import Price, page_version
from kernel.base.problems import FieldProblem


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


def validity_problems(valid_from: date, valid_to: date | None, today: date) -> list[FieldProblem]:
    """Return the problems of the days of a price list that must be valid today."""
    problems = []
    if valid_from > today:
        detail = "生效日在将来,请到当日再发布 / begins in the future; publish it on that day"
        problems.append(FieldProblem(field="valid_from", code="not-yet-valid", detail=detail))
    if valid_to is not None and valid_to < max(valid_from, today):
        detail = "失效日已过 / ends before it begins or before today"
        problems.append(FieldProblem(field="valid_to", code="already-over", detail=detail))
    return problems
