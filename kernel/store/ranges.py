"""Lists over several ranges of keys, as one list of pages whose cost is bounded.

A filter that no key has is applied to what was read. So a page ends when it is full, or when it has looked at
`MOST_ITEMS` items or `MOST_RANGES` ranges; its cursor continues after what was read. A page may therefore have fewer
rows than asked for, even none, and only a page without a cursor is the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from pynamodb.expressions.condition import Condition

from kernel.store.items import Index, Item
from kernel.store.read import Page, query_page

#: Most items and ranges that one page looks at.
MOST_ITEMS = 200
MOST_RANGES = 40
#: Items read at once where a filter may leave some of them out.
_AT_ONCE = 50

Row = TypeVar("Row")


class KeyRange(NamedTuple):
    """Consecutive keys of one partition of the table or of `gsi1`, by the sort key.

    From `first` to `last` inclusive; without `last`, the keys that begin with `first`.
    """

    kind: type[Item]
    pk: str
    first: str = ""
    last: str | None = None
    on_index: bool = False
    newest_first: bool = False

    @property
    def name(self) -> str:
        """Name of the range in a cursor: different from that of every other range of the same list."""
        return f"{self.pk} {self.first[:2]}"


class Rows(NamedTuple, Generic[Row]):
    """Rows of one page; `position` is the `start` of the next page, None after the last."""

    rows: list[Row]
    position: dict[str, Any] | None


def read_ranges(
    ranges: Sequence[KeyRange],
    choose: Callable[[list[Any]], Sequence[Row | None]],
    *,
    limit: int,
    filtered: bool,
    start: dict[str, Any] | None = None,
) -> Rows[Row]:
    """Return at most `limit` rows of these ranges, one range after the other.

    Args:
        choose: returns the row of each item, None for an item that the list leaves out.
        filtered: False if `choose` leaves nothing out, so that no item is read in vain.
        start: `position` of the page before.
    """
    rows: list[Row] = []
    looked, after = 0, start["after"] if start else None
    left = _from(ranges, start)
    for number, one in enumerate(left):
        while True:
            if number == MOST_RANGES or looked >= MOST_ITEMS:
                return Rows(rows, _position(one, after))
            most = min(MOST_ITEMS - looked, _AT_ONCE if filtered else limit - len(rows))
            page = _read(one, most, after)
            looked += len(page.items)
            for item, row in zip(page.items, choose(page.items), strict=True):
                if row is None:
                    continue
                rows.append(row)
                if len(rows) == limit:
                    has_more = item is not page.items[-1] or page.next_key or number + 1 < len(left)
                    return Rows(rows, _position(one, _key_of(one, item)) if has_more else None)
            after = page.next_key
            if after is None:
                break
    return Rows(rows, None)


def _from(ranges: Sequence[KeyRange], start: dict[str, Any] | None) -> Sequence[KeyRange]:
    """Return the ranges from that of the cursor on. A range that is gone since, such as a past day, has no rows."""
    if start is None:
        return ranges
    names = [one.name for one in ranges]
    return ranges[names.index(start["range"]) :] if start["range"] in names else ()


def _position(one: KeyRange, after: dict[str, Any] | None) -> dict[str, Any]:
    return {"range": one.name, "after": after}


def _key_of(one: KeyRange, item: Item) -> dict[str, Any]:
    names = ("pk", "sk", "gsi1pk", "gsi1sk") if one.on_index else ("pk", "sk")
    return {name: {"S": getattr(item, name)} for name in names}


def _read(one: KeyRange, limit: int, after: dict[str, Any] | None) -> Page:
    return query_page(
        one.kind,
        one.pk,
        sk=_condition(one),
        on_index=one.on_index,
        limit=limit,
        start=after,
        newest_first=one.newest_first,
    )


def _condition(one: KeyRange) -> Condition | None:
    key: Any = Index.gsi1sk if one.on_index else one.kind.sk
    if one.last is not None:
        between: Condition = key.between(one.first, one.last)
        return between
    return key.startswith(one.first) if one.first else None
