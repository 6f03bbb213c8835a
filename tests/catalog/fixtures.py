"""Client of the catalogue, rows of its files, and items of other services for its tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import Any

from contracts.assortment import AssortmentItem, AssortmentPageItem, Listing, page_of
from contracts.catalog import ProductItem
from contracts.dealers import DEALERS, DealerItem, dealer_key
from contracts.stock import SKUS_PER_BUCKET, StockBucketItem, stock_bucket_key
from kernel.base.codes import fold_text
from kernel.store.read import fetch
from services.catalog.products.items import SKU_INDEX_COUNTER_KEY, SkuIndexCounterItem
from services.catalog.search.items import BucketProductsItem, CategoriesItem, TermItem, term_key
from services.catalog.search.rules import product_tokens, token_bits
from services.catalog.vocabulary import Product
from tests.support.gateway import Response
from tests.support.world import World

#: First segments of the partition keys of all copies of products.
_COPIES = {"PRODUCT", "SKUINDEX", "TERM", "ASSORTMENT"}


def product_row(sku: str, **fields: Any) -> dict[str, Any]:
    """Return a row of a product file."""
    defaults = {"sku": sku, "name_zh": "LED筒灯", "name_en": "LED downlight", "category": "筒灯", "carton": 10}
    return {**defaults, **fields}


def price_row(
    sku: str, unit_price: str = "12.50", *breaks: tuple[int, str], price_policy: str = "标准价"
) -> dict[str, Any]:
    """Return a row of a price file; `breaks` are (from pieces, unit price)."""
    break_rows = [{"quantity": quantity, "unit_price": cheaper} for quantity, cheaper in breaks]
    return {"sku": sku, "unit_price": unit_price, "price_policy": price_policy, "breaks": break_rows}


def product(sku: str = "DL-AG07-30K", **fields: object) -> Product:
    """Return a product as the rules see it."""
    defaults: dict[str, object] = {
        "sku": sku,
        "name_zh": "防眩嵌入式LED筒灯 7W",
        "name_en": "Anti-glare recessed downlight 7W",
        "category": "筒灯",
        "specs": {"色温": "3000K", "尺寸": "开孔 Φ75×60 mm"},
        "carton": 20,
        "order_multiple": 1,
        "tax_percent": 13,
        "status": "active",
        "successor": None,
    }
    return Product(**{**defaults, **fields})  # type: ignore[arg-type]


class CatalogClient:
    """Requests to the catalogue, by a clerk unless a token is given. Every POST has its own idempotency key."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clerk = world.token(role="assistant")
        self._keys = count()

    def post(self, path: str, body: Any, key: str | None = None) -> Response:
        """Send a POST request."""
        return self.world.call(
            "catalog", "POST", path, body=body, token=self.clerk, key=key or f"key-{next(self._keys)}"
        )

    def import_products(self, *rows: dict[str, Any], key: str | None = None) -> Response:
        """Import a product file."""
        return self.post("/imports/products", {"products": list(rows)}, key)

    def draft_prices(
        self, price_list: str, version: int | str, *rows: dict[str, Any], key: str | None = None
    ) -> Response:
        """Write prices into a draft."""
        return self.post(f"/price-lists/{price_list}/drafts/{version}/prices", {"prices": list(rows)}, key)

    def publish_prices(self, price_list: str, version: int | str, key: str | None = None, **fields: Any) -> Response:
        """Publish a draft."""
        body = {"name": f"{price_list} 级价", "valid_from": "2026-01-01", **fields}
        return self.post(f"/price-lists/{price_list}/drafts/{version}/publish", body, key)

    def publish_price_list(self, price_list: str, *rows: dict[str, Any], version: int = 1) -> None:
        """Draft and publish a version of a price list."""
        assert self.draft_prices(price_list, version, *rows).status == 200
        assert self.publish_prices(price_list, version).status == 200

    def get(self, path: str, **query: Any) -> Response:
        """Send a GET request."""
        return self.world.call("catalog", "GET", path, query=query, token=self.clerk)

    def draft_changes(self, price_list: str, version: int | str, **query: Any) -> Response:
        """Return a page of a draft's changes."""
        return self.get(f"/price-lists/{price_list}/drafts/{version}", **query)

    def restore_version(self, price_list: str, draft: int, version: int, key: str | None = None) -> Response:
        """Begin a draft with a former version."""
        return self.post(f"/price-lists/{price_list}/drafts/{draft}/restore", {"version": version}, key)

    def withdraw_version(self, price_list: str, version: int, key: str | None = None) -> Response:
        """Withdraw a version before it begins."""
        return self.post(f"/price-lists/{price_list}/versions/{version}/withdraw", {"reason": "价格有误"}, key)

    def version_prices(self, price_list: str, version: int | str, **query: Any) -> Response:
        """Return a page of the prices of a published version."""
        return self.get(f"/price-lists/{price_list}/versions/{version}/prices", **query)

    def search(self, token: str | None = None, **query: Any) -> Response:
        """Return one page of a search."""
        return self.world.call("catalog", "GET", "/products", query=query, token=token or self.clerk)

    def show(self, sku: str, token: str | None = None, **query: Any) -> Response:
        """Return one product."""
        return self.world.call("catalog", "GET", f"/products/{sku}", query=query, token=token or self.clerk)

    def search_all(self, token: str | None = None, **query: Any) -> list[str]:
        """Return the SKUs of all pages of a search."""
        skus: list[str] = []
        cursor = None
        while True:
            answer = self.search(token, **query, cursor=cursor)
            assert answer.status == 200, answer.json
            skus += [product["sku"] for product in answer.json["products"]]
            cursor = answer.json["next_cursor"]
            if cursor is None:
                return skus

    def sku_indexes(self) -> dict[str, int]:
        """Return the SKU index of every product."""
        items = self.world.items("PRODUCT#")
        return {item["sku"]: int(item["sku_index"]) for item in items}

    def stored_catalogue(self) -> dict[str, str]:
        """Return all items but the recorded responses."""
        return {key: item for key, item in self.world.snapshot().items() if not key.startswith("IDEMPOTENCY")}


def assert_product_copies_equal(world: World) -> None:
    """Compare every copy of every product in the table with its `ProductItem`."""
    keys = [key for key, _ in world.cloud.rows() if key[0].partition("#")[0] in _COPIES]
    items = fetch(keys).values()
    products = [item for item in items if isinstance(item, ProductItem)]
    buckets: dict[int, dict[int, Product]] = defaultdict(dict)
    pages: dict[int, dict[str, Listing]] = defaultdict(dict)
    for product in products:
        buckets[product.bucket_position.bucket][product.bucket_position.position] = Product.of(product)
        pages[page_of(product.sku)][product.sku] = Listing.of(product)
    terms = {
        term_key(token, bucket): bits
        for bucket, in_bucket in buckets.items()
        for token, bits in token_bits(in_bucket, set().union(*map(product_tokens, in_bucket.values()))).items()
    }
    assert len({product.sku_index for product in products}) == len(products)
    assert buckets == {int(item.pk[-4:]): item.by_position for item in items if isinstance(item, BucketProductsItem)}
    assert terms == {(item.pk, item.sk): item.bits for item in items if isinstance(item, TermItem)}
    stored_pages = [item for item in items if isinstance(item, AssortmentPageItem)]
    assert pages == {page.page: page.listings for page in stored_pages}
    contents = next((item for item in items if isinstance(item, AssortmentItem)), AssortmentItem(digests={}))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for product in products:
        counts[fold_text(product.category)][0] += 1
        counts[fold_text(product.category)][1] += product.status == "active"
    stored_counts = next((item for item in items if isinstance(item, CategoriesItem)), CategoriesItem(counts={}))
    assert counts == {name: [count.products, count.active] for name, count in stored_counts.by_folded_name.items()}
    assert contents.digests == {str(page.page): page.digest for page in stored_pages}


def set_next_sku_index(number: int) -> None:
    """Store the SKU index that the next new product gets."""
    SkuIndexCounterItem(*SKU_INDEX_COUNTER_KEY, next=number).save()


def store_dealer(dealer_id: str, *, price_list: str = "A", warehouse: str = "GZ") -> None:
    """Store a dealer, as the dealers service does."""
    DealerItem(
        *dealer_key(dealer_id),
        dealer_id=dealer_id,
        name=f"经销商 {dealer_id}",
        territory="广东",
        grade="A",
        price_list=price_list,
        warehouse=warehouse,
        credit_limit_fen=100_000_00,
        payment_days=30,
        gsi1pk=DEALERS,
        gsi1sk=f"广东#{dealer_id}",
    ).save()


def store_stock(warehouse: str, available: Sequence[int], bucket: int = 0) -> None:
    """Store a bucket with these pieces at its first positions, as the orders service does."""
    rest = SKUS_PER_BUCKET - len(available)
    StockBucketItem(*stock_bucket_key(warehouse, bucket), available=[*available, *[0] * rest]).save()
