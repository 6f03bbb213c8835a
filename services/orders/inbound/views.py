"""Expected deliveries as answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from kernel.messaging.events import Envelope
from reads.assortment import product_names
from reads.warehouses import warehouse_names
from services.orders.inbound.api import DeliveryChange, ExpectedDelivery, ExpectedLine
from services.orders.inbound.deliveries import Delivery


def delivery_view(delivery: Delivery) -> ExpectedDelivery:
    """Return an expected delivery as an answer; without lines if it is received or cancelled."""
    return delivery_views([delivery])[0]


def delivery_views(deliveries: Sequence[Delivery]) -> list[ExpectedDelivery]:
    """Return expected deliveries as answers; the names of all their products are read together."""
    goods = (sku for delivery in deliveries if delivery.item for sku, _, _ in delivery.item.goods)
    names = product_names(goods)
    return [_view(delivery, names) for delivery in deliveries]


def _view(delivery: Delivery, names: Mapping[str, str]) -> ExpectedDelivery:
    item = delivery.item
    return ExpectedDelivery(
        warehouse=delivery.warehouse,
        **warehouse_names(delivery.warehouse),
        reference=delivery.reference,
        expected_on=date.fromisoformat(item.expected_on) if item else None,
        version=delivery.version,
        changed_by=item.changed_by if item else "",
        reason=item.reason if item else "",
        lines=[ExpectedLine(sku=sku, name_zh=names[sku], quantity=pieces) for sku, _, pieces in item.goods]
        if item
        else [],
    )


def delivery_change_view(message: Envelope) -> DeliveryChange:
    """Return one change of a delivery as an answer."""
    return DeliveryChange(at=message.time, version=message.sequence, **message.data)
