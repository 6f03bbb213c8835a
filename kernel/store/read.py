"""Reads of the shared table: items by key, and queries of one partition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pynamodb.expressions.condition import Condition

from kernel.store.items import Item, Key, Kind


def fetch(keys: Iterable[Key], *, consistent: bool = True) -> dict[Key, Item]:
    """Return the items at these keys, of any kind, in as few batched reads as possible. Absent items are left out."""
    wanted = list(dict.fromkeys(keys))
    return {(item.pk, item.sk): item for item in Item.batch_get(wanted, consistent_read=consistent)} if wanted else {}


def fetch_one(kind: type[Kind], key: Key, *, consistent: bool = True) -> Kind | None:
    """Return the item at the key, or None."""
    try:
        return kind.get(key[0], key[1], consistent_read=consistent)
    except kind.DoesNotExist:
        return None


class Page(NamedTuple):
    """One page of a query. `next_key` is the `start` of the next page, None after the last."""

    items: list[Any]
    next_key: dict[str, Any] | None


def page_of_named(pointers: Page, key_of: Callable[[Any], Key]) -> Page:
    """Return the page of the items that a page of pointers names, in its order, without those that are gone.

    Args:
        key_of: gives the key of the item that a pointer names.
    """
    keys = [key_of(pointer) for pointer in pointers.items]
    found = fetch(keys)
    return Page([found[key] for key in keys if key in found], pointers.next_key)


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
    """Return at most `limit` items of one partition of the table or of `gsi1`, in key order.

    For routes that answer with a cursor. `query_all` reads every page.

    Args:
        sk: condition on the sort key, e.g. `Item.sk.startswith("HEADER#")`, on the index `Index.gsi1sk < "2"`.
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


def query_all(
    kind: type[Kind],
    pk: str,
    *,
    sk: Condition | None = None,
    on_index: bool = False,
    page_size: int | None = None,
    newest_first: bool = False,
    consistent: bool = True,
) -> Iterator[Kind]:
    """Yield every item of one partition of the table or of `gsi1`, in key order.

    A page is read when its first item is needed. The index cannot be read consistently.

    Args:
        sk: condition on the sort key.
        page_size: most items in one page; by default DynamoDB's limit of 1 MB decides.
    """
    source: Any = kind.gsi1 if on_index else kind
    found = source.query(
        pk,
        range_key_condition=sk,
        page_size=page_size,
        scan_index_forward=not newest_first,
        **({} if on_index else {"consistent_read": consistent}),
    )
    return iter(found)
