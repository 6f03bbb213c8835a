"""A sound little table, in which every rule finds nothing; then one thing wrong at a time, found by its rule alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts.catalog import ProductItem
from contracts.orders import OrderShipped, OrderSubmitted
from contracts.stock import SLOTS_PER_SHELF, ShelfItem, shelf_key
from kernel.money import fen_of, tax_within
from kernel.outbox import EventItem, announcement
from kernel.table import Item
from services.orders.domain import Line, Progress, shipped_line, total
from services.orders.table import (
    AccountItem,
    FollowedEventItem,
    FulfilmentItem,
    GoodsReceiptItem,
    HeaderItem,
    LinesItem,
    ShipmentItem,
    packed_lines,
    packed_progress,
    packed_shipment,
)
from services.reconciliation.table import DayItem, EntryItem, JournalItem, LedgerItem, StatementItem
from tools.audit import Finding, audit, findings
from tools.audit.delivery import dead_letter_findings, unsent_findings
from tools.audit.reading import Snapshot

DEALER, ORDER, WAREHOUSE = "D0001", "D0001-000001", "GZ"
PK = f"ORDERS#{DEALER}"
LINES = tuple(
    Line(n, f"SKU-{n}", f"灯 {n}", quantity, price, "P", 13, fen_of(price, quantity), slot)
    for n, quantity, price, slot in [(1, 10, Decimal("9.99"), 3), (2, 4, Decimal("12.345"), 70)]
)
#: Line 1: six shipped, four held. Line 2: one held, three back-ordered.
PROGRESS = (Progress(reserved=4, shipped=6), Progress(reserved=1, backordered=3))
SENT = shipped_line(LINES[0], 0, 6)
PAID = 500
AMOUNTS = {"receivable": SENT.gross_fen, "sales": SENT.tax_fen - SENT.gross_fen, "output_tax": -SENT.tax_fen}


def shelf(number: int, available: dict[int, int], held: dict[int, int]) -> ShelfItem:
    return ShelfItem(
        *shelf_key(WAREHOUSE, number),
        available=[available.get(position, 0) for position in range(SLOTS_PER_SHELF)],
        held=[held.get(position, 0) for position in range(SLOTS_PER_SHELF)],
    )


def product(sku: str, slot: int) -> ProductItem:
    return ProductItem(
        f"PRODUCT#{sku}", "PRODUCT", sku=sku, slot_number=slot, name_zh=sku, name_en=sku, category="x", carton=1
    )


def event(kind: type[OrderSubmitted] | type[OrderShipped], sequence: int, state: str) -> EventItem:
    facts: dict[str, Any] = {
        "order_id": ORDER,
        "dealer_id": DEALER,
        "warehouse": WAREHOUSE,
        "state": state,
        "line_count": 2,
        "gross_fen": 1,
    }
    if kind is OrderShipped:
        facts |= {
            "shipment_id": f"{ORDER}-S01",
            "shipped_pieces": 6,
            "shipped_gross_fen": SENT.gross_fen,
            "shipped_net_fen": SENT.gross_fen - SENT.tax_fen,
            "shipped_tax_fen": SENT.tax_fen,
            "shipped_at": "2026-11-23T01:00:00.000Z",
            "payment_days": 30,
            "carrier": "c",
            "waybill": "w",
            "complete": False,
        }
    item = announcement(kind(**facts), pk=PK, subject=ORDER, sequence=sequence, dealer_id=DEALER)
    item.gsi1pk = item.gsi1sk = None
    return item


def ledger(journals: int, receivable_fen: int, **sold: int) -> LedgerItem:
    sold = sold or {"sales_fen": AMOUNTS["sales"], "output_tax_fen": AMOUNTS["output_tax"]}
    return LedgerItem(
        f"LEDGER#{DEALER}", "ACCOUNTS", journals=journals, receivable_fen=receivable_fen, bank_fen=PAID, **sold
    )


def sound() -> dict[str, Any]:
    money = total(LINES)
    header = HeaderItem(
        PK, "HEADER#000001",
        order_id=ORDER, dealer_id=DEALER, warehouse=WAREHOUSE, state="confirmed", holds=[], version=2,
        policy="ship_available", urgent=False, line_count=2, pieces=14, gross_fen=money.gross_fen,
        tax_fen=money.tax_fen, payment_days=30, submitted_at="2026-11-23T00:00:00.000Z", submitted_by="x",
        reserved=5, backordered=3, shipped=6, cancelled=0,
    )  # fmt: skip
    return {
        "product 1": product("SKU-1", 3),
        "product 2": product("SKU-2", 70),
        "shelf 0": shelf(0, {3: 90}, {3: 4}),
        "shelf 1": shelf(1, {6: 0}, {6: 1}),
        "receipt": GoodsReceiptItem(
            f"STOCK#{WAREHOUSE}", "RECEIPT#R1", received_at="t", received_by="x", lines=[["SKU-1", 100], ["SKU-2", 1]]
        ),
        "header": header,
        "lines": LinesItem(PK, "LINES#000001", columns=packed_lines(LINES), price_list="L", price_version=1),
        "fulfilment": FulfilmentItem(PK, "FULFILMENT#000001", columns=packed_progress(PROGRESS)),
        "submitted": event(OrderSubmitted, 1, "submitted"),
        "shipped": event(OrderShipped, 2, "confirmed"),
        "shipment": ShipmentItem(
            PK, "SHIPMENT#000001#001",
            shipment_id=f"{ORDER}-S01", order_id=ORDER, warehouse=WAREHOUSE, shipped_at="t", shipped_by="x",
            carrier="c", waybill="w", gross_fen=SENT.gross_fen, tax_fen=SENT.tax_fen, request_id="r",
            columns=packed_shipment([SENT]),
        ),
        "account": AccountItem(
            f"ORDERING#{DEALER}", "ACCOUNT", last_sequence=1, committed_fen=money.gross_fen - PAID
        ),
        "followed": FollowedEventItem(f"ORDERING#{DEALER}", "FOLLOWED#evt_1", change_fen=-PAID),
        "ledger": ledger(2, SENT.gross_fen - PAID),
        "payment": JournalItem(
            f"LEDGER#{DEALER}", "JOURNAL#receipt.rcp_1",
            dealer_id=DEALER, document_kind="receipt", document_id="rcp_1", document_date="2026-11-23",
            amounts={"receivable": -PAID, "bank": PAID}, reference="b", posted_on="2026-11-23", posted_at="t",
            posted_by="x",
        ),
        "payment entry": EntryItem(
            f"LEDGER#{DEALER}", "ENTRY#2026-11-23#y",
            journal_id=f"{DEALER}.receipt.rcp_1", document_kind="receipt", document_id="rcp_1",
            document_date="2026-11-23", posted_on="2026-11-23", reference="b", debit_fen=0, credit_fen=PAID,
        ),
        "payment day": DayItem(f"LEDGER#{DEALER}", "DAY#2026-11-23#-", debit_fen=0, credit_fen=PAID, line_count=1),
        "journal": JournalItem(
            f"LEDGER#{DEALER}", f"JOURNAL#shipment.{ORDER}-S01",
            dealer_id=DEALER, document_kind="shipment", document_id=f"{ORDER}-S01", document_date="2026-11-23",
            amounts=dict(AMOUNTS), reference="w", due_on="2026-12-23", posted_on="2026-11-23", posted_at="t",
            posted_by="x",
        ),
        "entry": EntryItem(
            f"LEDGER#{DEALER}", "ENTRY#2026-11-23#x",
            journal_id=f"{DEALER}.shipment.{ORDER}-S01", document_kind="shipment", document_id=f"{ORDER}-S01",
            document_date="2026-11-23", posted_on="2026-11-23", reference="w", due_on="2026-12-23",
            debit_fen=SENT.gross_fen, credit_fen=0,
        ),
        "day": DayItem(
            f"LEDGER#{DEALER}", "DAY#2026-11-23#2026-12-23", debit_fen=SENT.gross_fen, credit_fen=0, line_count=1
        ),
    }  # fmt: skip


def rules(items: dict[str, Item]) -> set[str]:
    return {finding.rule for finding in findings(Snapshot(items.values()))}


def test_a_sound_table_has_no_findings() -> None:
    assert rules(sound()) == set()


def test_an_empty_table_has_no_findings() -> None:
    assert rules({}) == set()


Change = Callable[[dict[str, Any]], object]


def set_to(name: str, **values: Any) -> Change:
    def change(items: dict[str, Any]) -> None:
        for attribute, value in values.items():
            setattr(items[name], attribute, value)

    return change


def without(*names: str) -> Change:
    def change(items: dict[str, Any]) -> None:
        for name in names:
            del items[name]

    return change


def progress(*changed: Progress) -> Change:
    return set_to("fulfilment", columns=packed_progress(changed))


PLANTED: dict[str, tuple[Change, set[str]]] = {
    "a piece is held for nobody": (
        lambda items: items.update({"shelf 0": shelf(0, {3: 89}, {3: 5})}),
        {"stock-held"},
    ),
    "a piece vanished": (lambda items: items.update({"shelf 0": shelf(0, {3: 89}, {3: 4})}), {"stock-on-hand"}),
    "more was promised than was there": (
        lambda items: items.update({"shelf 1": shelf(1, {6: -1}, {6: 2})}),
        {"stock-negative", "stock-held"},
    ),
    "goods came in that no receipt tells of": (without("receipt"), {"stock-on-hand"}),
    "a line lost a piece": (
        progress(Progress(reserved=4, shipped=6), Progress(reserved=1, backordered=2)),
        {"line-identity", "order-total"},
    ),
    "an ended order still waits for stock": (
        set_to("header", state="closed"),
        {"line-after-end", "stock-held", "order-committed", "order-exposure", "order-events"},
    ),
    "the header's total is off by a fen": (
        set_to("header", gross_fen=total(LINES).gross_fen + 1),
        {"order-total", "order-committed", "order-exposure"},
    ),
    "an event was never written": (without("shipped"), {"order-events"}),
    "an event has no version": (set_to("header", version=1), {"order-events"}),
    "a shipment is not stored": (without("shipment"), {"shipped-pieces", "shipped-money", "journal-unfounded"}),
    "a shipment's total is off by a fen": (
        set_to("shipment", gross_fen=SENT.gross_fen + 1),
        {"shipment-total", "journal-amounts"},
    ),
    "a shipment's line is worth a fen too little": (
        set_to("shipment", columns=packed_shipment([replace(SENT, gross_fen=SENT.gross_fen - 1)])),
        {"shipment-total", "shipped-money"},
    ),
    "an order number was lost": (set_to("account", last_sequence=2), {"order-sequence"}),
    "money counted twice": (
        set_to("account", committed_fen=total(LINES).gross_fen - 2 * PAID),
        {"order-committed", "order-exposure"},
    ),
    "money was booked that orders never heard of": (
        lambda items: (without("followed")(items), set_to("account", committed_fen=total(LINES).gross_fen)(items)),
        {"order-exposure"},
    ),
    "a shipment was never booked": (
        lambda items: (
            without("journal", "entry", "day")(items),
            items.update({"ledger": ledger(1, -PAID, sales_fen=0, output_tax_fen=0)}),
        ),
        {"shipment-unbooked", "order-exposure"},
    ),
    "a journal does not balance": (
        set_to("journal", amounts=AMOUNTS | {"sales": AMOUNTS["sales"] + 1}),
        {"journal-balance", "ledger-total", "journal-amounts"},
    ),
    "a booked amount has another split": (
        set_to("journal", amounts=AMOUNTS | {"sales": AMOUNTS["sales"] + 1, "output_tax": AMOUNTS["output_tax"] - 1}),
        {"ledger-total", "journal-amounts"},
    ),
    "a journal stands on no statement": (without("entry"), {"entry-amount", "day-total"}),
    "a statement line is off by a fen": (
        set_to("entry", debit_fen=SENT.gross_fen + 1),
        {"entry-amount", "day-total"},
    ),
    "a day's total is off by a fen": (set_to("day", debit_fen=SENT.gross_fen + 1), {"day-total"}),
    "an account was moved alone": (
        set_to("ledger", bank_fen=PAID + 1),
        {"ledger-total", "trial-balance"},
    ),
    "a journal was counted twice": (set_to("ledger", journals=3), {"ledger-total"}),
}


@pytest.mark.parametrize(("change", "expected"), PLANTED.values(), ids=PLANTED)
def test_what_is_wrong_is_found_by_its_rule(change: Change, expected: set[str]) -> None:
    items = sound()
    change(items)
    assert rules(items) == expected


def test_a_journal_that_does_not_balance_is_reported_not_stumbled_over() -> None:
    items = sound()
    items["journal"].amounts = {"receivable": 5}
    assert "journal-balance" in rules(items)


def statement(period: str, opening: int, debit: int, credit: int, lines: int) -> StatementItem:
    return StatementItem(
        f"STATEMENT#{DEALER}", f"PERIOD#{period}", dealer_id=DEALER, period=period, opening_fen=opening,
        debit_fen=debit, credit_fen=credit, line_count=lines, ageing={}, issued_at="t",
    )  # fmt: skip


def test_statements_open_where_the_one_before_closed() -> None:
    items = sound()
    items["november"] = statement("2026-11", 0, SENT.gross_fen, PAID, 2)
    items["december"] = statement("2026-12", SENT.gross_fen - PAID, 0, 0, 0)
    assert rules(items) == set()
    items["december"] = statement("2026-12", SENT.gross_fen, 0, 0, 0)
    assert rules(items) == {"statement"}


def test_a_statement_without_one_of_its_periods_lines_is_found() -> None:
    items = sound()
    items["november"] = statement("2026-11", 0, 0, PAID, 1)
    assert rules(items) == {"statement"}


def test_an_event_may_wait_a_little_but_not_for_ever() -> None:
    item = announcement(
        OrderSubmitted(order_id=ORDER, dealer_id=DEALER, warehouse="GZ", state="submitted", line_count=1, gross_fen=1),
        pk=PK, subject=ORDER, sequence=1,
    )  # fmt: skip
    patience = timedelta(minutes=3)
    now = datetime.now(UTC)
    assert list(unsent_findings([item], now, patience)) == []
    assert [one.rule for one in unsent_findings([item], now + timedelta(minutes=4), patience)] == ["event-unsent"]
    item.gsi1pk = None
    assert list(unsent_findings([item], now + timedelta(minutes=4), patience)) == []


def test_only_queues_with_dead_letters_are_findings() -> None:
    assert [one.subject for one in dead_letter_findings({"a-dlq": 0, "b-dlq": 2})] == ["b-dlq"]


def test_what_only_looked_wrong_while_it_moved_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    lasting, passing = Finding("stock-held", "GZ", "1"), Finding("shipment-unbooked", "D0001-000001-S01", "2")
    looks = [[lasting, passing], [lasting]]
    monkeypatch.setattr("tools.audit._look", lambda stage: looks.pop(0))
    paused: list[float] = []
    assert audit("test", paused.append) == [lasting]
    assert len(paused) == 1 and looks == []


def test_tax_in_the_sound_table_is_real() -> None:
    assert SENT.tax_fen == tax_within(5994, 13) == 690
