"""An order loses reserved pieces that are missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.orders import OrderPiecesMissing
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.order.change_order import Changed, change_order
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action
from services.orders.order.rules import Progress
from services.orders.run_out import cut_run_out
from services.orders.settlement.rules import queue_since
from services.orders.vocabulary import Hold, State


def lose_pieces(
    transaction: Transaction,
    order: Order,
    action: Action,
    progress: tuple[Progress, ...],
    facts: Mapping[str, Any],
    *,
    by: str = "",
    record: Any = None,
) -> Changed[OrderPiecesMissing]:
    """Add to the transaction that an order has lost pieces: event, holds, and its place in the backorder queue.

    It waits for them in its former place. Those of run-out products are cancelled, because none come any more.

    Args:
        progress: progress of the lines, with the lost pieces backordered.
        facts: fields of the event that name what is missing, and the reason.
        by: name of the person, empty for the system.
        record: JSON stored with the event and not sent.
    """
    cut = cut_run_out(transaction, order, progress)
    totals = cut.totals
    holds = set(order.holds)
    if order.state is State.IN_REVIEW and totals.backordered:
        holds.add(Hold.STOCK)
    changes: dict[str, Any] = {"holds": sorted(holds)}
    if not cut.has_open_pieces:
        changes |= {"holds": [], "decided_at": order.header.decided_at or clock.stamp()}
    if order.shortage_policy.waits_for_stock:
        changes["backordered_since"] = queue_since(order)
    if not totals.reserved:
        changes |= {"reserved_until": None, "promised_on": None, "warned": None}
    return change_order(
        transaction,
        order,
        action,
        OrderPiecesMissing,
        by=by,
        facts={**facts, **cut.facts, "backordered": totals.backordered, "holds": tuple(changes["holds"])},
        progress=cut.progress,
        record=record,
        **changes,
    )
