"""Weekly quota of urgent orders."""

from __future__ import annotations

from contracts.dealers import DealerItem
from contracts.grades import Grade
from kernel.base.problems import Refusal
from kernel.store.items import Item
from kernel.time import clock
from services.orders.credit.items import OrderingAccountItem
from services.orders.service_terms import has_urgent_order_left, urgent_quota_week


def one_more_urgent(account: Item | None, dealer: DealerItem) -> dict[str, str | int]:
    """Return the account fields for one more urgent order of this week.

    Raises:
        Refusal: the quota of the dealer is used up.
    """
    week, grade = urgent_quota_week(clock.now()), Grade(dealer.grade)
    already = account.urgent_orders if isinstance(account, OrderingAccountItem) and account.urgent_week == week else 0
    if not has_urgent_order_left(grade, already):
        raise Refusal(
            "urgent-quota-used",
            f"本周加急单已用 {already} 单,请按普通订单提交 / "
            f"this week's {already} urgent orders are used up; submit it as a normal one",
            used=already,
        )
    return {"urgent_week": week, "urgent_orders": already + 1}
