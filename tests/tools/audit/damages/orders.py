"""Damages of orders, their lines, histories and backorders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.orders.order.backorder_entry import backorder_count_key
from services.orders.order.items import (
    PROGRESS_COLUMNS,
    FulfilmentItem,
    columns_of_lines,
    columns_of_progress,
    lines_of,
)
from services.orders.order.rules import Progress
from tests.support.company_data import OWN, WAREHOUSE
from tests.tools.audit.damages.stock import movement, stock
from tests.tools.audit.table import ACCOUNT, Damage, Damages, Key, TableCopy, all_of, remove_from_index


def _count_touch_time_again(table: TableCopy) -> None:
    table.add(table.keys("TOUCHTIME#")[0], orders=1)


def progress(name: str, *lines: Progress) -> Damage:
    """Replace the progress of an order's lines, and the totals of its header."""

    def damage(table: TableCopy) -> None:
        number = table.item(table.order_key(name)).fulfilments + 1
        key = table.order_key(name, "FULFILMENT")
        table.put(FulfilmentItem(*key, columns=columns_of_progress(lines), number=number))
        sums = {column: sum(getattr(line, column) for line in lines) for column in PROGRESS_COLUMNS}
        table.update(table.order_key(name), **sums, fulfilments=number)

    return damage


def first_line(**changed: Any) -> Damage:
    """Change the first line of an order in review, and the order's totals with it."""

    def damage(table: TableCopy) -> None:
        key = table.order_key("order in review", "LINES")
        first, *others = lines_of(table.item(key))
        lines = [first._replace(**changed), *others]
        table.update(key, **columns_of_lines(lines))
        header = table.order_key("order in review")
        gross, tax = sum(line.gross_fen for line in lines), sum(line.tax_fen for line in lines)
        table.add(ACCOUNT, committed_fen=gross - table.item(header).gross_fen)
        table.update(header, gross_fen=gross, tax_fen=tax)

    return damage


def _answer_with_order_again(table: TableCopy) -> None:
    key = next(key for key in table.keys(f"IDEMPOTENCY#{OWN}", "POST /orders#"))
    repeated = table.item(key)
    repeated.sk = "POST /orders#again"
    table.put(repeated)


def _close_cancelled_order(table: TableCopy) -> None:
    header = table.order_key("order to cancel")
    table.update(header, state="closed")
    table.change_event(table.order_event_key("order to cancel", table.item(header).version), state="closed")


def _backorder_key(table: TableCopy) -> Key:
    order_id = table.ids["order that waits", OWN]
    return next(key for key in table.keys(f"STOCK#{WAREHOUSE}#BACKORDERS") if key[1].endswith(order_id))


def _queue_twice(table: TableCopy) -> None:
    entry = table.item(_backorder_key(table))
    entry.sk = f"0{entry.sk[1:]}"
    table.put(entry)


def _stop_waiting(table: TableCopy) -> None:
    table.delete(_backorder_key(table))
    table.update(table.order_key("order that waits"), backordered_since=None)


def _grant_key(table: TableCopy) -> Key:
    key, *_ = table.keys(f"ORDERS#{OWN}", "GRANT#")
    return key


def _delete_allocation_run(table: TableCopy) -> None:
    run = table.item(_grant_key(table)).run
    table.delete(table.keys(f"STOCK#{WAREHOUSE}", f"ALLOCATION#{run}")[0])


def _replace_approval(table: TableCopy) -> None:
    key = table.order_event_key("order to ship", 2)
    table.change_event(key, {"type": "order.hold-released.v1"}, hold="x", reason="y")


def _leave_undecided(table: TableCopy) -> None:
    table.update(table.order_key("order of nothing"), state="submitted", gsi1pk="ORDERS#submitted")
    table.change_event(table.order_event_key("order of nothing", 2), state="submitted")


DAMAGES: Damages = {
    # pieces
    "a line lost a piece": (
        all_of(
            progress("order partly shipped", Progress(reserved=2, shipped=1), Progress(reserved=1)),
            stock(0, available=1),
            movement("unreserve", 0, "order partly shipped"),
        ),
        {"order-line-quantity"},
    ),
    "an order of all or nothing has a part": (
        all_of(
            progress("order of nothing", Progress(reserved=1, backordered=19_999)),
            stock(2, available=-1),
            movement("reserve", 2, "order of nothing"),
        ),
        {"all-or-nothing"},
    ),
    "an ended order has backordered pieces": (
        progress("order to cancel", Progress(backordered=1, cancelled=1), Progress(cancelled=1)),
        {"open-after-end", "order-committed", "order-exposure"},
    ),
    "an order is closed without a shipped piece": (_close_cancelled_order, {"log-event", "state-shipped"}),
    # parts
    "a fulfilment is older than the header": (
        lambda table: table.add(table.order_key("order partly shipped"), fulfilments=1),
        {"order-incomplete"},
    ),
    "an order lost its lines": (
        lambda table: table.delete(table.order_key("order of nothing", "LINES")),
        {"order-incomplete", "order-sequence", "order-committed", "order-exposure"},
    ),
    "an accepted order is gone": (
        lambda table: table.delete(*(table.order_key("order of nothing", part) for part in ("HEADER", "LINES"))),
        {"order-lost", "order-sequence", "order-committed", "order-exposure"},
    ),
    "two keys were answered with one order": (_answer_with_order_again, {"order-keys"}),
    "an open order is not in the index": (
        lambda table: remove_from_index(table, table.order_key("order in review")),
        {"order-queue"},
    ),
    "an order number is missing": (lambda table: table.add(ACCOUNT, last_sequence=1), {"order-sequence"}),
    # backorders
    "a waiting order is not in the backorder queue": (
        lambda table: table.delete(_backorder_key(table)),
        {"backorder-entry", "backorder-count"},
    ),
    "an order is in the backorder queue twice": (_queue_twice, {"backorder-entry", "backorder-count"}),
    "the counter of backorders is gone": (
        lambda table: table.delete(backorder_count_key(WAREHOUSE)),
        {"backorder-count"},
    ),
    "a run-out product is backordered": (
        lambda table: table.update(table.order_key("order that waits", "LINES"), run_out=[0, 1, 2, 3, 4]),
        {"run-out-backordered"},
    ),
    "an order stopped waiting without a reason": (_stop_waiting, {"backorder-since", "backorder-count"}),
    "a grant has more pieces than its event": (
        lambda table: table.update(_grant_key(table), grants=[["L4", 2, {}]]),
        {"grant-event", "grant-share"},
    ),
    "a grant belongs to no allocation run": (_delete_allocation_run, {"grant-share"}),
    "an order on credit hold keeps its pieces": (
        lambda table: table.update(table.order_key("order in review"), holds=["credit"]),
        {"credit-hold-stock", "order-committed", "order-exposure"},
    ),
    # amounts
    "a header counts a piece too many": (
        lambda table: table.add(table.order_key("order in review"), pieces=1),
        {"order-total"},
    ),
    "a line amount is a fen too high": (
        first_line(gross_fen=2501),
        {"order-line-amount", "order-committed", "order-exposure"},
    ),
    "a line has another price than the list": (
        first_line(unit_price=Decimal("12.60"), gross_fen=2520),
        {"order-line-price"},
    ),
    "the committed amount is too high": (
        lambda table: table.add(ACCOUNT, committed_fen=100),
        {"order-committed", "order-exposure"},
    ),
    # history
    "a version has no event": (
        lambda table: table.add(table.order_key("order in review"), version=1),
        {"order-events"},
    ),
    "an order made an impossible transition": (_replace_approval, {"log-event", "order-transition", "message-event"}),
    "the stock of an order is never decided": (
        _leave_undecided,
        {"log-event", "order-undecided", "order-transition", "order-events"},
    ),
    "a decided order counts twice in the touch times": (_count_touch_time_again, {"touch-time-count"}),
    "an expired reservation is not released": (
        lambda table: table.update(table.order_key("order in review"), reserved_until="2026-11-01T00:00:00.000Z"),
        {"reservation-expired"},
    ),
}
