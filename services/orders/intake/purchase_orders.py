"""Purchase orders that a dealer has used: the ordering account remembers the recent ones."""

from __future__ import annotations

from contracts.order_lines import LinesItem
from kernel.store.items import Item
from kernel.store.read import fetch
from kernel.time.clock import business_date, parse_stamp
from services.orders.credit.items import OrderingAccountItem
from services.orders.doubles import (
    PURCHASE_ORDER,
    Existing,
    is_same_number,
    recall,
    remember,
    require_confirmed,
)
from services.orders.intake.api import SubmitOrder
from services.orders.order.items import HeaderItem, order_id_of, order_part_key
from services.orders.vocabulary import State

#: Purchase orders that an account remembers; with them it stays within 1 KB, so it costs no further write unit.
MOST_REMEMBERED = 50

#: A purchase order whose order came to nothing may be sent again.
_CAME_TO_NOTHING = frozenset({State.CANCELLED, State.REJECTED})


def remember_purchase_order(account: Item | None, purchase_order: str, sequence: int) -> bytes:
    """Return the remembered purchase orders of an account with that of one more order."""
    return remember(_remembered(account), purchase_order, sequence, most=MOST_REMEMBERED)


def find_purchase_order(dealer_id: str, account: Item | None, purchase_order: str | None) -> Existing | None:
    """Return the newest order that has a purchase order already; reads nothing while none may have it."""
    if purchase_order is None:
        return None
    for sequence in recall(_remembered(account), purchase_order):
        order_id = order_id_of(dealer_id, sequence)
        keys = [order_part_key(part, order_id) for part in ("HEADER", "LINES")]
        header, lines = map(fetch(keys).get, keys)
        if not isinstance(header, HeaderItem) or not isinstance(lines, LinesItem):
            continue
        if header.state not in _CAME_TO_NOTHING and is_same_number(lines.purchase_order, purchase_order):
            return Existing(order_id, business_date(parse_stamp(header.submitted_at)).isoformat(), header.pieces)
    return None


def confirmed_double_of(dealer_id: str, account: Item | None, request: SubmitOrder) -> str | None:
    """Return the id of the order that a confirmed order doubles, None for a new purchase order or none.

    Raises:
        Refusal: another order has the purchase order, and the double is not confirmed.
    """
    existing = find_purchase_order(dealer_id, account, request.purchase_order)
    number = request.purchase_order or ""
    return require_confirmed(PURCHASE_ORDER, number, existing, confirmed=request.confirm_double)


def _remembered(account: Item | None) -> bytes | None:
    return account.purchase_orders if isinstance(account, OrderingAccountItem) else None
