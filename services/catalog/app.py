"""Triggers of the catalogue: imports, price lists and the search."""

from contracts.price_events import PriceListScheduled, PriceListWithdrawn
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import PriceListId, Sku
from kernel.http.principal import Principal, Role
from kernel.messaging.events import Envelope
from services.catalog.price_notices import request_price_notices as price_notices
from services.catalog.price_notices import watch_price_lists as price_list_watch
from services.catalog.prices import compare_draft, read_price_lists, restore_version
from services.catalog.prices import publish_prices as publication
from services.catalog.prices import save_draft_prices as drafting
from services.catalog.prices.api import (
    DraftChanges,
    DraftPrices,
    DraftPricesResult,
    DraftQuery,
    PriceLists,
    PriceListsQuery,
    PriceListVersion,
    PriceListVersions,
    PublishedPriceList,
    PublishPrices,
    RestoredDraft,
    RestoreVersion,
    VersionPrices,
    VersionPricesQuery,
    VersionsQuery,
    WithdrawVersion,
)
from services.catalog.products.api import ImportProducts, ImportProductsResult
from services.catalog.products.import_products import check_product_file, import_products
from services.catalog.search import find_products
from services.catalog.search import list_categories as categories
from services.catalog.search.api import Categories, PricingDealerQuery, ProductPage, ProductsQuery, ProductView

app = ServiceApp("catalog")

EVERYONE = frozenset(Role)
CLERKS = frozenset({Role.ASSISTANT, Role.ADMIN})


@app.operation(
    "POST", "/imports/products", roles=CLERKS, summary="导入商品 / Import products", check=check_product_file
)
def import_product_file(body: ImportProducts, key: IdempotencyKey) -> ImportProductsResult:
    return import_products(body, key)


@app.operation(
    "POST",
    "/price-lists/{price_list_id}/drafts/{draft}/prices",
    roles=CLERKS,
    summary="录入价格 / Draft prices",
    check=drafting.check_draft_prices,
)
def draft_prices(price_list_id: PriceListId, draft: str, body: DraftPrices, key: IdempotencyKey) -> DraftPricesResult:
    return drafting.save_draft_prices(price_list_id, draft, body, key)


@app.operation(
    "POST", "/price-lists/{price_list_id}/drafts/{draft}/publish", roles=CLERKS, summary="发布价格表 / Publish prices"
)
def publish_prices(
    caller: Principal, price_list_id: PriceListId, draft: str, body: PublishPrices, key: IdempotencyKey
) -> PublishedPriceList:
    return publication.publish_prices(caller, price_list_id, draft, body, key)


@app.operation(
    "GET",
    "/price-lists/{price_list_id}/drafts/{draft}",
    roles=CLERKS,
    summary="价格草稿与现行版本的差异 / Show a draft's changes",
)
def show_draft(caller: Principal, price_list_id: PriceListId, draft: str, query: DraftQuery) -> DraftChanges:
    return compare_draft.show_draft(caller, price_list_id, draft, query)


@app.operation(
    "POST",
    "/price-lists/{price_list_id}/drafts/{draft}/restore",
    roles=CLERKS,
    summary="以旧版本为草稿 / Restore a former version as draft",
)
def restore_price_version(
    price_list_id: PriceListId, draft: str, body: RestoreVersion, key: IdempotencyKey
) -> RestoredDraft:
    return restore_version.restore_version(price_list_id, draft, body, key)


@app.operation(
    "GET", "/price-lists/{price_list_id}/versions", roles=CLERKS, summary="价格表历史 / List versions of a price list"
)
def list_price_versions(caller: Principal, price_list_id: PriceListId, query: VersionsQuery) -> PriceListVersions:
    return read_price_lists.list_versions(caller, price_list_id, query)


@app.operation(
    "GET",
    "/price-lists/{price_list_id}/versions/{version}/prices",
    roles=CLERKS,
    summary="版本价格 / List the prices of a version",
)
def list_version_prices(
    caller: Principal, price_list_id: PriceListId, version: str, query: VersionPricesQuery
) -> VersionPrices:
    return read_price_lists.show_version_prices(caller, price_list_id, version, query)


@app.operation(
    "POST",
    "/price-lists/{price_list_id}/versions/{version}/withdraw",
    roles=CLERKS,
    summary="撤回未生效的版本 / Withdraw a version before it begins",
)
def withdraw_price_version(
    caller: Principal, price_list_id: PriceListId, version: str, body: WithdrawVersion, key: IdempotencyKey
) -> PriceListVersion:
    return publication.withdraw_version(caller, price_list_id, version, body, key)


@app.operation("GET", "/price-lists", roles=CLERKS, summary="价格表 / List price lists")
def list_price_lists(caller: Principal, query: PriceListsQuery) -> PriceLists:
    return read_price_lists.list_price_lists(caller, query)


@app.consumer(subscribes=[PriceListScheduled, PriceListWithdrawn], batch_size=1, timeout_seconds=60)
def request_price_notices(message: Envelope) -> None:
    """Request a notice for each dealer whose terms name the price list."""
    price_notices.request_price_notices(message)


@app.periodic(minutes=60)
def watch_price_lists() -> None:
    """Warn staff of price lists that end without a successor."""
    price_list_watch.watch_price_lists()


@app.operation("GET", "/categories", roles=EVERYONE, summary="商品品类 / List categories")
def list_categories() -> Categories:
    return categories.list_categories()


@app.operation("GET", "/products", roles=EVERYONE, summary="商品目录 / Search the catalogue")
def list_products(caller: Principal, query: ProductsQuery) -> ProductPage:
    return find_products.list_products(caller, query)


@app.operation("GET", "/products/{sku}", roles=EVERYONE, summary="商品详情 / Show a product")
def show_product(caller: Principal, sku: Sku, query: PricingDealerQuery) -> ProductView:
    return find_products.show_product(caller, sku, query.dealer_id)
