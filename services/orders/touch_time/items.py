"""Stored openings of orders, their touch time, and the counts of each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import query_all
from services.orders.order.items import order_part_key, orders_pk, split_order_id

#: Step of the decisions of orders that no clerk opened before.
_UNOPENED = "UNOPENED"


# P  first opening of an order by each clerk   pk: ORDERS#<dealer>   sk: OPENED#<sequence>#<user>
class OrderOpenedItem(Item, discriminator="order_opened"):
    """First opening of an order in review by one clerk. The order itself stays as it is."""

    opened_at = UnicodeAttribute()
    by = UnicodeAttribute()


# P  touch time of an order   pk: ORDERS#<dealer>   sk: TOUCHTIME#<sequence>
class OrderTouchTimeItem(Item, discriminator="order_touch_time"):
    """Touch time of a decided order, written with the count of its day, so that each decision counts once.

    `decided_on`: ISO date of Asia/Shanghai; `seconds`: absent if no clerk opened the order before.
    """

    decided_on = UnicodeAttribute()
    seconds = IntegerAttribute(null=True)


# P  decisions of a day by touch time   pk: TOUCHTIME#<year>   sk: <day>#<seconds, rounded up, or UNOPENED>
class TouchTimeCountItem(Item, discriminator="touch_time_count"):
    """Orders decided on a day with a touch time of one step, and the exact seconds of all of them."""

    orders = IntegerAttribute()
    seconds = IntegerAttribute()

    @property
    def day(self) -> str:
        """Day of the decisions (ISO date of Asia/Shanghai)."""
        return str(self.sk.partition("#")[0])

    @property
    def step(self) -> int | None:
        """Touch time in seconds, rounded up; None for orders that no clerk opened before."""
        text = self.sk.partition("#")[2]
        return None if text == _UNOPENED else int(text)


def opened_key(order_id: str, user_id: str) -> Key:
    """Return the key of the first opening of an order by a user.

    Raises:
        NotFound: the text is no order id.
    """
    pk, prefix = order_part_key("OPENED", order_id)
    return pk, f"{prefix}#{user_id}"


def openings_of(order_id: str) -> Iterator[OrderOpenedItem]:
    """Yield the first opening of an order by each clerk."""
    dealer_id, sequence = split_order_id(order_id)
    prefix = OrderOpenedItem.sk.startswith(f"OPENED#{sequence}#")
    return query_all(OrderOpenedItem, orders_pk(dealer_id), sk=prefix)


def touch_time_count_key(day: date, step: int | None) -> Key:
    """Return the key of the decisions of a day with a touch time of this step."""
    text = _UNOPENED if step is None else f"{step:04d}"
    return f"TOUCHTIME#{day.year}", f"{day}#{text}"


def touch_time_counts(first: date, last: date) -> Iterator[TouchTimeCountItem]:
    """Yield the counts of the days from `first` to `last`: at most 41 items a day, however many orders there are."""
    between = TouchTimeCountItem.sk.between(f"{first}#", f"{last}#~")
    for year in range(first.year, last.year + 1):
        yield from query_all(TouchTimeCountItem, f"TOUCHTIME#{year}", sk=between, consistent=False)
