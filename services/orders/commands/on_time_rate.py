"""How well a warehouse keeps what it promised: noted of every shipment, for everybody to read."""

from __future__ import annotations

from contracts.orders import OrderShipped
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import event_history_with_records
from kernel.store.table import query_all
from kernel.time import clock
from services.orders.api import OnTimeQuery, OnTimeReport, OnTimeTally
from services.orders.kept import Tally, first_promised_days, tally
from services.orders.shipments import read_shipments
from services.orders.table.kept import ShipmentPunctualityItem, shipment_punctuality_pk
from services.orders.table.reading import load_order


def record_on_time(message: Envelope) -> None:
    """Write down of what left for which day each line of it was first promised, by what was told before it left. The
    same is written however often the shipment is told."""
    shipment = OrderShipped.model_validate(message.data)
    order = load_order(message.subject)
    told = event_history_with_records(order.header.pk, message.subject)[: message.sequence]
    *_, left = read_shipments(order.lines, told)
    days = first_promised_days((earlier for earlier, _ in told), len(order.lines))
    shipped_on = clock.business_date(clock.parse_stamp(shipment.shipped_at)).isoformat()
    ShipmentPunctualityItem(
        shipment_punctuality_pk(shipment.warehouse, shipped_on[:7]),
        f"{shipment.shipped_at}#{shipment.shipment_id}",
        shipped_on=shipped_on,
        rows=[[line.sku, line.quantity, days.get(line.line_no)] for line in left.lines],
    ).save()


def show_on_time_rate(query: OnTimeQuery) -> OnTimeReport:
    """Of what left a warehouse in a month, how much left by the day first promised; by SKU, or of one SKU."""
    shipments = query_all(ShipmentPunctualityItem, shipment_punctuality_pk(query.warehouse, query.month))
    by_sku = tally((item.shipped_on, item.rows) for item in shipments)
    wanted = {sku: one for sku, one in by_sku.items() if query.sku in {None, sku}}
    total = Tally(
        sum(one.kept for one in wanted.values()),
        sum(one.late for one in wanted.values()),
        sum(one.undated for one in wanted.values()),
    )
    return OnTimeReport(
        warehouse=query.warehouse,
        month=query.month,
        total=_view(None, total),
        skus=[_view(sku, wanted[sku]) for sku in sorted(wanted)],
    )


def _view(sku: str | None, counted: Tally) -> OnTimeTally:
    rate = None if counted.rate is None else format(counted.rate, "f")
    return OnTimeTally(sku=sku, kept=counted.kept, late=counted.late, undated=counted.undated, rate=rate)
