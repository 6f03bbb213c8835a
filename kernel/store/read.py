"""Reads of the shared table: items by key, and queries of one partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pynamodb.expressions.condition import Condition

from kernel.store.items import Item, Key, Kind


def fetch(keys: Iterable[Key], *, consistent: bool = True) -> dict[Key, Item]:
    """The items at these keys, of whatever kind, in as few batched reads as can be; absent ones are left out."""
    wanted = list(dict.fromkeys(keys))
    return {(item.pk, item.sk): item for item in Item.batch_get(wanted, consistent_read=consistent)} if wanted else {}


def fetch_one(kind: type[Kind], key: Key, *, consistent: bool = True) -> Kind | None:
    """The item at the key, or None."""
    try:
        return kind.get(key[0], key[1], consistent_read=consistent)
    except kind.DoesNotExist:
        return None


class Page(NamedTuple):
    """One page of a query and the key to go on from, None after the last."""

    items: list[Any]
    next_key: dict[str, Any] | None


def query_page(
    kind: type[Kind],
    pk: str,
    *,
    sk: Condition | None = None,
    on_index: bool = False,
    limit: int,
    start: dict[str, Any] | None = None,
    newest_first: bool = False,
    consistent: bool = False,
) -> Page:
    """At most `limit` items of one partition (of the table or of `gsi1`), in key order.

    Args:
        sk: a condition on the sort key, e.g. `Item.sk.startswith("HEADER#")` (with `on_index`: `Index.gsi1sk…`).
        start: `next_key` of the page before.
    """
    source: Any = kind.gsi1 if on_index else kind
    found = source.query(
        pk,
        range_key_condition=sk,
        limit=limit,
        last_evaluated_key=start,
        scan_index_forward=not newest_first,
        **({} if on_index else {"consistent_read": consistent}),
    )
    items = list(found)
    return Page(items, found.last_evaluated_key)


def query_all(kind: type[Kind], pk: str, *, sk: Condition | None = None) -> Iterator[Kind]:
    """Every item of a partition in key order, read consistently, page after page."""
    return iter(kind.query(pk, range_key_condition=sk, consistent_read=True))
