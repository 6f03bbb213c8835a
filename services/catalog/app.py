"""Everything the catalogue can be asked: products in, prices in, and what dealers see of both."""

from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal, Role
from services.catalog.api import (
    Drafted,
    DraftPrices,
    ForDealer,
    Imported,
    ImportProducts,
    ProductPage,
    ProductsQuery,
    ProductView,
    Published,
    PublishPrices,
)
from services.catalog.commands import browse, import_products, price_lists

app = ServiceApp("catalog")

EVERYONE = frozenset(Role)
CLERKS = frozenset({Role.ASSISTANT, Role.ADMIN})


@app.operation("POST", "/imports/products", roles=CLERKS, summary="导入商品 / Import products")
def import_product_file(body: ImportProducts, key: IdempotencyKey) -> Imported:
    return import_products.import_products(body, key)


@app.operation(
    "POST", "/price-lists/{price_list_id}/drafts/{draft}/prices", roles=CLERKS, summary="录入价格 / Draft prices"
)
def draft_prices(price_list_id: str, draft: str, body: DraftPrices, key: IdempotencyKey) -> Drafted:
    return price_lists.draft_prices(price_list_id, draft, body, key)


@app.operation(
    "POST", "/price-lists/{price_list_id}/drafts/{draft}/publish", roles=CLERKS, summary="发布价格表 / Publish prices"
)
def publish_prices(price_list_id: str, draft: str, body: PublishPrices, key: IdempotencyKey) -> Published:
    return price_lists.publish_prices(price_list_id, draft, body, key)


@app.operation("GET", "/products", roles=EVERYONE, summary="商品目录 / Search the catalogue")
def list_products(caller: Principal, query: ProductsQuery) -> ProductPage:
    return browse.list_products(caller, query)


@app.operation("GET", "/products/{sku}", roles=EVERYONE, summary="商品详情 / Show a product")
def show_product(caller: Principal, sku: str, query: ForDealer) -> ProductView:
    return browse.show_product(caller, sku, query.dealer_id)
