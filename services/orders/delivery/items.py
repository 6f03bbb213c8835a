"""Delivery address of an order as it is stored: with its lines, or apart once it was changed."""

from __future__ import annotations

from typing import Any

from contracts.delivery_addresses import DeliveryAddress, address_of
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute
from kernel.store.read import fetch_one
from services.orders.delivery.api import OrderAddress
from services.orders.order.items import Order, order_part_key


# P  changed delivery address of an order   pk: ORDERS#<dealer>   sk: ADDRESS#<sequence>
class OrderAddressItem(Item, discriminator="order_address"):
    """Delivery address of an order that no longer has the one of its lines.

    `number`: value of the header's `address_changes` when it was written.
    """

    address = PackedJSONAttribute()
    number = IntegerAttribute()


def order_address_key(order_id: str) -> Key:
    """Return the key of an order's changed delivery address."""
    return order_part_key("ADDRESS", order_id)


def load_delivery_address(order: Order) -> DeliveryAddress | None:
    """Return the delivery address of an order; None without one. Only a changed address is read."""
    if not order.header.address_changes:
        return address_of(order.ordered.delivery_address)
    item = fetch_one(OrderAddressItem, order_address_key(order.header.order_id))
    return address_of(item.address) if item else None


def address_facts(address: DeliveryAddress | None) -> dict[str, Any]:
    """Return what events contain of a delivery address: where it is and who takes the goods, no phone."""
    if address is None:
        return {}
    return {"delivery_city": address.city, "delivery_contact": address.contact_name}


def order_address(address: DeliveryAddress | None) -> OrderAddress | None:
    """Return a delivery address as an answer."""
    return OrderAddress(**{name: getattr(address, name) for name in OrderAddress.model_fields}) if address else None
