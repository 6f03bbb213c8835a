"""Stored counter of SKU indexes. Products are stored as `ProductItem` of contracts/catalog.py."""

from __future__ import annotations

from kernel.store.items import IntegerAttribute, Item, Key


# P1  next free SKU index   pk: SKUINDEX   sk: NEXT
class SkuIndexCounterItem(Item, discriminator="sku_index_counter"):
    """SKU index that the next new product gets. Products imported together get consecutive indexes.

    So a page of them is read from few buckets, however large the catalogue is.
    """

    next = IntegerAttribute()


SKU_INDEX_COUNTER_KEY: Key = ("SKUINDEX", "NEXT")
