"""Reads of the shared table: items by key, and queries of one partition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pynamodb.connection.base import BOTOCORE_EXCEPTIONS
from pynamodb.exceptions import QueryError
from pynamodb.expressions.condition import Condition

from kernel.base.settings import settings
from kernel.store.items import Index, Item, Key, Kind


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
    query = _Query(kind, pk, sk, on_index, limit, newest_first, consistent)
    found: list[Any] = []
    while len(found) < limit:
        page = query.page(start)
        # A page may be shorter, because DynamoDB counts the items of other kinds and leaves them out.
        taken = page["Items"][: limit - len(found)]
        found += taken
        start = page.get("LastEvaluatedKey")
        if len(taken) < len(page["Items"]):
            start = {name: taken[-1][name] for name in (_INDEX_KEY if on_index else _KEY)}
        if start is None:
            break
    return Page([kind.from_raw_data(item) for item in found], start)


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
    query = _Query(kind, pk, sk, on_index, page_size, newest_first, consistent)
    start: dict[str, Any] | None = None
    while True:
        page = query.page(start)
        yield from map(kind.from_raw_data, page["Items"])
        start = page.get("LastEvaluatedKey")
        if start is None:
            return


class _Query:
    """The requests of a query, as PynamoDB composes them; its objects for each part take as long as the rest."""

    def __init__(
        self,
        kind: type[Item],
        pk: str,
        sk: Condition | None,
        on_index: bool,
        page_size: int | None,
        newest_first: bool,
        consistent: bool,
    ) -> None:
        names = {"gsi1pk" if on_index else "pk": "#0"}
        values: dict[str, Any] = {":0": {"S": pk}}
        of_kind = Item.kind.is_in(*Item.kind.get_registered_subclasses(kind))
        self._request: dict[str, Any] = {
            "TableName": settings().table,
            "KeyConditionExpression": "#0 = :0" if sk is None else f"(#0 = :0 AND {sk.serialize(names, values)})",
            "FilterExpression": of_kind.serialize(names, values),
            "ExpressionAttributeNames": {alias: name for name, alias in names.items()},
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
        }
        if on_index:
            self._request["IndexName"] = Index.Meta.index_name
        elif consistent:
            self._request["ConsistentRead"] = True
        if page_size is not None:
            self._request["Limit"] = page_size

    def page(self, start: dict[str, Any] | None) -> dict[str, Any]:
        """Send the request of one page.

        Raises:
            QueryError: DynamoDB refused it, or did not answer.
        """
        request = self._request | ({"ExclusiveStartKey": start} if start else {})
        try:
            page: dict[str, Any] = Item._get_connection().connection.dispatch("Query", request)
        except BOTOCORE_EXCEPTIONS as error:
            raise QueryError(f"Failed to query items: {error}", error) from error
        return page


_KEY = ("pk", "sk")
_INDEX_KEY = (*_KEY, "gsi1pk", "gsi1sk")
