"""Count the touch time of decided orders by day."""

from __future__ import annotations

from kernel.messaging.events import Envelope
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.orders.order.items import order_part_key
from services.orders.touch_time.items import (
    OrderTouchTimeItem,
    TouchTimeCountItem,
    openings_of,
    touch_time_count_key,
)
from services.orders.touch_time.rules import step_of, touch_seconds


def record_touch_time(message: Envelope) -> None:
    """Add an approved or rejected order to the count of its day, once: a second delivery finds it counted.

    Orders are decided once, so the order itself is the mark. Counts are added, so the order of messages is of no
    effect.
    """
    decided = clock.parse_stamp(message.time)
    day = clock.business_date(decided)
    seconds = touch_seconds((clock.parse_stamp(one.opened_at) for one in openings_of(message.subject)), decided)
    key = order_part_key("TOUCHTIME", message.subject)
    transaction = Transaction()
    transaction.create(OrderTouchTimeItem(*key, decided_on=day.isoformat(), seconds=seconds), "touch time")
    transaction.update_fields(
        TouchTimeCountItem,
        touch_time_count_key(day, None if seconds is None else step_of(seconds)),
        {},
        increments={"orders": 1, "seconds": seconds or 0},
        label="count",
    )
    try:
        transaction.commit()
    except TransactionRefused:
        return  # counted before
