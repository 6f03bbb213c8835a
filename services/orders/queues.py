"""Queues of commands: orders that ask for stock, and stock that became available."""

from kernel.messaging.events import Envelope
from services.orders import warehouse_queue
from services.orders.service import app


# A short timeout: the queue hides a dead worker's messages for six times as long, and staff should see an order within
# a minute even then.
@app.consumer(fifo=True, batch_size=10, timeout_seconds=10)
def reserve_stock(message: Envelope) -> None:
    warehouse_queue.handle(message)


@app.consumer(fifo=True, batch_size=10, timeout_seconds=10)
def reserve_urgent_stock(message: Envelope) -> None:
    warehouse_queue.handle(message)
