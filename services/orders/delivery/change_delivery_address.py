"""Give an order another delivery address of its dealer."""

from __future__ import annotations

from contracts.delivery_addresses import address_book_key
from contracts.orders import OrderAddressChanged
from kernel.base.problems import Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.transaction import Transaction
from reads.delivery_addresses import usable_address
from services.orders.delivery.api import ChangeDeliveryAddress
from services.orders.delivery.items import OrderAddressItem, address_facts, order_address_key
from services.orders.order.api import OrderSummary
from services.orders.order.change_order import commit_change
from services.orders.order.items import split_order_id
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.order.load_order import load_order_and, require_own


def change_delivery_address(
    caller: Principal, order_id: str, request: ChangeDeliveryAddress, key: IdempotencyKey
) -> OrderSummary:
    """Give an order a copy of another delivery address of its dealer, until pieces have left.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
        Refusal: pieces have left, or the state of the order admits no change.
        Invalid: the dealer has no such address, or it is not active; names those to choose from.
    """
    book_key = address_book_key(split_order_id(order_id)[0])
    order, found = load_order_and(order_id, book_key)
    require_own(caller, order)
    require_allowed(Action.CHANGE_DELIVERY_ADDRESS, order.state, caller.roles)
    if order.header.shipped:
        raise Refusal(
            "already-shipped",
            f"已发 {order.header.shipped} 件,不能再改收货地址 / "
            f"{order.header.shipped} pieces have left; the address stays",
            shipped=order.header.shipped,
        )
    address = usable_address(request.address_id, found.get(book_key))
    number = (order.header.address_changes or 0) + 1
    transaction = Transaction()
    transaction.put(OrderAddressItem(*order_address_key(order_id), address=address, number=number), "address")
    return commit_change(
        transaction,
        order,
        Action.CHANGE_DELIVERY_ADDRESS,
        OrderAddressChanged,
        key,
        by=caller.name,
        facts=address_facts(address),
        address_changes=number,
    )
