"""Stored products and the counter of SKU indexes."""

from __future__ import annotations

from typing import Any

from contracts.catalog import ProductItem, product_key
from kernel.store.items import IntegerAttribute, Item, Key
from services.catalog.vocabulary import Product


class SkuIndexCounterItem(Item, discriminator="sku_index_counter"):
    """The number of the sku_index that the next new SKU gets."""

    next = IntegerAttribute()


SKU_INDEX_COUNTER_KEY: Key = ("SKUINDEX", "NEXT")


def product_of(item: ProductItem) -> Product:
    """The product in a stored item."""
    return Product(
        sku=item.sku,
        name_zh=item.name_zh,
        name_en=item.name_en,
        category=item.category,
        specs=item.specs,
        carton=item.carton,
        order_multiple=item.order_multiple,
        tax_percent=item.tax_percent,
        status=item.status,
        successor=item.successor,
    )


def product_item(product: Product, sku_index: int, version: int) -> ProductItem:
    """The item that stores a product."""
    facts: dict[str, Any] = {**product._asdict(), "specs": dict(product.specs)}
    return ProductItem(*product_key(product.sku), sku_index=sku_index, version=version, **facts)
