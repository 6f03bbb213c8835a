"""Rules of what stops an order: may it go on, and if not, why not. Amounts are fen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from services.orders.credit.receivables import Overdue
from services.orders.credit.rules import exceeds_credit_limit
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action
from services.orders.order.rules import unshipped_value_fen
from services.orders.vocabulary import Hold


class Obstacle(StrEnum):
    """Reason for which an order may not go on; the code of the refusal."""

    DEALER_SUSPENDED = "dealer-not-active"
    CREDIT_HOLD = "credit-hold"
    DEBT_OVERDUE = "debt-overdue"
    STOCK_HOLD = "order-on-hold"
    STOCK_UNDECIDED = "stock-undecided"


#: Credit stops an order for these, and it belongs on credit hold.
OF_CREDIT = frozenset({Obstacle.CREDIT_HOLD, Obstacle.DEBT_OVERDUE})

#: Obstacles that stop each action. An order can always be ended, and the system's own steps follow the state of the
#: order: one on credit hold has no piece to which they could apply. An accepted price stays valid when its
#: price list ends.
STOPPED_BY: Mapping[Action, frozenset[Obstacle]] = {
    # An order that credit stops is stored nevertheless, on credit hold.
    Action.SUBMIT: OF_CREDIT | {Obstacle.DEALER_SUSPENDED},
    Action.EXTEND_RESERVATION: OF_CREDIT | {Obstacle.DEALER_SUSPENDED},
    Action.RELEASE_HOLD: frozenset({Obstacle.DEALER_SUSPENDED}),
    Action.APPROVE: frozenset(Obstacle),
    Action.SHIP: OF_CREDIT | {Obstacle.DEALER_SUSPENDED},
    Action.REJECT: frozenset(),
    Action.CANCEL: frozenset(),
    Action.CANCEL_LINES: frozenset(),
    Action.VOID_SHIPMENT: frozenset(),
    Action.CHANGE_DELIVERY_ADDRESS: frozenset(),
    Action.PLACE_CREDIT_HOLD: frozenset(),
    Action.RESERVE: frozenset(),
    Action.FILL_BACKORDERS: frozenset(),
    Action.LOSE_MISSING_PIECES: frozenset(),
    Action.REPORT_SHORT_PICK: frozenset(),
    Action.CHANGE_PROMISE: frozenset(),
    Action.WARN_OF_EXPIRY: frozenset(),
    Action.EXPIRE_RESERVATION: frozenset(),
    Action.REPORT_OVERDUE: frozenset(),
}


class DealerCredit(NamedTuple):
    """Credit of a dealer as stored now.

    `committed_fen`: what it owes or has on order, without orders on credit hold; `accepted_fen`: what finance accepted
    with its last release, 0 without one; `overdue`: debts past their due day; `dealer_version` and `packed_debts`:
    version of the dealer and debts of the account, as they were read.
    """

    active: bool
    limit_fen: int
    committed_fen: int = 0
    accepted_fen: int = 0
    overdue: Overdue = Overdue()
    dealer_version: int = 0
    packed_debts: bytes | None = None

    @property
    def bound_fen(self) -> int:
        """The most that accepted orders may add up to: the limit, or more if finance has accepted more."""
        return max(self.limit_fen, self.accepted_fen)


class OrderCredit(NamedTuple):
    """Part of an order that credit decisions need.

    `uncommitted_fen`: value that the committed amount does not contain, of a new order and of one on credit hold.
    """

    uncommitted_fen: int
    holds: frozenset[Hold] = frozenset()
    undecided: bool = False


def order_credit(order: Order) -> OrderCredit:
    """Return the part of a stored order that credit decisions need."""
    on_hold = order.header.is_on_credit_hold
    uncommitted_fen = unshipped_value_fen(order.lines, order.progress) if on_hold else 0
    return OrderCredit(uncommitted_fen, order.holds, undecided=order.header.undecided > 0)


def obstacles(action: Action, order: OrderCredit, dealer_credit: DealerCredit) -> list[Obstacle]:
    """Return why an order may not go on with an action, with its dealer as it is now; the first reason first.

    A new order must be within the limit, and nothing may be overdue. A stored one may also be within what finance has
    accepted since. On credit hold an order waits for the limit and for all overdue debts.
    """
    limit_fen = dealer_credit.limit_fen if action is Action.SUBMIT else dealer_credit.bound_fen
    over_limit = exceeds_credit_limit(order.uncommitted_fen, dealer_credit.committed_fen, limit_fen)
    on_hold = Hold.CREDIT in order.holds
    overdue = dealer_credit.overdue
    is_overdue = overdue.fen > (0 if on_hold or action is Action.SUBMIT else overdue.accepted_fen)
    present = {
        Obstacle.DEALER_SUSPENDED: not dealer_credit.active,
        # A hold that is only for overdue debts is not named a second time.
        Obstacle.CREDIT_HOLD: over_limit or (on_hold and not is_overdue),
        Obstacle.DEBT_OVERDUE: is_overdue,
        Obstacle.STOCK_HOLD: Hold.STOCK in order.holds,
        # The stock of an order that credit stops is undecided for that reason.
        Obstacle.STOCK_UNDECIDED: order.undecided and not (over_limit or on_hold or is_overdue),
    }
    return [obstacle for obstacle in Obstacle if present[obstacle] and obstacle in STOPPED_BY[action]]


def holds_at_submit(order: OrderCredit, dealer_credit: DealerCredit) -> list[Hold]:
    """Return the holds with which a new order is stored: a credit hold if credit stops it."""
    return [] if OF_CREDIT.isdisjoint(obstacles(Action.SUBMIT, order, dealer_credit)) else [Hold.CREDIT]


def needs_no_release(order: OrderCredit, dealer_credit: DealerCredit) -> bool:
    """Return whether an order on credit hold may go on by itself, because nothing would stop it as a new order."""
    return not obstacles(Action.SUBMIT, order._replace(holds=frozenset()), dealer_credit)
