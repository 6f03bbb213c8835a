"""List and show orders."""

from __future__ import annotations

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.messaging.outbox import history
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.read import query_page
from services.orders.delivery.items import load_delivery_address, order_address
from services.orders.order.backorder_entry import load_promise_dates_by_sku_index
from services.orders.order.items import HeaderItem, orders_pk, state_index_key
from services.orders.order.load_order import load_own_order
from services.orders.order.views import summary_of
from services.orders.tracking.api import OrderPage, OrdersQuery, OrderView, ReviewQuery, Timeline
from services.orders.tracking.views import timeline_entry, view_of


def show_order(caller: Principal, order_id: str) -> OrderView:
    """Show an order.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
    """
    order = load_own_order(caller, order_id)
    address = order_address(load_delivery_address(order))
    return view_of(order, load_promise_dates_by_sku_index(order.header), address)


def show_timeline(caller: Principal, order_id: str) -> Timeline:
    """Show the events of an order.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
    """
    header = load_own_order(caller, order_id).header
    return Timeline(order_id=order_id, entries=[timeline_entry(one) for one in history(header.pk, order_id)])


def list_orders(caller: Principal, query: OrdersQuery) -> OrderPage:
    """List the orders of the caller's dealer, or for staff those of a named dealer, newest first.

    Raises:
        NotFound: a dealer names another dealer, or staff name none.
    """
    dealer_id = caller.dealer_id or query.dealer_id
    if dealer_id is None or query.dealer_id not in {None, dealer_id}:
        raise NotFound
    bound_to = [caller.scope, "orders", dealer_id]
    page = query_page(
        HeaderItem,
        orders_pk(dealer_id),
        sk=HeaderItem.sk.startswith("HEADER#"),
        limit=query.limit,
        start=open_cursor(bound_to, query.cursor),
        newest_first=True,
    )
    return OrderPage(orders=[summary_of(item) for item in page.items], next_cursor=next_cursor(bound_to, page.next_key))


def review_queue(caller: Principal, query: ReviewQuery) -> OrderPage:
    """List the orders in an open state, urgent and old ones first.

    Raises:
        NotFound: the state is not an open one.
    """
    waiting = state_index_key(query.state)
    if waiting is None:
        raise NotFound
    bound_to = [caller.scope, "review-queue", query.state]
    page = query_page(HeaderItem, waiting, on_index=True, limit=query.limit, start=open_cursor(bound_to, query.cursor))
    return OrderPage(orders=[summary_of(item) for item in page.items], next_cursor=next_cursor(bound_to, page.next_key))
