"""Report a short pick: reserved pieces of an order that are not in their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from contracts.stock import BucketPosition
from kernel.base.problems import Refusal
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.transaction import Transaction
from services.orders.order.api import OrderSummary
from services.orders.order.items import Order
from services.orders.order.lifecycle import Action, require_allowed
from services.orders.order.load_order import load_own_order
from services.orders.order.rules import (
    backorder_pieces_of_lines,
    reserved_by_sku_index,
    turn_reserved_into_backordered,
)
from services.orders.order.views import summary_of
from services.orders.settlement.api import ShortPick
from services.orders.settlement.lose_pieces import lose_pieces
from services.orders.shipping.rules import pieces_by_line
from services.orders.stock.move_stock import MovementCause, move_several_kinds_of_stock
from services.orders.stock.rules import Move
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION

DOCUMENT = "short_pick"


def report_short_pick(caller: Principal, order_id: str, request: ShortPick, key: IdempotencyKey) -> OrderSummary:
    """Take reserved pieces of a confirmed order off the stock on hand; the order waits for them in its former place.

    A picker sees only this order's pieces, so no other order loses any, as it may by a count. Of an order that accepts
    no part everything else is released. Available pieces stay as they are.

    Raises:
        NotFound: there is no such order.
        Refusal: the order is not confirmed, or the pieces lie in more buckets than one transaction can change.
        Invalid: more pieces are named than reserved; names the lines.
    """
    order = load_own_order(caller, order_id)
    require_allowed(Action.REPORT_SHORT_PICK, order.state, caller.roles)
    by_line = pieces_by_line(order, request.lines)
    missing = _by_sku_index(order, by_line)
    if order.shortage_policy.accepts_partial:
        released, progress = missing, backorder_pieces_of_lines(order.progress, by_line)
    else:
        released = reserved_by_sku_index(order.demands, order.progress)
        progress = turn_reserved_into_backordered(order.demands, order.progress, frozenset(released))
    if len({BucketPosition.of(sku_index).bucket for sku_index in released}) > BUCKETS_PER_TRANSACTION:
        raise Refusal(
            "too-many-lines",
            "一次登记的行太多,请分两次登记 / these lines touch too much stock for one step; report them in two",
        )
    transaction = Transaction()
    cause = MovementCause(order.next_step, caller.name)
    moves = {Move.UNRESERVE: released, Move.SHORT_PICK: missing}
    move_several_kinds_of_stock(transaction, order.header.warehouse, moves, cause)
    facts = {
        "missing": sum(missing.values()),
        "missing_lines": tuple(by_line),
        "released": sum(released.values()),
        "document": DOCUMENT,
        "reference": f"{order_id}-P{order.header.version + 1}",
        "reason": request.reason,
    }
    # The event is the document of the movement, so it has the pieces by SKU index.
    record = {"step": order.next_step, "pieces": [list(missing), list(missing.values())]}
    after = lose_pieces(transaction, order, Action.REPORT_SHORT_PICK, progress, facts, by=caller.name, record=record)
    answer = summary_of(after.order.header)
    key.record_response(transaction, answer)
    transaction.commit()
    return answer


def _by_sku_index(order: Order, by_line: Mapping[int, int]) -> dict[int, int]:
    pieces: Counter[int] = Counter()
    for line_no, quantity in by_line.items():
        pieces[order.demands[line_no - 1].sku_index] += quantity
    return dict(pieces)
