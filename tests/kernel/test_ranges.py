"""Lists over several key ranges: any page size shows every row once, and a page looks at a bounded number of items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kernel.store import ranges
from kernel.store.items import Item
from kernel.store.ranges import MOST_ITEMS, MOST_RANGES, KeyRange, read_ranges
from kernel.store.read import Page


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Replace the query by one of partitions in memory: partition `P<n>` has n items. Yields the sizes of the reads."""
    sizes: list[int] = []

    def read(one: KeyRange, limit: int, after: dict[str, Any] | None) -> Page:
        keys = [f"{number:04d}" for number in range(int(one.pk[1:].partition("-")[0]))]
        begin = keys.index(after["sk"]["S"]) + 1 if after else 0
        items = [Item(one.pk, key) for key in keys[begin : begin + limit]]
        sizes.append(len(items))
        has_more = begin + limit < len(keys)
        return Page(items, {"sk": {"S": str(items[-1].sk)}} if has_more and items else None)

    monkeypatch.setattr(ranges, "_read", read)
    yield sizes


def pages(counts: Sequence[int], limit: int, wanted: int = 1) -> list[list[str]]:
    """Return the rows of every page; only each `wanted`-th item has a row."""
    found: list[list[str]] = []
    start: dict[str, Any] | None = None
    while True:
        page = read_ranges(
            [KeyRange(Item, f"P{count}-{number}") for number, count in enumerate(counts)],
            lambda items: [f"{one.pk} {one.sk}" if int(one.sk) % wanted == 0 else None for one in items],
            limit=limit,
            filtered=wanted > 1,
            start=start,
        )
        found.append(page.rows)
        start = page.position
        if start is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
@pytest.mark.parametrize("wanted", [1, 3])
@pytest.mark.parametrize("counts", [[0], [3], [0, 5, 0, 0, 120, 1], [1] * 90])
def test_pages_show_every_row_once(reads: list[int], counts: list[int], wanted: int, limit: int) -> None:
    expected = [
        f"P{count}-{place} {number:04d}" for place, count in enumerate(counts) for number in range(0, count, wanted)
    ]
    found = pages(counts, limit, wanted)
    assert [row for page in found for row in page] == expected
    assert all(len(page) <= limit for page in found)


def test_page_without_a_match_looks_at_a_bounded_number_of_items(reads: list[int]) -> None:
    read_ranges([KeyRange(Item, "P5000-0")], lambda items: [None] * len(items), limit=50, filtered=True)
    assert sum(reads) == MOST_ITEMS


def test_page_of_empty_ranges_reads_a_bounded_number_of_them(reads: list[int]) -> None:
    empty = [KeyRange(Item, f"P0-{number}") for number in range(500)]
    page = read_ranges(empty, lambda items: [], limit=50, filtered=True)
    assert (len(reads), page.rows) == (MOST_RANGES, [])
    assert page.position


def test_unfiltered_page_reads_no_item_in_vain(reads: list[int]) -> None:
    read_ranges([KeyRange(Item, "P5000-0")], lambda items: [1] * len(items), limit=7, filtered=False)
    assert reads == [7]
