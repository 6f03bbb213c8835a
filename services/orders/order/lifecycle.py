"""State table of an order: which action is possible in which state, who may take it, and where it leads.

The only place that knows transitions. Stock and money are counted by line, not by more states.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from kernel.base.problems import Refusal
from kernel.http.principal import Role
from services.orders.vocabulary import Hold, State


class Action(StrEnum):
    """Action on an order, by a person or by the system."""

    SUBMIT = "submit"
    PLACE_CREDIT_HOLD = "place_credit_hold"
    RESERVE = "reserve"
    FILL_BACKORDERS = "fill_backorders"
    LOSE_MISSING_PIECES = "lose_missing_pieces"
    REPORT_SHORT_PICK = "report_short_pick"
    CHANGE_PROMISE = "change_promise"
    WARN_OF_EXPIRY = "warn_of_expiry"
    EXPIRE_RESERVATION = "expire_reservation"
    EXTEND_RESERVATION = "extend_reservation"
    REPORT_OVERDUE = "report_overdue"
    RELEASE_HOLD = "release_hold"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    CANCEL_LINES = "cancel_lines"
    SHIP = "ship"
    VOID_SHIPMENT = "void_shipment"
    CHANGE_DELIVERY_ADDRESS = "change_delivery_address"


class Transition(NamedTuple):
    """Roles that may take an action in a state, and the state it leads to."""

    roles: frozenset[Role]
    leads_to: State


_SYSTEM: frozenset[Role] = frozenset()
_BUYERS = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})
_CLERKS = frozenset({Role.ASSISTANT, Role.ADMIN})
_SHIPPERS = _CLERKS | {Role.WAREHOUSE}
#: Those who can see that the goods are still there.
_STOCKTAKERS = frozenset({Role.WAREHOUSE, Role.ADMIN})

#: Roles that may release each hold.
HOLD_RELEASERS: Mapping[Hold, frozenset[Role]] = {
    Hold.CREDIT: frozenset({Role.FINANCE, Role.ADMIN}),
    Hold.STOCK: _CLERKS,
}

#: A pair that is missing here is impossible; an order begins with SUBMIT, so no state has it. An order of which
#: nothing is open any more closes instead: `next_state`.
TRANSITIONS: Mapping[tuple[State, Action], Transition] = {
    (State.SUBMITTED, Action.RESERVE): Transition(_SYSTEM, State.IN_REVIEW),
    (State.SUBMITTED, Action.PLACE_CREDIT_HOLD): Transition(_SYSTEM, State.IN_REVIEW),
    (State.SUBMITTED, Action.CANCEL): Transition(_BUYERS | _CLERKS, State.CANCELLED),
    (State.IN_REVIEW, Action.PLACE_CREDIT_HOLD): Transition(_SYSTEM, State.IN_REVIEW),
    # Once its credit hold is released.
    (State.IN_REVIEW, Action.RESERVE): Transition(_SYSTEM, State.IN_REVIEW),
    (State.IN_REVIEW, Action.FILL_BACKORDERS): Transition(_SYSTEM, State.IN_REVIEW),
    (State.IN_REVIEW, Action.LOSE_MISSING_PIECES): Transition(_SYSTEM, State.IN_REVIEW),
    (State.IN_REVIEW, Action.CHANGE_PROMISE): Transition(_SYSTEM, State.IN_REVIEW),
    (State.IN_REVIEW, Action.WARN_OF_EXPIRY): Transition(_SYSTEM, State.IN_REVIEW),
    (State.IN_REVIEW, Action.EXPIRE_RESERVATION): Transition(_SYSTEM, State.IN_REVIEW),
    (State.IN_REVIEW, Action.EXTEND_RESERVATION): Transition(_BUYERS | _CLERKS, State.IN_REVIEW),
    (State.IN_REVIEW, Action.REPORT_OVERDUE): Transition(_SYSTEM, State.IN_REVIEW),
    (State.IN_REVIEW, Action.RELEASE_HOLD): Transition(_CLERKS | {Role.FINANCE}, State.IN_REVIEW),
    (State.IN_REVIEW, Action.APPROVE): Transition(_CLERKS, State.CONFIRMED),
    (State.IN_REVIEW, Action.REJECT): Transition(_CLERKS, State.REJECTED),
    (State.IN_REVIEW, Action.CANCEL): Transition(_BUYERS | _CLERKS, State.CANCELLED),
    (State.CONFIRMED, Action.PLACE_CREDIT_HOLD): Transition(_SYSTEM, State.CONFIRMED),
    (State.CONFIRMED, Action.RELEASE_HOLD): Transition(_CLERKS | {Role.FINANCE}, State.CONFIRMED),
    (State.CONFIRMED, Action.RESERVE): Transition(_SYSTEM, State.CONFIRMED),
    (State.CONFIRMED, Action.FILL_BACKORDERS): Transition(_SYSTEM, State.CONFIRMED),
    (State.CONFIRMED, Action.LOSE_MISSING_PIECES): Transition(_SYSTEM, State.CONFIRMED),
    (State.CONFIRMED, Action.CHANGE_PROMISE): Transition(_SYSTEM, State.CONFIRMED),
    (State.CONFIRMED, Action.WARN_OF_EXPIRY): Transition(_SYSTEM, State.CONFIRMED),
    (State.CONFIRMED, Action.EXPIRE_RESERVATION): Transition(_SYSTEM, State.CONFIRMED),
    (State.CONFIRMED, Action.EXTEND_RESERVATION): Transition(_BUYERS | _CLERKS, State.CONFIRMED),
    (State.CONFIRMED, Action.SHIP): Transition(_SHIPPERS, State.CONFIRMED),
    (State.CONFIRMED, Action.REPORT_SHORT_PICK): Transition(_STOCKTAKERS, State.CONFIRMED),
    (State.CONFIRMED, Action.VOID_SHIPMENT): Transition(_STOCKTAKERS, State.CONFIRMED),
    (State.CLOSED, Action.VOID_SHIPMENT): Transition(_STOCKTAKERS, State.CONFIRMED),
    # The warehouse may have begun to pick, so the dealer may no longer cancel.
    (State.CONFIRMED, Action.CANCEL): Transition(_CLERKS, State.CANCELLED),
    # A submitted order is decided within a minute; until then it can only be cancelled whole.
    (State.IN_REVIEW, Action.CANCEL_LINES): Transition(_BUYERS | _CLERKS, State.IN_REVIEW),
    (State.CONFIRMED, Action.CANCEL_LINES): Transition(_CLERKS, State.CONFIRMED),
    # While nothing has left.
    (State.SUBMITTED, Action.CHANGE_DELIVERY_ADDRESS): Transition(_BUYERS | _CLERKS, State.SUBMITTED),
    (State.IN_REVIEW, Action.CHANGE_DELIVERY_ADDRESS): Transition(_BUYERS | _CLERKS, State.IN_REVIEW),
    (State.CONFIRMED, Action.CHANGE_DELIVERY_ADDRESS): Transition(_BUYERS | _CLERKS, State.CONFIRMED),
}

#: Actions that may cancel the last open pieces of an order, which is cancelled then.
CANCELS_PIECES = frozenset(
    {
        Action.CANCEL_LINES,
        Action.RESERVE,
        Action.EXPIRE_RESERVATION,
        Action.LOSE_MISSING_PIECES,
        Action.REPORT_SHORT_PICK,
    }
)


def is_allowed(action: Action, state: State) -> bool:
    """Return whether an order in this state admits the action."""
    return (state, action) in TRANSITIONS


def roles_allowed(action: Action) -> frozenset[Role]:
    """Return every role that may take the action in some state."""
    return frozenset(role for (_, possible), one in TRANSITIONS.items() if possible is action for role in one.roles)


def require_allowed(action: Action, state: State, roles: frozenset[Role]) -> None:
    """Refuse an action that these roles may not take in this state.

    Raises:
        Refusal: the state does not admit the action, or not from these roles.
    """
    transition = TRANSITIONS.get((state, action))
    if transition is None or not roles & transition.roles:
        raise Refusal(
            "order-state",
            f"订单状态为 {state},不能执行 {action} / an order that is {state} does not allow {action}",
            state=state,
        )


def next_state(state: State, action: Action, *, open_pieces: int, shipped_pieces: int) -> State:
    """Return the state after an action, given the pieces open and shipped after it.

    An order without open pieces is closed if pieces were shipped, and cancelled if its last pieces were, by a person or
    because a run-out product is gone. Otherwise the table decides.
    """
    if not open_pieces and shipped_pieces:
        return State.CLOSED
    if not open_pieces and action in CANCELS_PIECES:
        return State.CANCELLED
    return TRANSITIONS[state, action].leads_to
