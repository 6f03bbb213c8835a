"""Shop for tests: products, one price list, dealers and stock, stored without the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence, Set
from typing import Any, cast

from contracts.catalog import (
    PriceListItem,
    PricePageItem,
    PriceVersionItem,
    ProductItem,
    price_list_key,
    price_page_key,
    price_version_key,
    product_key,
)
from contracts.dealers import DealerItem, dealer_key
from contracts.stock import SKUS_PER_BUCKET, BucketPosition, StockBucketItem, stock_bucket_key
from kernel.base import ids
from kernel.store.items import Item, Key
from kernel.store.transaction import Transaction
from services.catalog.products.items import SKU_INDEX_COUNTER_KEY, SkuIndexCounterItem
from services.catalog.products.write_products import (
    ProductChange,
    load_products_with_pages,
    load_search_buckets,
    write_products,
)
from services.catalog.search.items import TermItem
from services.catalog.vocabulary import Product
from services.dealers.name_items import name_items
from services.dealers.name_rules import name_entries
from services.orders.stock.on_hand import on_hand_pieces

WAREHOUSE = "GZ"
PRICE_LIST = "A"


def sku(number: int) -> str:
    """Return the SKU with SKU index `number`."""
    return f"L{number:05d}"


class ItemCollector:
    """Items to store, by key. It takes the place of a transaction, without its limit of 100 actions.

    Args:
        terms: partition keys of the search tokens to store; None stores all of them.
    """

    def __init__(self, terms: Set[str] | None = None) -> None:
        self.items: dict[Key, Item] = {}
        self._terms = terms

    @property
    def as_transaction(self) -> Transaction:
        """Return the collector as an argument of `write_products`."""
        return cast(Transaction, self)

    def put(self, item: Item, _label: str = "", _condition: object = None) -> None:
        """Collect an item; a later one with the same key replaces it."""
        if not isinstance(item, TermItem) or self._terms is None or item.pk in self._terms:
            self.items[item.pk, item.sk] = item

    def save_all(self) -> None:
        """Store the collected items."""
        with Item.batch_write() as batch:
            for item in self.items.values():
                batch.save(item)


def open_shop(
    *,
    products: int | Sequence[int] = 10,
    stock: int | None = 100,
    dealers: Sequence[str] = ("D0001", "D0002"),
    unit_price: str = "12.50",
    credit_limit_fen: int = 100_000_000,
) -> None:
    """Store a shop.

    Args:
        products: number of products, L00000 and following, or their SKU indexes.
        stock: available pieces of each product; None stores no stock bucket.
        unit_price: yuan for a piece of each product.
    """
    numbers = range(products) if isinstance(products, int) else products
    collector = ItemCollector()
    changes = [ProductChange(_product(number), number, None, version=1) for number in numbers]
    write_products(collector.as_transaction, changes, {})
    if numbers:
        collector.put(SkuIndexCounterItem(*SKU_INDEX_COUNTER_KEY, next=max(numbers) + 1))
    buckets: dict[int, list[int]] = defaultdict(list)
    for position in map(BucketPosition.of, numbers):
        buckets[position.bucket].append(position.position)
    for bucket, positions in buckets.items():
        collector.put(_price_page(bucket, positions, unit_price))
        if stock is not None:
            collector.put(_stock_bucket(bucket, positions, stock))
    collector.put(
        PriceListItem(
            *price_list_key(PRICE_LIST),
            price_list_id=PRICE_LIST,
            name="一级价",
            version=1,
            edition=ids.new_id("edn"),
            valid_from="2020-01-01",
            page_versions=_page_versions(buckets),
        )
    )
    collector.put(
        PriceVersionItem(
            *price_version_key(PRICE_LIST, 1),
            price_list_id=PRICE_LIST,
            name="一级价",
            version=1,
            valid_from="2020-01-01",
            page_versions=_page_versions(buckets),
            published_by="助理",
            published_at="2020-01-01T00:00:00.000Z",
        )
    )
    for dealer_id in dealers:
        dealer = _dealer(dealer_id, credit_limit_fen)
        collector.put(dealer)
        for entry in name_items(name_entries(dealer.name), dealer_id):
            collector.put(entry)
    collector.save_all()


def change_product(number: int, **fields: Any) -> None:
    """Change fields of a stored product and of its copies: `change_product(1, status="discontinued")`."""
    item = ProductItem.get(*product_key(sku(number)))
    before = Product.of(item)
    change = ProductChange(before._replace(**fields), item.sku_index, before, item.version + 1)
    transaction = Transaction()
    write_products(transaction, [change], load_products_with_pages([item.sku]) | load_search_buckets([change]))
    transaction.commit()


def order_of(*lines: tuple[int, int], **fields: object) -> dict[str, object]:
    """Return the body of an order: (product number, quantity) per line."""
    return {"lines": [{"sku": sku(number), "quantity": quantity} for number, quantity in lines], **fields}


def counters(number: int, warehouse: str = WAREHOUSE) -> tuple[int, int]:
    """Return the available and the reserved pieces of a product."""
    available, reserved = on_hand_pieces(warehouse, [number])[number]
    return available, reserved


def _product(number: int) -> Product:
    return Product(
        sku=sku(number),
        name_zh=f"LED球泡 {number}W",
        name_en=f"LED bulb {number}W",
        category="bulb",
        specs={},
        carton=10,
        order_multiple=1,
        tax_percent=13,
        status="active",
        successor=None,
    )


def _page_versions(buckets: Collection[int]) -> list[int]:
    return [int(bucket in set(buckets)) for bucket in range(max(buckets, default=-1) + 1)]


def _price_page(bucket: int, positions: Sequence[int], unit_price: str) -> PricePageItem:
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


def _stock_bucket(bucket: int, positions: Sequence[int], stock: int) -> StockBucketItem:
    available = [stock if position in positions else 0 for position in range(SKUS_PER_BUCKET)]
    return StockBucketItem(*stock_bucket_key(WAREHOUSE, bucket), available=available)
