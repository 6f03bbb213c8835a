"""A small shop laid straight into the table: products, one price list, dealers, stock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.assortment import (
    ASSORTMENT_KEY,
    AssortmentItem,
    AssortmentPageItem,
    Listing,
    assortment_page_key,
    page_of,
    with_listings,
)
from contracts.catalog import PriceListItem, PricePageItem, ProductItem, price_list_key, price_page_key, product_key
from contracts.dealers import DealerItem, dealer_key
from contracts.stock import SKUS_PER_BUCKET, BucketPosition, StockBucketItem, stock_bucket_key
from kernel.base import ids
from kernel.store.items import Item
from kernel.store.read import fetch_one
from services.catalog.products.items import product_of
from services.catalog.search.items import BucketProductsItem, TermItem, bucket_products_key, term_key
from services.catalog.search.rules import token_bits, tokens
from services.catalog.vocabulary import Product
from services.orders.stock.on_hand import on_hand_pieces

WAREHOUSE = "GZ"
PRICE_LIST = "A"


def sku(number: int) -> str:
    """The SKU in sku_index `number`."""
    return f"L{number:05d}"


def open_shop(
    *,
    products: int | Sequence[int] = 10,
    stock: int | None = 100,
    dealers: Sequence[str] = ("D0001", "D0002"),
    unit_price: str = "12.50",
    credit_limit_fen: int = 100_000_000,
) -> None:
    """Products L00000… in sku_indexes 0… (or the sku_indexes given), at `unit_price` yuan, `stock` pieces each (None: none)."""
    numbers = range(products) if isinstance(products, int) else products
    made = [_product(number) for number in numbers]
    items: list[Item] = [*made, *_assortment(made), *_search_entries(made)]
    buckets: dict[int, list[int]] = {}
    for sku_index in map(BucketPosition.of, numbers):
        buckets.setdefault(sku_index.bucket, []).append(sku_index.position)
    items += [_page(bucket, positions, unit_price) for bucket, positions in buckets.items()]
    items.append(
        PriceListItem(
            *price_list_key(PRICE_LIST),
            price_list_id=PRICE_LIST,
            name="一级价",
            version=1,
            edition=ids.new_id("edn"),
            valid_from="2020-01-01",
        )
    )
    items += [_dealer(dealer_id, credit_limit_fen) for dealer_id in dealers]
    if stock is not None:
        items += [_bucket(bucket, positions, stock) for bucket, positions in buckets.items()]
    with Item.batch_write() as batch:
        for item in items:
            batch.save(item)


def change_product(number: int, **facts: Any) -> None:
    """Make a product another, where orders look too: `change_product(1, status="discontinued")`."""
    product = ProductItem.get(*product_key(sku(number)))
    for name, value in facts.items():
        setattr(product, name, value)
    contents = fetch_one(AssortmentItem, ASSORTMENT_KEY)
    page = fetch_one(AssortmentPageItem, assortment_page_key(page_of(product.sku)))
    before = fetch_one(BucketProductsItem, bucket_products_key(product.bucket_position.bucket))
    for item in (product, *_assortment([product], contents, page), *_search_entries([product], before)):
        item.save()


def order_of(*lines: tuple[int, int], **more: object) -> dict[str, object]:
    """A request body: (product number, quantity) per line."""
    return {"lines": [{"sku": sku(number), "quantity": quantity} for number, quantity in lines], **more}


def counters(number: int, warehouse: str = WAREHOUSE) -> tuple[int, int]:
    """Available and held pieces of a product."""
    available, held = on_hand_pieces(warehouse, [number])[number]
    return available, held


def _assortment(
    products: Sequence[ProductItem], contents: AssortmentItem | None = None, page: AssortmentPageItem | None = None
) -> list[Item]:
    listings = {product.sku: Listing.of(product) for product in products}
    written, pages = with_listings(contents, {(page.pk, page.sk): page} if page else {}, listings)
    return [written, *pages]


def _search_entries(products: Sequence[ProductItem], before: BucketProductsItem | None = None) -> list[Item]:
    """Search entries of these products, and of those that are already in their bucket."""
    buckets: dict[int, dict[int, Product]] = {}
    for product in products:
        bucket, position = product.bucket_position
        buckets.setdefault(bucket, dict(before.by_position) if before else {})[position] = product_of(product)
    items: list[Item] = []
    for bucket, by_position in buckets.items():
        entries = {str(position): tuple(product) for position, product in by_position.items()}
        items.append(BucketProductsItem(*bucket_products_key(bucket), products=entries, version=1))
        bits = token_bits(by_position, frozenset().union(*map(tokens, by_position.values())))
        items += [TermItem(*term_key(token, bucket), bits=found) for token, found in bits.items()]
    return items


def _product(number: int) -> ProductItem:
    return ProductItem(
        *product_key(sku(number)),
        sku=sku(number),
        sku_index=number,
        name_zh=f"LED球泡 {number}W",
        name_en=f"LED bulb {number}W",
        category="bulb",
        specs={},
        carton=10,
    )


def _page(bucket: int, positions: Sequence[int], unit_price: str) -> PricePageItem:
    prices = {str(position): {"unit_price": unit_price, "price_policy": "P1", "breaks": []} for position in positions}
    return PricePageItem(*price_page_key(PRICE_LIST, 1, bucket), prices=prices)


def _dealer(dealer_id: str, credit_limit_fen: int) -> DealerItem:
    return DealerItem(
        *dealer_key(dealer_id),
        dealer_id=dealer_id,
        name=f"经销商 {dealer_id}",
        territory="广州",
        grade="A",
        price_list=PRICE_LIST,
        warehouse=WAREHOUSE,
        credit_limit_fen=credit_limit_fen,
        payment_days=30,
        gsi1pk="DEALERS",
        gsi1sk=f"广州#{dealer_id}",
    )


def _bucket(bucket: int, positions: Sequence[int], stock: int) -> StockBucketItem:
    available = [stock if position in positions else 0 for position in range(SKUS_PER_BUCKET)]
    return StockBucketItem(*stock_bucket_key(WAREHOUSE, bucket), available=available)
