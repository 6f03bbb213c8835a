"""Report urgent orders that were not decided in time."""

from __future__ import annotations

from contracts.orders import OrderOverdue
from kernel.base import observability
from kernel.store.transaction import Transaction
from kernel.time import clock
from kernel.time.holidays import CHINA
from services.orders.order.change_order import change_order
from services.orders.order.items import HeaderItem
from services.orders.order.lifecycle import Action
from services.orders.order.load_order import load_order
from services.orders.service_terms import urgent_review_deadline
from services.orders.vocabulary import State


def is_overdue(header: HeaderItem) -> bool:
    """Return whether an urgent order in review is past its due time and not reported yet."""
    if not header.urgent or header.overdue or header.state != State.IN_REVIEW or not header.visible_at:
        return False
    return urgent_review_deadline(clock.parse_stamp(header.visible_at), CHINA) <= clock.now()


def report_overdue(order_id: str) -> None:
    """Publish that an urgent order is overdue, once."""
    order = load_order(order_id)
    if not is_overdue(order.header):
        return
    due = clock.stamp(urgent_review_deadline(clock.parse_stamp(str(order.header.visible_at)), CHINA))
    transaction = Transaction()
    change_order(transaction, order, Action.REPORT_OVERDUE, OrderOverdue, facts={"due_at": due}, overdue=True)
    transaction.commit()
    observability.count("UrgentOverdue")
