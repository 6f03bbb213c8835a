"""Queues of events that orders receives."""

from contracts.orders import OrderApproved, OrderRejected, OrderShipmentVoided, OrderShipped, OrderSubmitted
from contracts.reconciliation import JournalReversed, PaymentPosted
from kernel.messaging.events import Envelope
from services.orders.credit import update_credit as credit
from services.orders.on_time import on_time_rate
from services.orders.order_list import record_order_entry as order_entries
from services.orders.service import app
from services.orders.touch_time import record_touch_time as touch_times


@app.consumer(subscribes=[OrderSubmitted])
def record_order_entries(message: Envelope) -> None:
    order_entries.record_order_entry(message)


@app.consumer(subscribes=[OrderShipped, OrderShipmentVoided])
def record_on_time_shipments(message: Envelope) -> None:
    on_time_rate.record_on_time_shipment(message)


@app.consumer(subscribes=[OrderShipped, PaymentPosted, JournalReversed])
def update_credit(message: Envelope) -> None:
    credit.update_credit(message)


@app.consumer(subscribes=[OrderApproved, OrderRejected])
def record_touch_time(message: Envelope) -> None:
    touch_times.record_touch_time(message)
