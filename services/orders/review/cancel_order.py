"""Cancel what was not shipped of an order."""

from __future__ import annotations

from contracts.orders import OrderCancelled
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from services.orders.order.api import OrderSummary, ReasonRequest
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.order.load_order import load_own_order
from services.orders.review.end_order import end_order


def cancel_order(caller: Principal, order_id: str, request: ReasonRequest, key: IdempotencyKey) -> OrderSummary:
    """Cancel what was not shipped, and release its stock and credit. A dealer may do so until the approval.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
        Refusal: it is too late.
    """
    order = load_own_order(caller, order_id)
    require_allowed(Action.CANCEL, order.state, caller.roles)
    unshipped = order.header.pieces - order.header.shipped - order.header.cancelled
    facts = {"cancelled": unshipped, "reason": request.reason}
    return end_order(order, Action.CANCEL, OrderCancelled, key, by=caller.name, facts=facts)
