"""Read model of an order's lines. Only orders writes these items; tickets reads which products an order has."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute


# P  lines of an order   pk: ORDERS#<dealer>   sk: LINES#<sequence>
class LinesItem(Item, discriminator="order_lines"):
    """Lines and remarks of an order, written once. Columns take a third of the write units of rows.

    `wanted`: SKU indexes and quantities, all that stock decisions need; `columns`: the other columns by name;
    `run_out`: SKU indexes of the products that were sold until gone when the order was submitted, absent without any;
    `delivery_address`: copy of the delivery address at submission (`DeliveryAddress`).
    """

    wanted = PackedJSONAttribute()
    columns = PackedJSONAttribute()
    run_out = PackedJSONAttribute(null=True)
    delivery_address = PackedJSONAttribute(null=True)
    purchase_order = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    price_list = UnicodeAttribute()
    price_version = IntegerAttribute()

    @property
    def skus(self) -> list[str]:
        """SKUs of the order, each once, in the order of its lines."""
        return list(dict.fromkeys(self.columns["sku"]))


def order_lines_key(order_id: str) -> Key:
    """Return the key of the lines of an order: its id is `<dealer>-<sequence>`."""
    dealer_id, _, sequence = order_id.rpartition("-")
    return f"ORDERS#{dealer_id}", f"LINES#{sequence}"
