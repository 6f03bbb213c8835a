"""Triggers of the catalogue: imports, price lists and the search."""

from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal, Role
from services.catalog.prices import publish_prices as publication
from services.catalog.prices import save_draft_prices as drafting
from services.catalog.prices.api import DraftPrices, DraftPricesResult, PublishedPriceList, PublishPrices
from services.catalog.products.api import ImportProducts, ImportProductsResult
from services.catalog.products.import_products import import_products
from services.catalog.search import find_products
from services.catalog.search.api import PricingDealerQuery, ProductPage, ProductsQuery, ProductView

app = ServiceApp("catalog")

EVERYONE = frozenset(Role)
CLERKS = frozenset({Role.ASSISTANT, Role.ADMIN})


@app.operation("POST", "/imports/products", roles=CLERKS, summary="导入商品 / Import products")
def import_product_file(body: ImportProducts, key: IdempotencyKey) -> ImportProductsResult:
    return import_products(body, key)


@app.operation(
    "POST", "/price-lists/{price_list_id}/drafts/{draft}/prices", roles=CLERKS, summary="录入价格 / Draft prices"
)
def draft_prices(price_list_id: str, draft: str, body: DraftPrices, key: IdempotencyKey) -> DraftPricesResult:
    return drafting.save_draft_prices(price_list_id, draft, body, key)


@app.operation(
    "POST", "/price-lists/{price_list_id}/drafts/{draft}/publish", roles=CLERKS, summary="发布价格表 / Publish prices"
)
def publish_prices(price_list_id: str, draft: str, body: PublishPrices, key: IdempotencyKey) -> PublishedPriceList:
    return publication.publish_prices(price_list_id, draft, body, key)


@app.operation("GET", "/products", roles=EVERYONE, summary="商品目录 / Search the catalogue")
def list_products(caller: Principal, query: ProductsQuery) -> ProductPage:
    return find_products.list_products(caller, query)


@app.operation("GET", "/products/{sku}", roles=EVERYONE, summary="商品详情 / Show a product")
def show_product(caller: Principal, sku: str, query: PricingDealerQuery) -> ProductView:
    return find_products.show_product(caller, sku, query.dealer_id)
