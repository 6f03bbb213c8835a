"""Expected deliveries as answers."""

from __future__ import annotations

from datetime import date

from kernel.messaging.events import Envelope
from services.orders.inbound.api import DeliveryChange, ExpectedDelivery, ExpectedLine
from services.orders.inbound.deliveries import Delivery


def delivery_view(delivery: Delivery) -> ExpectedDelivery:
    """Return an expected delivery as an answer; without lines if it is received or cancelled."""
    item = delivery.item
    return ExpectedDelivery(
        warehouse=delivery.warehouse,
        reference=delivery.reference,
        expected_on=date.fromisoformat(item.expected_on) if item else None,
        version=delivery.version,
        changed_by=item.changed_by if item else "",
        reason=item.reason if item else "",
        lines=[ExpectedLine(sku=sku, quantity=pieces) for sku, _, pieces in item.goods] if item else [],
    )


def delivery_change_view(message: Envelope) -> DeliveryChange:
    """Return one change of a delivery as an answer."""
    return DeliveryChange(at=message.time, version=message.sequence, **message.data)
