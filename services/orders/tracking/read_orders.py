"""Show orders and what happened to them."""

from __future__ import annotations

from kernel.http.principal import Principal
from kernel.messaging.outbox import history
from services.orders.credit.load_dealer_credit import load_own_order_and_dealer_credit
from services.orders.credit.possible_actions import possible_actions
from services.orders.delivery.items import load_delivery_address, order_address
from services.orders.order.backorder_entry import load_promise_dates_by_sku_index
from services.orders.order.load_order import load_own_order
from services.orders.tracking.api import OrderView, Timeline
from services.orders.tracking.views import timeline_entry, view_of


def show_order(caller: Principal, order_id: str) -> OrderView:
    """Show an order.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
    """
    order, dealer_credit = load_own_order_and_dealer_credit(caller, order_id)
    actions = possible_actions(order, caller.roles, dealer_credit)
    address = order_address(load_delivery_address(order))
    return view_of(order, load_promise_dates_by_sku_index(order.header), address, actions)


def show_timeline(caller: Principal, order_id: str) -> Timeline:
    """Show the events of an order.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
    """
    header = load_own_order(caller, order_id).header
    return Timeline(order_id=order_id, entries=[timeline_entry(one) for one in history(header.pk, order_id)])
