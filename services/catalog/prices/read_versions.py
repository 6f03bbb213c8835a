"""List the published versions of a price list."""

from __future__ import annotations

from datetime import date

from contracts.catalog import PriceVersionItem, price_list_key
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import query_page
from reads.price_lists import price_list_problems
from services.catalog.prices.api import PriceListVersion, PriceListVersions, VersionsQuery


def list_versions(caller: Principal, price_list_id: str, query: VersionsQuery) -> PriceListVersions:
    """Return a page of the history of a price list, the newest version first.

    Raises:
        NotFound: no version of such a list is published; names the published lists.
        BadRequest: the cursor belongs to another caller or price list.
    """
    bound_to = [caller.scope, "GET versions", price_list_id]
    start = open_cursor(bound_to, query.cursor)
    page = query_page(
        PriceVersionItem,
        price_list_key(price_list_id)[0],
        sk=PriceVersionItem.sk.startswith("VERSION#"),
        limit=query.limit,
        start=start,
        newest_first=True,
        consistent=True,
    )
    if not page.items and start is None:
        raise NotFound(price_list_problems([("price_list_id", price_list_id)], ()))
    return PriceListVersions(
        versions=[_view(item) for item in page.items], next_cursor=next_cursor(bound_to, page.next_key)
    )


def _view(item: PriceVersionItem) -> PriceListVersion:
    return PriceListVersion(
        price_list_id=item.price_list_id,
        version=item.version,
        name=item.name,
        valid_from=date.fromisoformat(item.valid_from),
        valid_to=date.fromisoformat(item.valid_to) if item.valid_to else None,
        published_by=item.published_by,
        published_at=item.published_at,
        removals=item.removals,
        restored_from=item.restored_from,
    )
