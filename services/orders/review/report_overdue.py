"""Report urgent orders that were not decided in time."""

from __future__ import annotations

from contracts.dealers import UserItem
from contracts.escalation import OrderOverdue
from kernel.base import observability
from kernel.store.transaction import Transaction
from kernel.time import clock
from kernel.time.holidays import CHINA
from reads.dealers import user_with_mobile
from reads.warehouses import known_warehouses
from services.orders.order.change_order import change_order
from services.orders.order.items import HeaderItem
from services.orders.order.lifecycle import Action, roles_allowed
from services.orders.order.load_order import load_order
from services.orders.service_terms import urgent_review_deadline
from services.orders.vocabulary import State


def is_overdue(header: HeaderItem) -> bool:
    """Return whether an urgent order in review is past its due time and not reported yet."""
    if not header.urgent or header.overdue or header.state != State.IN_REVIEW or not header.visible_at:
        return False
    return urgent_review_deadline(clock.parse_stamp(header.visible_at), CHINA) <= clock.now()


def report_overdue(order_id: str) -> None:
    """Publish that an urgent order is overdue, once, with the escalation contact of its warehouse."""
    order = load_order(order_id)
    if not is_overdue(order.header):
        return
    due = clock.stamp(urgent_review_deadline(clock.parse_stamp(str(order.header.visible_at)), CHINA))
    contact = _escalation_contact(order.header.warehouse)
    facts = {"due_at": due}
    if contact:
        facts |= {"escalation_contact": contact.username, "escalation_name": contact.name}
    transaction = Transaction()
    change_order(transaction, order, Action.REPORT_OVERDUE, OrderOverdue, facts=facts, overdue=True)
    transaction.commit()
    observability.count("UrgentOverdue")


def _escalation_contact(warehouse_id: str) -> UserItem | None:
    """Return the escalation contact of a warehouse; None if it has none, or one that lost phone or role since."""
    warehouse = known_warehouses().get(warehouse_id)
    if warehouse is None or warehouse.escalation_contact is None:
        return None
    return user_with_mobile(None, warehouse.escalation_contact, roles_allowed(Action.APPROVE))
