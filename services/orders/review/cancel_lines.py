"""Cancel unshipped pieces of chosen lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from contracts.orders import OrderLinesCancelled
from contracts.stock import BucketPosition
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import Command
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from services.orders.order.api import OrderSummary
from services.orders.order.change_order import commit_change
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.order.load_order import load_own_order
from services.orders.order.rules import Progress, cancel_pieces, sum_progress, value_without_cancelled
from services.orders.review.api import CancelLines
from services.orders.stock.move_stock import MovementCause, move_stock
from services.orders.stock.rules import Move
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION, RESERVE_QUEUE, Hold


def cancel_lines(caller: Principal, order_id: str, request: CancelLines, key: IdempotencyKey) -> OrderSummary:
    """Cancel pieces of lines, and release their stock and credit. Of a line, backordered pieces go first.

    An order of which nothing is open any more ends. A dealer may cancel lines until the approval.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
        Refusal: the state does not allow it, or the lines touch more buckets than one transaction can change.
        Invalid: there is no such line, or more pieces are named than are open; names the lines.
    """
    order = load_own_order(caller, order_id)
    require_allowed(Action.CANCEL_LINES, order.state, caller.roles)
    cancelled = _cancelled_by_line(order, request)
    progress = tuple(
        cancel_pieces(line_progress, cancelled.get(number, 0)) for number, line_progress in enumerate(order.progress, 1)
    )
    released = _released(order, progress)
    transaction = Transaction()
    if released:
        cause = MovementCause(order.next_step, caller.name)
        move_stock(transaction, Move.UNRESERVE, order.header.warehouse, released, cause)
    freed_fen = value_without_cancelled(order.lines, order.progress) - value_without_cancelled(order.lines, progress)
    if order.header.is_on_credit_hold:  # it is not committed
        freed_fen = 0
    transaction.update_fields(
        OrderingAccountItem,
        ordering_account_key(order.header.dealer_id),
        {},
        increments={"committed_fen": -freed_fen},
        label="account",
    )
    return commit_change(
        transaction,
        order,
        Action.CANCEL_LINES,
        OrderLinesCancelled,
        key,
        by=caller.name,
        facts={
            "cancelled": sum(cancelled.values()),
            "cancelled_lines": tuple(cancelled),
            "released": sum(released.values()),
            "reason": request.reason,
        },
        progress=progress,
        # The released pieces go to the backorder queue.
        command=Command(RESERVE_QUEUE, order.header.warehouse),
        **_header_changes(order, progress),
    )


def _cancelled_by_line(order: Order, request: CancelLines) -> dict[int, int]:
    """Return the pieces to cancel by line number."""
    asked: dict[int, int] = defaultdict(int)
    for line in request.lines:
        asked[line.line_no] += line.quantity
    problems = []
    for index, line in enumerate(request.lines):
        number = line.line_no
        if number > len(order.lines):
            detail = f"订单没有第 {number} 行,可填 1 至 {len(order.lines)} / there is no line {number}; the last is "
            problems.append(
                FieldProblem(field=f"lines.{index}.line_no", code="unknown-line", detail=f"{detail}{len(order.lines)}")
            )
            continue
        progress, ordered = order.progress[number - 1], order.lines[number - 1]
        sku, most = ordered.sku, ordered.quantity - progress.shipped - progress.cancelled
        if asked[number] > most:
            detail = (
                f"第 {number} 行 {sku} 未发 {most} 件,最多取消 {most} 件 / "
                f"{most} pieces of line {number} ({sku}) are open; cancel at most {most}"
            )
            problems.append(FieldProblem(field=f"lines.{index}.quantity", code="not-open", detail=detail))
    if problems:
        raise Invalid(problems)
    return dict(sorted(asked.items()))


def _released(order: Order, progress: tuple[Progress, ...]) -> dict[int, int]:
    """Return the reserved pieces that become available, by SKU index."""
    released: dict[int, int] = defaultdict(int)
    for demand, before, after in zip(order.demands, order.progress, progress, strict=True):
        if before.reserved > after.reserved:
            released[demand.sku_index] += before.reserved - after.reserved
    if len({BucketPosition.of(sku_index).bucket for sku_index in released}) > BUCKETS_PER_TRANSACTION:
        raise Refusal(
            "too-many-lines",
            "一次取消的行太多,请分两次 / these lines touch too much stock for one step; cancel them in two requests",
        )
    return dict(released)


def _header_changes(order: Order, progress: tuple[Progress, ...]) -> Mapping[str, Any]:
    """Return the attributes of the header that follow from what is reserved and backordered now."""
    totals = sum_progress(progress)
    changes: dict[str, Any] = {}
    if not totals.reserved:
        changes |= {"reserved_until": None, "promised_on": None, "warned": None}
    if not totals.backordered:
        changes["holds"] = sorted(order.holds - {Hold.STOCK})
    if totals.shipped + totals.cancelled == order.header.pieces:
        changes |= {"holds": [], "decided_at": order.header.decided_at or clock.stamp()}
    return changes
