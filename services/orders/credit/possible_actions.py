"""Rules of what a caller may do with an order now: the state table, what stops it, and what there is to act on."""

from __future__ import annotations

from kernel.http.principal import Role
from services.orders.credit.obstacles import DealerCredit, obstacles, order_credit
from services.orders.order.items import Order
from services.orders.order.lifecycle import HOLD_RELEASERS, TRANSITIONS, Action


def possible_actions(order: Order, roles: frozenset[Role], dealer_credit: DealerCredit) -> list[Action]:
    """Return the actions that these roles may take on the order, with its dealer as it is now.

    Each command checks the same again, because the order may change meanwhile.
    """
    credit = order_credit(order)
    return [
        action
        for action in Action
        if (transition := TRANSITIONS.get((order.state, action)))
        and roles & transition.roles
        and not obstacles(action, credit, dealer_credit)
        and _has_an_object(action, order, roles)
    ]


def may_extend(order: Order) -> bool:
    """Return whether there is something to extend: a reservation, or pieces that left the backorder queue."""
    header = order.header
    has_left = header.backordered and not header.backordered_since and order.shortage_policy.waits_for_stock
    return bool(header.reserved or has_left)


def _has_an_object(action: Action, order: Order, roles: frozenset[Role]) -> bool:
    if action is Action.RELEASE_HOLD:
        return any(roles & HOLD_RELEASERS[hold] for hold in order.holds)
    if action in {Action.SHIP, Action.REPORT_SHORT_PICK}:
        return order.header.reserved > 0
    if action is Action.CHANGE_DELIVERY_ADDRESS:
        return not order.header.shipped
    if action is Action.VOID_SHIPMENT:
        return order.header.shipped > 0
    return may_extend(order) if action is Action.EXTEND_RESERVATION else True
