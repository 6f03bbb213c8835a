"""A whole town in which every rule finds nothing; then one thing wrong at a time, found by its rule."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from contracts.stock import SKUS_PER_BUCKET, QuarantineItem, quarantine_key
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import EventItem, shard_key
from kernel.store.items import Item
from services.notifications.sms.providers.recorder import RecordedSmsItem
from services.orders.inbound.items import ExpectedDeliveryItem, expected_key
from services.orders.order.backorder_entry import backorder_count_key
from services.orders.order.items import (
    PROGRESS_COLUMNS,
    FulfilmentItem,
    columns_of_lines,
    columns_of_progress,
    part_key,
)
from services.orders.order.rules import Progress
from services.orders.stock.items import MovementItem
from services.orders.stock_documents.items import StockDocumentItem, document_key
from services.reconciliation.ledger.items import BankReferenceItem, JournalItem, journal_key
from tests import world as worlds
from tests.authorization.town import OTHER, OWN, WAREHOUSE, Town
from tools.audit import ALWAYS, WHEN_DUE, Finding, Snapshot, audit, findings, nothing_is_rewritten
from tools.audit.delivery import dead_letter_findings
from tools.audit.reading import envelope_of, kind_of, read

AT_ONCE = timedelta(0)
Key = tuple[str, str]
Raw = Mapping[str, Any]


class Table:
    """The raw items of a table, to be spoiled."""

    def __init__(self, items: Mapping[Key, Raw], things: Mapping[tuple[str, str], str]) -> None:
        self.items = dict(items)
        self.things = things

    def snapshot(self) -> Snapshot:
        return Snapshot.of(self.items.values())

    def rules(self, patience: timedelta | None = AT_ONCE) -> set[str]:
        return {finding.rule for finding in findings(self.snapshot(), patience=patience)}

    def item(self, key: Key) -> Any:
        return Item.from_raw_data(dict(self.items[key]))

    def put(self, item: Item) -> None:
        self.items[item.pk, item.sk] = item.serialize(null_check=False)

    def change(self, key: Key, **values: Any) -> None:
        item = self.item(key)
        for name, value in values.items():
            setattr(item, name, value)
        self.put(item)

    def add(self, key: Key, **by: int) -> None:
        item = self.item(key)
        self.change(key, **{name: getattr(item, name) + number for name, number in by.items()})

    def move(self, key: Key, pk: str, sk: str) -> None:
        item = self.item(key)
        del self.items[key]
        item.pk, item.sk = pk, sk
        self.put(item)

    def drop(self, *keys: Key) -> None:
        for key in keys:
            del self.items[key]

    def keys(self, pk: str, sk: str = "") -> list[Key]:
        """Keys that begin so."""
        return sorted(key for key in self.items if key[0].startswith(pk) and key[1].startswith(sk))

    def event(self, subject: str, sequence: int) -> Key:
        return next(key for key in self.items if key[1] == f"EVENT#{subject}#{sequence:06d}")

    def told(self, event_type: str) -> list[tuple[Key, Envelope]]:
        found = ((key, self.item(key)) for key in self.keys("", "EVENT#"))
        events = ((key, envelope_of(item)) for key, item in found if isinstance(item, EventItem))
        return [(key, message) for key, message in events if message and message.type == event_type]

    def retell(self, key: Key, _envelope: Mapping[str, Any] | None = None, **data: Any) -> None:
        """Change what an event says, wherever it was sent."""
        body = json.loads(self.item(key).body)
        self.change(key, body=json.dumps({**body, **(_envelope or {}), "data": {**body["data"], **data}}))
        told = self.item(key).envelope.model_dump_json(exclude_none=True)
        for delivery in self.keys("DELIVERY#", "AT#"):
            if delivery[1].endswith(f"#{body['id']}"):
                self.change(delivery, body=told)

    # ---- what there is ----

    def order(self, name: str, part: str = "HEADER", dealer: str = OWN) -> Key:
        return part_key(part, self.things[name, dealer])

    def bucket(self) -> Any:
        return self.item(BUCKET)

    def journal(self, name: str = "journal") -> Key:
        return journal_key(self.things[name, OWN])

    def shipment(self) -> Key:
        """The event of a part shipment."""
        return self.event(self.things["order partly shipped", OWN], 4)

    def ticket(self, name: str, part: str = "TICKET") -> Key:
        return f"TICKETS#{OWN}", f"{part}#{self.things[name, OWN]}"

    def entry(self, journal: Key) -> Key:
        return next(key for key in self.keys(journal[0], "ENTRY#") if key[1].endswith(journal[1][len("JOURNAL#") :]))


BUCKET = (f"BUCKET#{WAREHOUSE}", "0000")
LEDGER = (f"LEDGER#{OWN}", "ACCOUNTS")
ACCOUNT = (f"ORDERING#{OWN}", "ACCOUNT")
STATEMENT = (f"STATEMENT#{OWN}", "PERIOD#2026-11")


@pytest.fixture(scope="module")
def built() -> Iterator[Table]:
    """The town, and what else can happen in it."""
    with worlds.opened(fast=True) as world:
        town = Town(world)
        town.build()
        _live_on(town)
        yield Table(dict(world.cloud.rows()), town.things)


def _live_on(town: Town) -> None:
    def order(name: str, sku: str, quantity: int, **more: Any) -> str:
        body = {"lines": [{"sku": sku, "quantity": quantity}], **more}
        made: str = town.do("orders", "POST", "/orders", body, role="dealer_buyer")["order_id"]
        town.things[name, OWN] = made
        return made

    for reserved in town.world.items("ORDERS#"):
        if reserved["kind"] == "order" and reserved["reserved"]:  # two weeks went by, and nobody lets them go
            town.do(
                "orders",
                "POST",
                f"/orders/{reserved['order_id']}/extend-reservation",
                {"reason": "r"},
                role="assistant",
            )
    order("order of all", "L3", 5, shortage_policy="all_or_nothing")
    order("order of nothing", "L3", 20_000, shortage_policy="all_or_nothing")
    order("order that waits", "L3", 20_000, shortage_policy="wait")
    done = order("order done", "L3", 2)
    town.do("orders", "POST", f"/orders/{done}/holds/credit/release", {"reason": "r"}, role="finance")
    town.do("orders", "POST", f"/orders/{done}/approve", {"note": ""}, role="assistant")
    town.do("orders", "POST", f"/orders/{done}/shipments", {"carrier": "c", "waybill": "w"}, role="warehouse")
    came_in = {"warehouse": WAREHOUSE, "reference": "DN-2", "lines": [{"sku": "L4", "quantity": 1}]}
    town.do("orders", "POST", "/stock/goods-receipts", came_in, role="warehouse")
    for action in ("cancel", "reject"):
        path = f"/orders/{town.things[f'order to {action}', OWN]}/{action}"
        town.do("orders", "POST", path, {"reason": "r"}, role="assistant")
    path = f"/journals/{town.things['journal to reverse', OWN]}/reversal"
    town.do("reconciliation", "POST", path, {"reason": "r"}, role="finance")
    town.do("notifications", "POST", f"/inbox/{town.things['message of dealer_buyer', OWN]}/read", role="dealer_buyer")
    ticket = town.things["ticket asked about", OWN]
    town.do("tickets", "POST", f"/tickets/{ticket}/answer", {"answer": "a"}, role="dealer_buyer")


@pytest.fixture
def table(built: Table) -> Table:
    return Table(built.items, built.things)


def test_a_healthy_town_has_no_findings(table: Table) -> None:
    assert list(findings(table.snapshot(), patience=AT_ONCE)) == []


def test_an_empty_table_has_no_findings() -> None:
    assert list(findings(Snapshot.of([]), patience=AT_ONCE)) == []


# ---- one thing wrong at a time ----

Spoil = Callable[[Table], object]


def stock(position: int, *, available: int) -> Spoil:
    """Count so many pieces more."""

    def spoil(table: Table) -> None:
        counters = table.bucket().available
        counters[position] = counters[position] + available
        table.change(BUCKET, available=counters)

    return spoil


def moved(move: str, sku_index: int, reference: str = "nobody 1.0") -> Spoil:
    """Record that one piece moved: for an order of the town, or by another document."""

    def spoil(table: Table) -> None:
        order_id = table.things.get((reference, OWN))
        named = f"{order_id} 9.0" if order_id else reference
        key = f"STOCK#{WAREHOUSE}#2026-11-23", f"9#{named}#{move}"
        table.put(MovementItem(*key, move=move, reference=named, by="", pieces=[[sku_index], [1]]))

    return spoil


def written(kind: str, sku: str) -> Spoil:
    """A document of one piece."""
    document = {"document": kind, "made_at": "t", "made_by": "x", "reason": "r", "lines": [[sku, 1]]}
    return lambda table: table.put(StockDocumentItem(*document_key(WAREHOUSE, kind, "C-1"), **document))


def _set_aside(table: Table) -> None:
    table.put(QuarantineItem(*quarantine_key(WAREHOUSE, 0), pieces=[1] + [0] * (SKUS_PER_BUCKET - 1)))


def _clone_product(table: Table) -> None:
    product = table.item(("PRODUCT#L4", "PRODUCT"))
    product.pk, product.sku = "PRODUCT#L9", "L9"
    table.put(product)


def progress(name: str, *lines: Progress) -> Spoil:
    def spoil(table: Table) -> None:
        number = table.item(table.order(name)).fulfilments + 1
        table.put(FulfilmentItem(*table.order(name, "FULFILMENT"), columns=columns_of_progress(lines), number=number))
        sums = {column: sum(getattr(line, column) for line in lines) for column in PROGRESS_COLUMNS}
        table.change(table.order(name), **sums, fulfilments=number)

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(table: Table) -> None:
        for one in spoils:
            one(table)

    return spoil


def with_changes(line: Any, **changed: Any) -> Any:
    return type(line)(**{name: getattr(line, name) for name in type(line).__annotations__} | changed)


def line(**changed: Any) -> Spoil:
    """Change the first line of an order that waits in review, and its totals with it."""

    def spoil(table: Table) -> None:
        key = table.order("order in review", "LINES")
        first, *others = table.item(key).lines
        lines = [with_changes(first, **changed), *others]
        table.change(key, **columns_of_lines(lines))
        header = table.order("order in review")
        gross, tax = sum(one.gross_fen for one in lines), sum(one.tax_fen for one in lines)
        table.add(ACCOUNT, committed_fen=gross - table.item(header).gross_fen)
        table.change(header, gross_fen=gross, tax_fen=tax)

    return spoil


def journal(**amounts: int) -> Spoil:
    """Add to what the first receipt booked."""

    def spoil(table: Table) -> None:
        key = table.journal()
        booked = table.item(key).amounts
        changed = {name: booked.get(name, 0) + more for name, more in amounts.items()}
        table.change(key, amounts={**booked, **changed})

    return spoil


def ledger(**more: int) -> Spoil:
    return lambda table: table.add(LEDGER, **more)


def _kept(table: Table) -> Key:
    return table.keys(f"STOCK#{WAREHOUSE}#PUNCTUALITY#")[0]


def _double_booked(table: Table) -> None:
    """The same money once more, under another number."""
    key = table.journal()
    receipt: JournalItem = table.item(key)
    again = "pay_again"
    receipt.document_id, receipt.sk = again, f"JOURNAL#payment.{again}"
    table.put(receipt)
    entry = table.item(table.entry(key))
    entry.sk, entry.journal_id, entry.document_id = "ENTRY#2026-11-20#1#z", f"{OWN}.payment.{again}", again
    table.put(entry)
    fen = -receipt.amounts["receivable"]
    table.add((LEDGER[0], "DAY#2026-11-20#-"), credit_fen=fen, line_count=1)
    table.add(LEDGER, receivable_fen=-fen, bank_fen=fen, journal_count=1)
    table.add(STATEMENT, credit_fen=fen, line_count=1)
    statement = table.item(STATEMENT)
    table.change(STATEMENT, ageing={**statement.ageing, "not_due": statement.ageing["not_due"] - fen})


def _text_twice(table: Table) -> None:
    (pk, sk) = next(key for key in table.keys("SMS#sms_", "RECORDED#"))
    sent: RecordedSmsItem = table.item((pk, sk))
    sent.sk = "RECORDED#rec_again"
    table.put(sent)


def _delivery(table: Table) -> Key:
    return next(key for key in table.keys("DELIVERY#", "AT#") if table.item(key).state == "delivered")


def _pending(table: Table) -> Key:
    return next(key for key in table.keys("DELIVERY#", "AT#") if table.item(key).state == "pending")


def _attempted_again(table: Table) -> None:
    key = _delivery(table)
    log = table.item(key).log
    table.change(key, log=[*log, log[-1]], attempts=len(log) + 1)


def _no_delivery(table: Table) -> None:
    (pk, sk) = _pending(table)
    table.drop((pk, sk), (pk, f"EVENT#{sk.split('#')[2]}"))


def _message(table: Table) -> Key:
    """A message nobody has read."""
    read_already = table.things["message of dealer_buyer", OWN]
    return next(key for key in table.keys(f"INBOX#{OWN}#dealer", "MSG#") if read_already not in key[1])


def _message_lost(table: Table) -> None:
    key = _message(table)
    table.drop(key)
    count = next(at for at in table.keys(key[0], "COUNT#") if table.item(at).number)
    table.add(count, number=-1)


def _message_of_nothing(table: Table) -> None:
    (pk, sk) = _message(table)
    message = table.item((pk, sk))
    message.sk, message.message_id = f"{sk}9", f"{message.message_id}9"
    table.put(message)
    table.add(table.keys(pk, "COUNT#")[0], number=1)


def _text(table: Table) -> Key:
    return next(key for key in table.keys("SMS#sms_", "SMS") if table.item(key).state == "skipped")


def _no_text(table: Table) -> None:
    pk, _ = _text(table)
    table.drop(*table.keys(pk))


def _second_key(table: Table) -> None:
    key = next(key for key in table.keys(f"IDEMPOTENCY#{OWN}", "POST /orders#"))
    again = table.item(key)
    again.sk = "POST /orders#again"
    table.put(again)


def _closed_empty(table: Table) -> None:
    """Cancelled, and told to be closed."""
    header = table.order("order to cancel")
    table.change(header, state="closed")
    table.retell(table.event(table.things["order to cancel", OWN], table.item(header).version), state="closed")


def _place(table: Table) -> Key:
    order_id = table.things["order that waits", OWN]
    return next(key for key in table.keys(f"STOCK#{WAREHOUSE}#BACKORDERS") if key[1].endswith(order_id))


def _stands_twice(table: Table) -> None:
    place = table.item(_place(table))
    place.sk = f"0{place.sk[1:]}"
    table.put(place)


def _grant(table: Table) -> Key:
    key, *_ = table.keys(f"ORDERS#{OWN}", "GRANT#")
    return key


def _unlisted(table: Table, key: Key) -> None:
    table.change(key, gsi1pk=None, gsi1sk=None)


def _swap_gap(table: Table) -> None:
    """The second event of a user, without a first."""
    key = table.keys(f"DEALER#{OWN}", "EVENT#dealer_buyer")[0]
    subject = table.item(key).envelope.subject
    table.retell(key, {"sequence": 2, "id": f"evt_{subject}_2"})
    table.move(key, key[0], f"EVENT#{subject}#000002")


def _elsewhere(table: Table) -> None:
    key = table.keys(f"DEALER#{OWN}", "EVENT#dealer_buyer")[0]
    table.move(key, key[0], "EVENT#somebody#000001")


def _unsent(table: Table) -> None:
    key = table.event(table.things["order in review", OWN], 1)
    message = table.item(key).envelope
    table.change(key, gsi1pk=shard_key(0), gsi1sk=f"{message.time}#{message.id}")


def _stolen_reversal(table: Table) -> None:
    key = table.keys(LEDGER[0], "JOURNAL#reversal.")[0]
    table.change(key, reverses=f"{OWN}.payment.nothing")


def _foreign_journal(table: Table) -> None:
    key = table.journal()
    table.change(key, document_id="pay_other")
    table.put(BankReferenceItem("LEDGER#BANK#MAIN", "BK-X", payment_id="pay_other"))
    table.drop(next(at for at in table.keys("LEDGER#BANK#") if table.item(at).payment_id == key[1].split(".")[1]))


def _unfollowed(table: Table) -> None:
    key = table.keys(ACCOUNT[0], "LEDGER_EVENT#")[0]
    table.add(ACCOUNT, committed_fen=-table.item(key).change_fen)
    table.drop(key)


def _followed_wrongly(table: Table) -> None:
    table.add(table.keys(ACCOUNT[0], "LEDGER_EVENT#")[0], change_fen=1)
    table.add(ACCOUNT, committed_fen=1)


def _unbooked(table: Table) -> None:
    key = next(key for key in table.keys(LEDGER[0], "JOURNAL#shipment") if table.things["order done", OWN] in key[1])
    booked, entry = table.item(key), table.item(table.entry(key))
    day = (LEDGER[0], f"DAY#{entry.posted_on}#{entry.due_on}")
    table.drop(key, table.entry(key))
    table.drop(day)
    table.add(LEDGER, journal_count=-1, **{f"{account}_fen": -fen for account, fen in booked.amounts.items()})


def _unissued(table: Table) -> None:
    key, _ = next(one for one in table.told("statement.requested.v1") if one[1].data["dealer_id"] == OWN)
    table.retell(key, period="2026-12")


def _statement_untold(table: Table) -> None:
    table.retell(table.event(f"{OWN}-2026-11", 1), closing_fen=1)


def _foreign_answer(table: Table) -> None:
    key = table.keys(f"IDEMPOTENCY#{OWN}", "POST /tickets")[0]
    table.move(key, f"IDEMPOTENCY#{OTHER}", "POST /tickets#x")


def _ticket_torn(table: Table) -> None:
    table.drop(table.ticket("ticket registered", "REQUEST"))


def _note_of_nothing(table: Table) -> None:
    key = table.keys(f"TICKETS#{OWN}", "NOTE#")[0]
    table.move(key, key[0], f"{key[1][:-6]}000099")


PLANTED: dict[str, tuple[Spoil, set[str]]] = {
    # stock
    "a counter fell below zero": (
        both(stock(3, available=-1), moved("lost", 3, "lost C-1"), written("lost", "L4")),
        {"stock-negative"},
    ),
    "a piece is held for nobody": (
        both(stock(1, available=-1), moved("reserve", 1)),
        {"stock-conserved", "order-moved"},
    ),
    "a piece vanished": (stock(1, available=-1), {"stock-moved", "stock-conserved"}),
    "a piece was set aside and nobody knows": (_set_aside, {"stock-moved", "stock-conserved"}),
    "a receipt moved in more than stands on it": (
        both(stock(0, available=1), moved("receive", 0, "goods_receipt DN-1")),
        {"stock-document"},
    ),
    "a document moved nothing": (written("found", "L4"), {"stock-document"}),
    "a delivery is expected that nobody was told of": (
        lambda table: table.put(
            ExpectedDeliveryItem(
                *expected_key(WAREHOUSE, "X"),
                reference="X",
                expected_on="2026-12-24",
                goods=[["L4", 3, 1]],
                version=1,
                changed_by="x",
                reason="r",
            )
        ),
        {"stock-expected"},
    ),
    "two products share a place": (_clone_product, {"sku_index-shared"}),
    # orders: lines
    "a line lost a piece": (
        both(
            progress("order partly shipped", Progress(reserved=2, shipped=1), Progress(reserved=1)),
            stock(0, available=1),
            moved("unreserve", 0, "order partly shipped"),
        ),
        {"line-identity"},
    ),
    "an order of all or nothing got a part": (
        both(
            progress("order of nothing", Progress(reserved=1, backordered=19_999)),
            stock(2, available=-1),
            moved("reserve", 2, "order of nothing"),
        ),
        {"all-or-nothing"},
    ),
    "an ended order still waits for stock": (
        progress("order to cancel", Progress(backordered=1, cancelled=1), Progress(cancelled=1)),
        {"line-after-end"},
    ),
    "an order is closed of which nothing left": (_closed_empty, {"state-shipped"}),
    "a line left that is told to be here": (
        lambda table: table.change(table.shipment(), record=[[2], [1]]),
        {"shipped-pieces", "shipped-money", "promises-kept"},
    ),
    "a shipment names a line there is not": (
        lambda table: table.change(table.shipment(), record=[[9], [1]]),
        {"shipment-unreadable", "journal-unfounded", "promises-kept"},
    ),
    "a shipment was not counted": (
        lambda table: table.add(table.order("order partly shipped"), shipments=-1),
        {"shipment-count"},
    ),
    "a shipment bears another's number": (
        lambda table: table.retell(table.shipment(), shipment_id="D0001-000001-S99"),
        {"shipment-number", "journal-unfounded", "shipment-unbooked", "promises-kept", "promises-unkept"},
    ),
    "a promise counts as kept that was not": (
        lambda table: table.change(_kept(table), shipped_on="2026-11-01"),
        {"promises-kept"},
    ),
    "nobody noted whether promises were kept": (lambda table: table.drop(_kept(table)), {"promises-unkept"}),
    "what became of the lines is older than the header": (
        lambda table: table.add(table.order("order partly shipped"), fulfilments=1),
        {"order-torn"},
    ),
    # orders
    "an order lost its lines": (
        lambda table: table.drop(table.order("order of nothing", "LINES")),
        {"order-torn", "order-sequence", "order-committed", "order-exposure"},
    ),
    "an accepted order is gone": (
        lambda table: table.drop(*(table.order("order of nothing", part) for part in ("HEADER", "LINES"))),
        {"order-lost", "order-sequence", "order-committed", "order-exposure"},
    ),
    "one order answers two keys": (_second_key, {"order-keys"}),
    "an order that waits lost its place in line": (
        lambda table: table.drop(_place(table)),
        {"line-place", "line-length"},
    ),
    "an order stands in line that wants nothing": (_stands_twice, {"line-place", "line-length"}),
    "nobody is told to wait though somebody does": (
        lambda table: table.drop(backorder_count_key(WAREHOUSE)),
        {"line-length"},
    ),
    "an order stopped waiting by itself": (
        lambda table: (
            table.drop(_place(table)),
            table.change(table.order("order that waits"), backordered_since=None),
        ),
        {"line-since", "line-length"},
    ),
    "an order got more than it was told": (
        lambda table: table.change(_grant(table), grants=[["L4", 2, {}]]),
        {"order-granted", "order-share"},
    ),
    "an order got what was not shared out to it": (
        lambda table: table.drop(table.keys(f"STOCK#{WAREHOUSE}", f"ALLOCATION#{table.item(_grant(table)).run}")[0]),
        {"order-share"},
    ),
    "what is held is never given back": (
        lambda table: table.change(table.order("order in review"), reserved_until="2026-11-01T00:00:00.000Z"),
        {"reservation-expired"},
    ),
    "an order waits where nobody looks": (
        lambda table: _unlisted(table, table.order("order in review")),
        {"order-queue"},
    ),
    "the header's total is off by a piece": (
        lambda table: table.add(table.order("order in review"), pieces=1),
        {"order-total"},
    ),
    "a line costs a fen more than its price": (line(gross_fen=2501), {"line-money"}),
    "a line has another price than the list": (
        line(unit_price=Decimal("12.60"), gross_fen=2520),
        {"line-price"},
    ),
    "a shipment is told with another worth": (
        lambda table: table.retell(table.shipment(), shipped_gross_fen=1, shipped_net_fen=1),
        {"shipment-told", "journal-amounts"},
    ),
    "a version was not told": (
        lambda table: table.add(table.order("order in review"), version=1),
        {"order-events"},
    ),
    "an order went a way there is not": (
        lambda table: table.retell(
            table.event(table.things["order to ship", OWN], 2), {"type": "order.hold-released.v1"}, hold="x", reason="y"
        ),
        {"order-path", "message-unfounded"},
    ),
    "an order's stock is never decided": (
        lambda table: (
            table.change(table.order("order of nothing"), state="submitted", gsi1pk="ORDERS#submitted"),
            table.retell(table.event(table.things["order of nothing", OWN], 2), state="submitted"),
        ),
        {"order-undecided", "order-path"},
    ),
    "an order number was lost": (lambda table: table.add(ACCOUNT, last_sequence=1), {"order-sequence"}),
    "money counted twice": (
        lambda table: table.add(ACCOUNT, committed_fen=100),
        {"order-committed", "order-exposure"},
    ),
    # events
    "an event cannot be read": (
        lambda table: table.change(table.keys(f"DEALER#{OWN}", "EVENT#dealer_accountant")[0], body="{"),
        {"event-unreadable"},
    ),
    "an event stands under another name": (_elsewhere, {"event-key"}),
    "an event's number was left out": (_swap_gap, {"event-gap"}),
    "an event waits where the sweeper does not look": (
        lambda table: table.change(table.event(table.things["order in review", OWN], 1), gsi1pk=shard_key(0)),
        {"event-index", "event-unsent"},
    ),
    "an event was never sent": (_unsent, {"event-unsent"}),
    "a payment lowered credit by another amount": (_followed_wrongly, {"event-followed", "order-exposure"}),
    "a payment never reached the dealer's credit": (_unfollowed, {"event-unfollowed"}),
    "a statement that was asked for never came": (_unissued, {"statement-missing"}),
    # ledger
    "a journal does not balance": (
        both(journal(bank=1), ledger(bank_fen=1)),
        {"journal-balance", "trial-balance"},
    ),
    "an account was moved alone": (ledger(bank_fen=1), {"ledger-total", "trial-balance"}),
    "a journal was counted twice": (ledger(journal_count=1), {"ledger-total"}),
    "a reversal takes back what is not there": (_stolen_reversal, {"journal-reversal"}),
    "a journal stands under another document": (_foreign_journal, {"journal-key"}),
    "one payment is booked twice": (
        _double_booked,
        {"bank-reference", "journal-told", "order-exposure", "statement-closing", "statement-told"},
    ),
    "a payment is told with another amount": (
        lambda table: (table.retell(table.event(table.journal()[1].split(".")[1], 1), amount_fen=99),),
        {"journal-told", "event-followed"},
    ),
    "a shipment was booked with another split": (
        lambda table: table.change(
            next(iter(table.keys(LEDGER[0], "JOURNAL#shipment"))),
            amounts={"receivable": 1250, "sales": -1107, "output_tax": -143},
        ),
        {"journal-amounts", "ledger-total"},
    ),
    "a shipment was never booked": (_unbooked, {"shipment-unbooked"}),
    "a statement line is off by a fen": (
        lambda table: table.add(table.entry(table.journal()), credit_fen=1),
        {"entry-amount", "day-total", "statement"},
    ),
    "a day's total is off by a fen": (
        lambda table: table.add((LEDGER[0], "DAY#2026-11-20#-"), credit_fen=1),
        {"day-total"},
    ),
    "a statement is off by a fen": (
        lambda table: table.add(STATEMENT, opening_fen=1),
        {"statement", "statement-closing", "statement-told", "statement-ageing"},
    ),
    "a statement is gone": (
        lambda table: table.drop(STATEMENT),
        {"statement-closing", "statement-told"},
    ),
    "the ledger is closed with another balance": (ledger(closing_fen=1), {"statement-closing"}),
    "a statement is told with another balance": (_statement_untold, {"statement-told"}),
    "what is owed is not all aged": (
        lambda table: table.change(STATEMENT, ageing={**table.item(STATEMENT).ageing, "not_due": 1}),
        {"statement-ageing"},
    ),
    # tickets
    "a ticket went a way there is not": (
        lambda table: table.retell(table.event(table.things["ticket reviewed", OWN], 2), step="dispatched"),
        {"ticket-path"},
    ),
    "a ticket's step was not told": (
        lambda table: table.add(table.ticket("ticket registered"), version=1),
        {"ticket-events"},
    ),
    "nobody knows what a ticket is about": (_ticket_torn, {"ticket-torn"}),
    "a note of a step never taken": (_note_of_nothing, {"ticket-note"}),
    "a ticket number was lost": (
        lambda table: table.add((f"TICKETS#{OWN}", "SEQUENCE"), last=1),
        {"ticket-sequence"},
    ),
    "a ticket is due at another time": (
        lambda table: table.change(table.ticket("ticket accepted"), due_at="2026-12-24T00:00:00.000Z"),
        {"ticket-due"},
    ),
    "a ticket waits where nobody looks": (
        lambda table: _unlisted(table, table.ticket("ticket accepted")),
        {"ticket-queue"},
    ),
    # notifications
    "somebody was told of what never happened": (_message_of_nothing, {"message-unfounded"}),
    "somebody was not told": (_message_lost, {"message-missing"}),
    "the unread are miscounted": (
        lambda table: table.add(table.keys(f"INBOX#{OWN}#dealer", "COUNT#")[0], number=1),
        {"inbox-count"},
    ),
    "a message that is not there was read": (
        lambda table: table.move(
            table.keys(f"INBOX#{OWN}#dealer", "READ#")[0], f"INBOX#{OWN}#dealer", "READ#dealer_buyer-d0001#x"
        ),
        {"inbox-read"},
    ),
    "a text is about nothing": (
        lambda table: table.change(_text(table), subject="D0001-999999"),
        {"text-unfounded"},
    ),
    "a text went out twice": (_text_twice, {"text-sent"}),
    "a phone got more than its share": (
        lambda table: table.change(table.keys("SMS#PHONE#", "DAY#")[0], sent=21),
        {"text-limit"},
    ),
    "a text is still to be sent": (lambda table: table.change(_text(table), state="queued"), {"text-stuck"}),
    "somebody to be texted was not": (_no_text, {"text-missing"}),
    "a delivery sends other bytes": (
        lambda table: table.change(_delivery(table), body="{}"),
        {"delivery-unfounded"},
    ),
    "a delivery cannot be found by its event": (
        lambda table: table.drop((_delivery(table)[0], f"EVENT#{_delivery(table)[1].split('#')[2]}")),
        {"delivery-pointer"},
    ),
    "a delivery went on after it arrived": (_attempted_again, {"delivery-log"}),
    "an endpoint was not told": (_no_delivery, {"delivery-missing"}),
    # tenancy
    "an order names another dealer": (
        lambda table: table.change(table.order("order in review"), dealer_id=OTHER),
        {"tenant-item", "order-sequence", "order-committed", "order-exposure"},
    ),
    "a ticket names another dealer": (
        lambda table: table.change(table.ticket("ticket accepted"), dealer_id=OTHER),
        {"tenant-item"},
    ),
    "an event tells of another dealer": (
        lambda table: table.retell(table.event(table.things["ticket accepted", OWN], 1), {"dealerid": OTHER}),
        {"tenant-event"},
    ),
    "a dealer was answered about another": (_foreign_answer, {"tenant-answer"}),
}


@pytest.mark.parametrize(("spoil", "expected"), PLANTED.values(), ids=PLANTED)
def test_what_is_wrong_is_found_by_its_rule(table: Table, spoil: Spoil, expected: set[str]) -> None:
    spoil(table)
    assert table.rules() == expected


def test_every_rule_speaks_for_something_planted_and_names_its_formula(built: Table) -> None:
    due = "2026-12-15T00:00:00.000Z"
    silent: dict[str, Callable[[Snapshot], Iterator[Finding]]] = {rule.__name__: rule for rule in ALWAYS}
    silent |= {rule.__name__: partial(rule, due=due) for rule in WHEN_DUE}
    for spoil, _ in PLANTED.values():
        table = Table(built.items, built.things)
        spoil(table)
        spoiled = table.snapshot()
        silent = {name: rule for name, rule in silent.items() if not list(rule(spoiled))}
    assert silent == {}
    for rule in (*ALWAYS, *WHEN_DUE):
        assert re.match(r"[SOEGTNP]\d(, [SOEGTNP]\d)*(, when due)?: ", rule.__doc__ or ""), rule


# ---- what is not asked for ----


def test_what_follows_from_an_event_is_asked_for_when_it_is_due(table: Table) -> None:
    _unsent(table)
    _unbooked(table)
    assert table.rules(patience=AT_ONCE) == {"event-unsent", "shipment-unbooked"}
    assert table.rules(patience=timedelta(days=400)) == set()
    assert table.rules(patience=None) == set()


def test_an_item_that_cannot_be_read_is_named_and_hides_no_other(table: Table) -> None:
    table.change(table.order("order in review"), state="lost")
    table.add(ACCOUNT, last_sequence=1)
    assert {"unreadable", "order-sequence"} <= table.rules()


# ---- between two looks ----


def test_what_is_only_added_to_may_grow_and_be_sent(table: Table) -> None:
    before = table.snapshot()
    _unsent(table)
    moved("receive", 0)(table)
    assert list(nothing_is_rewritten(before, table.snapshot())) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda table: table.drop(table.journal()),
        journal(bank=1, receivable=-1),
        lambda table: table.retell(table.event(table.things["order in review", OWN], 1), gross_fen=1),
        lambda table: table.drop(table.keys(f"STOCK#{WAREHOUSE}#2")[0]),
        line(gross_fen=1),
    ],
    ids=["a journal vanished", "a journal was changed", "an event was changed", "a movement vanished", "an order too"],
)
def test_what_was_written_for_ever_is_found_if_it_changed(table: Table, spoil: Spoil) -> None:
    before = table.snapshot()
    spoil(table)
    assert {finding.rule for finding in nothing_is_rewritten(before, table.snapshot())} == {"rewritten"}


# ---- reading ----


def test_items_are_read_as_the_services_read_them(table: Table) -> None:
    kinds = set()
    for item in read(table.items.values()):
        theirs = table.item((item.pk, item.sk))
        assert kind_of(item) is kind_of(theirs) is type(theirs)
        for name in kind_of(item).get_attributes():
            assert getattr(item, name) == getattr(theirs, name), (item.pk, item.sk, name)
        kinds.add(kind_of(item).__name__)
    assert {"StockBucketItem", "HeaderItem", "PricePageItem", "DeliveryItem", "UserItem", "StatementRunItem"} <= kinds


def test_a_snapshot_of_items_is_that_of_their_raw_form(table: Table) -> None:
    table.add(ACCOUNT, last_sequence=1)
    from_items = Snapshot(table.item(key) for key in table.items)
    assert list(findings(from_items, patience=AT_ONCE)) == list(findings(table.snapshot(), patience=AT_ONCE))


# ---- a stage ----


def test_only_queues_with_dead_letters_are_findings() -> None:
    assert [one.subject for one in dead_letter_findings({"a-dlq": 0, "b-dlq": 2})] == ["b-dlq"]


def test_what_only_looked_wrong_while_it_moved_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    lasting, passing = Finding("stock-conserved", "GZ", "1"), Finding("shipment-unbooked", "D0001-000001-S01", "2")
    looks = [[lasting, passing], [lasting]]
    monkeypatch.setattr("tools.audit._look", lambda stage: looks.pop(0))
    paused: list[float] = []
    assert audit("test", paused.append) == [lasting]
    assert len(paused) == 1 and looks == []
