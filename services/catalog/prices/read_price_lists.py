"""List the price lists, the published versions of one, and the prices of a version."""

from __future__ import annotations

from datetime import date

from contracts.catalog import (
    PRICE_LISTS,
    EarlierVersion,
    PriceListItem,
    PricePageItem,
    PriceVersionItem,
    price_list_key,
    price_page_key,
    price_version_key,
)
from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import fetch, query_page
from kernel.time import clock
from reads.assortment import listings_by_index
from reads.price_lists import price_list_problems
from services.catalog.prices.api import (
    NamedPrice,
    PriceLists,
    PriceListsQuery,
    PriceListVersion,
    PriceListVersions,
    PriceListView,
    PublishedPriceList,
    VersionPrices,
    VersionPricesQuery,
    VersionsQuery,
)
from services.catalog.prices.compare_draft import listed_price
from services.catalog.prices.drafts import PriceDraftItem, PriceListDraft
from services.catalog.prices.rules import buckets_with_prices
from services.catalog.vocabulary import ProductStatus

#: Price pages that one request reads. A page has up to 80 prices and costs half a read unit or one.
_PAGES_PER_REQUEST = 16
_LONGEST_NUMBER = 6


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
    drafts = {item.price_list_id: PriceListDraft(item.price_list_id, item.next_number).key for item in page.items}
    found = fetch(drafts.values(), consistent=False)
    return PriceLists(
        price_lists=[
            _view(item, today, isinstance(found.get(drafts[item.price_list_id]), PriceDraftItem)) for item in page.items
        ],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def _view(item: PriceListItem, today: date, draft_begun: bool) -> PriceListView:
    valid = item.on_day(today)
    versions = (*item.earlier_versions, item.own_version)
    return PriceListView(
        price_list_id=item.price_list_id,
        name=item.name,
        valid=_version_view(item, valid.own_version) if valid else None,
        waiting=[_version_view(item, one) for one in versions if one.valid_from > today.isoformat()],
        next_draft=str(item.next_number),
        draft_begun=draft_begun,
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


# ---- prices of a version ----


def show_version_prices(
    caller: Principal, price_list_id: str, version: str, query: VersionPricesQuery
) -> VersionPrices:
    """Return a page of the prices of a published version, in the order of the catalogue.

    Raises:
        NotFound: there is no such version; names the published lists if the list is unknown.
        BadRequest: the cursor belongs to another caller or version.
    """
    _, item = load_version(price_list_id, version)
    bound_to = [caller.scope, "GET version prices", price_list_id, str(item.version)]
    start = (open_cursor(bound_to, query.cursor) or {"sku_index": 0})["sku_index"]
    buckets = buckets_with_prices(item.page_versions, BucketPosition.of(start).bucket)
    read, unread = buckets[:_PAGES_PER_REQUEST], buckets[_PAGES_PER_REQUEST:]
    keys = {price_page_key(price_list_id, item.page_versions[bucket], bucket): bucket for bucket in read}
    prices = {
        sku_index: price
        for key, page in fetch(keys, consistent=False).items()
        if isinstance(page, PricePageItem)
        for sku_index, price in page.by_sku_index(keys[key]).items()
        if sku_index >= start
    }
    shown, rest = sorted(prices)[: query.limit], sorted(prices)[query.limit :]
    following = next(iter([*rest, *(bucket * SKUS_PER_BUCKET for bucket in unread)]), None)
    listings = listings_by_index() if shown else {}
    return VersionPrices(
        version=version_view(item),
        prices=[
            NamedPrice(
                sku=listings[sku_index][0],
                name_zh=listings[sku_index][1].name_zh,
                status=ProductStatus(listings[sku_index][1].status),
                price=listed_price(prices[sku_index]),
            )
            for sku_index in shown
        ],
        next_cursor=next_cursor(bound_to, {"sku_index": following} if following is not None else None),
    )


def load_version(price_list_id: str, version: str) -> tuple[PriceListItem, PriceVersionItem]:
    """Load a price list and the version of its history that a path names.

    Raises:
        NotFound: there is no such version; names the published lists if the list is unknown.
    """
    if not (version.isascii() and version.isdigit() and len(version) <= _LONGEST_NUMBER):
        raise NotFound
    keys = price_list_key(price_list_id), price_version_key(price_list_id, int(version))
    found = fetch(keys)
    newest, item = found.get(keys[0]), found.get(keys[1])
    if not isinstance(newest, PriceListItem):
        raise NotFound(price_list_problems([("price_list_id", price_list_id)], ()))
    if not isinstance(item, PriceVersionItem):
        raise NotFound
    return newest, item
