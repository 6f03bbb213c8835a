"""Record the punctuality of shipments and show the on-time rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynamodb.exceptions import PutError

from contracts.orders import OrderShipmentVoided, OrderShipped
from kernel.http.principal import Principal
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import event_history_with_records
from kernel.store.read import query_all
from kernel.time import clock
from reads.assortment import product_names
from reads.warehouses import require_warehouse, warehouse_names
from services.orders.on_time.api import OnTimeQuery, OnTimeReport, OnTimeTally
from services.orders.on_time.items import ShipmentPunctualityItem, shipment_punctuality_pk
from services.orders.on_time.rules import PunctualityTally, first_promised_day_by_line, tally_punctuality_by_sku
from services.orders.order.load_order import load_order
from services.orders.shipping.shipments import unpack_shipments


def record_on_time_shipment(message: Envelope) -> None:
    """Record for which day each line of a shipment was first promised, by the events before it; nothing of a void one.

    A second delivery of the message writes the same item. Once the shipment is void, its own message writes nothing.
    """
    if message.type == OrderShipmentVoided.TYPE:
        _take_back(OrderShipmentVoided.model_validate(message.data))
        return
    shipment = OrderShipped.model_validate(message.data)
    order = load_order(message.subject)
    told = event_history_with_records(order.header.pk, message.subject)[: message.sequence]
    *_, shipped = unpack_shipments(order.lines, told)
    days = first_promised_day_by_line((earlier for earlier, _ in told), len(order.lines))
    item = _record_of(shipment, [[line.sku, line.quantity, days.get(line.line_no)] for line in shipped.lines])
    try:
        item.save(ShipmentPunctualityItem.voided.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise


def _take_back(shipment: OrderShipmentVoided) -> None:
    """Leave an empty record, so that a message about the shipment that comes later writes nothing."""
    item = _record_of(shipment, [])
    item.voided = True
    item.save()


def _record_of(shipment: OrderShipped | OrderShipmentVoided, rows: Sequence[Sequence[Any]]) -> ShipmentPunctualityItem:
    shipped_on = clock.business_date(clock.parse_stamp(shipment.shipped_at)).isoformat()
    return ShipmentPunctualityItem(
        shipment_punctuality_pk(shipment.warehouse, shipped_on[:7]),
        f"{shipment.shipped_at}#{shipment.shipment_id}",
        shipped_on=shipped_on,
        rows=rows,
    )


def show_on_time_rate(caller: Principal, query: OnTimeQuery) -> OnTimeReport:
    """Show how much of what left in a month left by the day first promised; by SKU, or of one SKU.

    Staff see all shipments, a dealer its own.

    Raises:
        Invalid: there is no such warehouse.
    """
    require_warehouse(query.warehouse)
    shipments = query_all(ShipmentPunctualityItem, shipment_punctuality_pk(query.warehouse, query.month))
    by_sku = tally_punctuality_by_sku(
        (item.shipped_on, item.rows) for item in shipments if caller.dealer_id in {None, item.dealer_id}
    )
    wanted = {sku: one for sku, one in by_sku.items() if query.sku in {None, sku}}
    total = PunctualityTally(
        sum(one.on_time for one in wanted.values()),
        sum(one.late for one in wanted.values()),
        sum(one.undated for one in wanted.values()),
    )
    names = product_names(wanted)
    return OnTimeReport(
        warehouse=query.warehouse,
        **warehouse_names(query.warehouse),
        month=query.month,
        total=_view(None, None, total),
        skus=[_view(sku, names[sku], wanted[sku]) for sku in sorted(wanted)],
    )


def _view(sku: str | None, name_zh: str | None, tally: PunctualityTally) -> OnTimeTally:
    on_time_rate = None if tally.on_time_rate is None else format(tally.on_time_rate, "f")
    return OnTimeTally(
        sku=sku,
        name_zh=name_zh,
        on_time=tally.on_time,
        late=tally.late,
        undated=tally.undated,
        on_time_rate=on_time_rate,
    )
