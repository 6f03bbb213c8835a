"""List the price lists, and the published versions of one."""

from __future__ import annotations

from datetime import date

from contracts.catalog import PRICE_LISTS, EarlierVersion, PriceListItem, PriceVersionItem, price_list_key
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import query_page
from kernel.time import clock
from reads.price_lists import price_list_problems
from services.catalog.prices.api import (
    PriceLists,
    PriceListsQuery,
    PriceListVersion,
    PriceListVersions,
    PriceListView,
    PublishedPriceList,
    VersionsQuery,
)


def list_price_lists(caller: Principal, query: PriceListsQuery) -> PriceLists:
    """Return a page of the price lists, with the version that is valid today and those that wait.

    Raises:
        BadRequest: the cursor belongs to another caller.
    """
    bound_to = [caller.scope, "GET price lists"]
    page = query_page(
        PriceListItem, PRICE_LISTS, on_index=True, limit=query.limit, start=open_cursor(bound_to, query.cursor)
    )
    today = clock.business_date(clock.now())
    return PriceLists(
        price_lists=[_view(item, today) for item in page.items], next_cursor=next_cursor(bound_to, page.next_key)
    )


def _view(item: PriceListItem, today: date) -> PriceListView:
    valid = item.on_day(today)
    versions = (*item.earlier_versions, item.own_version)
    return PriceListView(
        price_list_id=item.price_list_id,
        name=item.name,
        valid=_version_view(item, valid.own_version) if valid else None,
        waiting=[_version_view(item, one) for one in versions if one.valid_from > today.isoformat()],
        next_draft=str(item.next_number),
    )


def _version_view(item: PriceListItem, version: EarlierVersion) -> PublishedPriceList:
    return PublishedPriceList(
        price_list_id=item.price_list_id,
        version=version.version,
        name=version.name,
        valid_from=date.fromisoformat(version.valid_from),
        valid_to=date.fromisoformat(version.valid_to) if version.valid_to else None,
    )


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
        versions=[version_view(item) for item in page.items], next_cursor=next_cursor(bound_to, page.next_key)
    )


def version_view(item: PriceVersionItem) -> PriceListVersion:
    """Return a version of the history as an answer shows it."""
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
        withdrawn_at=item.withdrawn_at,
        withdrawn_by=item.withdrawn_by,
        withdrawal_reason=item.withdrawal_reason,
    )
