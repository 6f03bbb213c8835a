"""Counting, correcting, setting aside, sending and expecting goods: each a document that counts once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.stock import SKUS_PER_BUCKET, BucketPosition, QuarantineItem, quarantine_key
from kernel.messaging.outbox import EventItem
from kernel.store.table import fetch_one, query_all
from services.orders.inbound.items import ExpectedDeliveryItem, expected_pk
from services.orders.order.items import Order
from services.orders.stock import on_hand
from services.orders.stock.items import MovementItem, movements_pk
from services.orders.stock.on_hand import consistent_on_hand_pieces, orders_with_reservations
from services.orders.stock_documents import adjust_stock, receive_goods
from services.orders.stock_documents.items import StockDocumentItem
from tests import faults
from tests.orders.desk import Desk
from tests.orders.test_faults import in_the_end
from tests.read_units import metered
from tests.shop import WAREHOUSE, counters, open_shop, order_of, sku
from tests.world import Response, World

TODAY = "2026-11-23"


@pytest.fixture
def desk(fast_world: World) -> Desk:
    return Desk(fast_world)


def aside(number: int) -> int:
    """Pieces of a product that are set aside."""
    sku_index = BucketPosition.of(number)
    item = fetch_one(QuarantineItem, quarantine_key(WAREHOUSE, sku_index.bucket))
    return int(item.pieces[sku_index.position]) if item else 0


def moved(warehouse: str = WAREHOUSE) -> list[tuple[str, str, dict[int, int]]]:
    """What moved that day for documents: kind, reference, pieces by sku_index."""
    found = query_all(MovementItem, movements_pk(warehouse, TODAY))
    return [(item.move, item.reference, item.by_sku_index) for item in found if not item.reference.startswith("D0")]


def said(kind: str) -> list[dict[str, Any]]:
    """The events of stock of this type, by their data."""
    items = (EventItem.get(*key) for key in _events())
    return [item.envelope.data for item in items if item.envelope.type == f"stock.{kind}.v1"]


def _events() -> list[tuple[str, str]]:
    pks = [f"STOCK#{WAREHOUSE}", "STOCK#SH", expected_pk(WAREHOUSE), expected_pk("SH")]
    return [(pk, item.sk) for pk in pks for item in query_all(EventItem, pk, sk=EventItem.sk.startswith("EVENT#"))]


def expected(warehouse: str = WAREHOUSE) -> list[tuple[str, str, dict[int, int]]]:
    """What a warehouse expects: reference, day, pieces by sku_index."""
    found = query_all(ExpectedDeliveryItem, expected_pk(warehouse), sk=ExpectedDeliveryItem.sk.startswith("DELIVERY#"))
    return [(item.reference, item.expected_on, item.by_sku_index) for item in found]


def codes(answer: Response) -> list[tuple[str, str]]:
    """What is wrong with which field."""
    return [(problem["field"], problem["code"]) for problem in answer.json["errors"]]


# ---- adjustments ----


def test_what_is_found_can_be_promised_and_goes_to_who_waits(desk: Desk) -> None:
    open_shop(stock=0)
    waits = desk.accepted(order_of((1, 3)))
    answer = desk.adjust("found", "F-1", (sku(1), 5))
    desk.world.drain()
    assert answer.status == 201
    assert answer.json["lines"] == [{"sku": sku(1), "quantity": 5, "expected": None, "difference": None}]
    assert (counters(1), desk.show(waits).json["reserved"]) == ((2, 3), 3)
    assert moved() == [("found", "found F-1", {1: 5})]
    assert [event["pieces"] for event in said("increased")] == [5]
    assert said("decreased") == []


def test_what_is_set_aside_cannot_be_promised_until_it_is_cleared_or_scrapped(desk: Desk) -> None:
    open_shop(stock=10)
    assert desk.adjust("set_aside", "Q-1", (sku(1), 6)).status == 201
    assert (counters(1), aside(1)) == ((4, 0), 6)
    assert desk.adjust("clear", "Q-1", (sku(1), 2)).status == 201
    assert desk.adjust("scrap", "Q-1", (sku(1), 3)).status == 201
    assert (counters(1), aside(1)) == ((6, 0), 1)
    assert [kind for kind, _, _ in moved()] == ["set_aside", "clear", "scrap"]
    assert ([one["document"] for one in said("decreased")], [one["document"] for one in said("increased")]) == (
        ["set_aside"],
        ["clear"],
    )


@pytest.mark.parametrize(("kind", "there"), [("lost", 4), ("set_aside", 4), ("clear", 0), ("scrap", 0)])
def test_no_more_is_taken_than_is_there_and_every_such_line_is_named(desk: Desk, kind: str, there: int) -> None:
    open_shop(stock=4)
    before = desk.world.snapshot()
    answer = desk.adjust(kind, "A-1", (sku(1), 3), (sku(2), 5), (sku(1), 2))
    assert (answer.status, answer.json["code"]) == (422, "not-there")
    assert codes(answer) == [(f"lines.{index}.quantity", "not-there") for index in range(3)]
    assert f"现有 {there} 件" in answer.json["errors"][0]["detail"]
    changed = desk.world.snapshot().items() - before.items()
    assert all("#QUARANTINE" in key and "1" not in value.split("pieces")[1] for key, value in changed)
    assert (counters(1), counters(2), aside(1), moved()) == ((4, 0), (4, 0), 0, [])


def test_pieces_held_for_orders_are_neither_lost_nor_set_aside(desk: Desk) -> None:
    open_shop(stock=4)
    desk.accepted(order_of((1, 4)))
    assert desk.adjust("lost", "A-1", (sku(1), 1)).status == 422
    assert counters(1) == (0, 4)


def test_a_document_counts_once_per_kind_for_ever(desk: Desk) -> None:
    open_shop(stock=10)
    assert desk.adjust("lost", "A-1", (sku(1), 1)).status == 201
    again = desk.adjust("lost", "A-1", (sku(1), 1))
    assert (again.status, again.json["code"]) == (409, "already-booked")
    assert desk.adjust("found", "A-1", (sku(1), 1)).status == 201
    assert counters(1) == (10, 0)


@pytest.mark.parametrize(
    ("kind", "lines", "problem"),
    [
        ("lost", [(sku(1), 0)], ("lines.0.quantity", "too-small")),
        ("count", [(sku(1), 1), (sku(1), 2)], ("lines.1.sku", "repeated")),
        ("found", [("L99999", 1)], ("lines.0.sku", "unknown-sku")),
    ],
)
def test_a_document_with_wrong_lines_is_refused_and_changes_nothing(
    desk: Desk, kind: str, lines: list[tuple[str, int]], problem: tuple[str, str]
) -> None:
    open_shop()
    before = desk.world.snapshot()
    answer = desk.adjust(kind, "A-1", *lines)
    assert (answer.status, codes(answer)) == (422, [problem])
    assert desk.world.snapshot() == before


@pytest.mark.parametrize(("kind", "most"), [("found", 90), ("set_aside", 45)])
def test_a_document_of_as_many_buckets_as_fit_is_booked_and_one_of_more_is_not(
    desk: Desk, kind: str, most: int
) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * (most + 1), SKUS_PER_BUCKET)
    open_shop(products=one_a_bucket)
    refused = desk.adjust(kind, "A-1", *((sku(number), 1) for number in one_a_bucket))
    assert (refused.status, refused.json["code"]) == (409, "document-too-large")
    assert desk.adjust(kind, "A-1", *((sku(number), 1) for number in one_a_bucket[1:])).status == 201


# ---- counts ----


def test_a_count_brings_the_books_to_what_was_found_and_keeps_what_they_said(desk: Desk) -> None:
    open_shop(stock=10)
    desk.accepted(order_of((1, 4), (2, 4)))
    answer = desk.adjust("count", "C-1", (sku(1), 13), (sku(2), 9), (sku(3), 10), (sku(4), 0))
    assert answer.status == 201
    assert [(line["quantity"], line["expected"], line["difference"]) for line in answer.json["lines"]] == [
        (13, 10, 3),
        (9, 10, -1),
        (10, 10, 0),
        (0, 10, -10),
    ]
    assert [counters(number) for number in (1, 2, 3, 4)] == [(9, 4), (5, 4), (10, 0), (0, 0)]
    assert sorted(moved()) == [("found", "count C-1", {1: 3}), ("lost", "count C-1", {2: 1, 4: 10})]
    assert ([one["pieces"] for one in said("increased")], [one["pieces"] for one in said("decreased")]) == ([3], [11])


def test_a_count_that_finds_everything_as_it_should_be_moves_nothing(desk: Desk) -> None:
    open_shop(stock=10)
    assert desk.adjust("count", "C-1", (sku(1), 10)).status == 201
    assert (moved(), said("increased"), said("decreased")) == ([], [], [])
    assert fetch_one(StockDocumentItem, (f"STOCK#{WAREHOUSE}", "DOCUMENT#count#C-1"))


def test_goods_never_seen_before_can_be_counted(desk: Desk) -> None:
    open_shop(stock=None)
    assert desk.adjust("count", "C-1", (sku(1), 7)).json["lines"][0]["expected"] == 0
    assert counters(1) == (7, 0)


def test_a_count_below_what_is_held_is_refused_with_the_held_figure(desk: Desk) -> None:
    open_shop(stock=10)
    desk.accepted(order_of((1, 4)))
    before = desk.world.snapshot()
    answer = desk.adjust("count", "C-1", (sku(2), 3), (sku(1), 3))
    assert (answer.status, codes(answer)) == (422, [("lines.1.quantity", "below-reserved")])
    assert "占用 4 件" in answer.json["errors"][0]["detail"]
    assert desk.world.snapshot() == before


def test_a_count_of_what_moved_since_it_was_read_is_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=10)
    read = consistent_on_hand_pieces
    once = iter([True])

    def read_then_others_act(*asked: Any) -> Any:
        found = read(*asked)
        if next(once, False):
            desk.receive("DN-1", (sku(1), 5))
        return found

    monkeypatch.setattr(adjust_stock, "consistent_on_hand_pieces", read_then_others_act)
    answer = desk.adjust("count", "C-1", (sku(1), 12))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (15, -3)
    assert counters(1) == (12, 0)


def test_a_count_knows_what_orders_hold_though_the_index_does_not_name_them_yet(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=10)
    desk.accepted(order_of((1, 4)))
    monkeypatch.setattr(on_hand, "orders_in_state", lambda _: iter(()))
    answer = desk.adjust("count", "C-1", (sku(1), 10))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (10, 0)


def test_a_count_knows_what_an_order_holds_while_it_goes_from_one_queue_to_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=10)
    order_id = desk.accepted(order_of((1, 4)))
    desk.world.clock.advance(minutes=10)
    assert desk.act(order_id, "approve", {}).status == 200
    # It was taken out of the one queue, and the index has not put it into the other yet.
    monkeypatch.setattr(on_hand, "orders_in_state", lambda _: iter(()))
    answer = desk.adjust("count", "C-1", (sku(1), 10))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (10, 0)


def test_looking_at_a_warehouse_reads_no_order_of_another(desk: Desk) -> None:
    open_shop(stock=10)
    desk.accepted(order_of((1, 4)))
    with metered() as meter:
        assert list(orders_with_reservations("SH")) == []
    assert "BatchGetItem" not in [operation for operation, _ in meter.reads]


def test_a_count_during_which_goods_leave_sees_them_here_or_gone_not_half_of_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=10)
    orders = [desk.approved(order_of((1, 4))), desk.approved(order_of((1, 4)))]
    look, ships = on_hand.orders_with_reservations, iter([True])

    def look_while_both_leave(warehouse: str) -> Iterator[Order]:
        found = list(look(warehouse))
        if not next(ships, False):
            yield from found
            return
        yield found[0]  # it was read before it left, the other afterwards
        for order_id in orders:
            assert desk.ship(order_id).status == 201

    monkeypatch.setattr(on_hand, "orders_with_reservations", look_while_both_leave)
    answer = desk.adjust("count", "C-1", (sku(1), 2))
    assert (answer.status, answer.json["lines"][0]["difference"]) == (201, 0)


def test_a_count_of_all_slots_of_a_bucket_stays_within_what_an_expression_may_hold(desk: Desk) -> None:
    open_shop(products=SKUS_PER_BUCKET, stock=999_990)
    answer = desk.adjust("count", "C-1", *((sku(number), 999_800 + number) for number in range(SKUS_PER_BUCKET)))
    assert answer.status == 201
    assert counters(SKUS_PER_BUCKET - 1) == (999_800 + SKUS_PER_BUCKET - 1, 0)


# ---- transfers and what is expected ----


def test_what_is_sent_is_gone_here_and_expected_there_until_it_is_received(desk: Desk) -> None:
    open_shop(stock=10)
    answer = desk.transfer("T-1", "2026-11-25", (sku(1), 6), (sku(2), 4))
    assert (answer.status, answer.json["to_warehouse"]) == (201, "SH")
    assert (counters(1), counters(2)) == ((4, 0), (6, 0))
    assert moved() == [("send", "transfer T-1", {1: 6, 2: 4})]
    assert expected("SH") == [("T-1", "2026-11-25", {1: 6, 2: 4})]
    assert [one["document"] for one in said("decreased")] == ["transfer"]

    assert desk.receive("R-1", (sku(1), 6), (sku(2), 1), warehouse="SH", expected="T-1").status == 201
    assert expected("SH") == [("T-1", "2026-11-25", {2: 3})]
    assert desk.receive("R-2", (sku(2), 5), (sku(3), 1), warehouse="SH", expected="T-1").status == 201
    assert expected("SH") == []
    assert (counters(1, "SH"), counters(2, "SH"), counters(3, "SH")) == ((6, 0), (6, 0), (1, 0))
    assert [one["pieces"] for one in said("expected-delivery-changed")] == [10, 3, 0]


def test_no_more_is_sent_than_is_available_nor_to_where_it_is(desk: Desk) -> None:
    open_shop(stock=10)
    before = desk.world.snapshot()
    short = desk.transfer("T-1", "2026-11-25", (sku(1), 11), (sku(2), 4))
    assert (short.status, codes(short)) == (422, [("lines.0.quantity", "not-there")])
    home = desk.transfer("T-1", "2026-11-25", (sku(1), 1), to=WAREHOUSE)
    assert (home.status, codes(home)) == (422, [("to_warehouse", "repeated")])
    over = desk.transfer("T-1", "2026-11-22", (sku(1), 1))
    assert (over.status, codes(over)) == (422, [("expected_on", "out-of-range")])
    assert desk.world.snapshot() == before


def test_a_transfer_counts_once_at_either_end(desk: Desk) -> None:
    open_shop(stock=10)
    assert desk.expect("T-2", "2026-11-25", (sku(1), 1), warehouse="SH").status == 200
    assert desk.transfer("T-2", "2026-11-25", (sku(1), 1)).json["code"] == "already-booked"
    assert desk.transfer("T-1", "2026-11-25", (sku(1), 1)).status == 201
    assert desk.transfer("T-1", "2026-11-26", (sku(1), 1)).json["code"] == "already-booked"
    assert (counters(1), len(expected("SH"))) == ((9, 0), 2)


def test_a_delivery_is_moved_and_given_up_and_its_history_stays(desk: Desk) -> None:
    open_shop()
    assert desk.expect("PO-1", "2026-11-25", (sku(1), 6)).json["version"] == 1
    moved_on = desk.expect("PO-1", "2026-11-27", (sku(1), 6), version=1, reason="船期推迟")
    assert (moved_on.status, moved_on.json["version"], moved_on.json["expected_on"]) == (200, 2, "2026-11-27")
    assert [one["reference"] for one in desk.expected().json["deliveries"]] == ["PO-1"]
    given_up = desk.expect("PO-1", "2026-11-27", version=2)
    assert (given_up.status, given_up.json["expected_on"], given_up.json["lines"]) == (200, None, [])
    assert desk.expected().json["deliveries"] == []
    changes = desk.expected("PO-1").json["changes"]
    assert [(one["was_expected_on"], one["expected_on"], one["pieces"]) for one in changes] == [
        (None, "2026-11-25", 6),
        ("2026-11-25", "2026-11-27", 6),
        ("2026-11-27", None, 0),
    ]
    assert desk.expect("PO-1", "2026-12-01", (sku(1), 2), version=0).status == 412
    assert desk.expect("PO-1", "2026-12-01", (sku(1), 2), version=3).json["version"] == 4


def test_a_change_asked_again_is_answered_the_same_and_another_of_that_version_is_stale(desk: Desk) -> None:
    open_shop()
    first = desk.expect("PO-1", "2026-11-25", (sku(1), 6))
    before = desk.world.snapshot()
    assert desk.expect("PO-1", "2026-11-25", (sku(1), 6)).json == first.json
    assert desk.expect("PO-1", "2026-11-26", (sku(1), 6)).status == 412
    assert desk.expect("PO-1", "2026-11-26", (sku(1), 6), version=7).status == 412
    assert desk.world.snapshot() == before


@pytest.mark.parametrize(
    ("reference", "status"), [("PO-404", 404), ("PO 1", 404), ("-x", 404)], ids=["unknown", "with a blank", "malformed"]
)
def test_what_was_never_expected_is_not_found(desk: Desk, reference: str, status: int) -> None:
    open_shop()
    assert desk.expected(reference).status == status
    assert desk.expect(reference, "2026-11-25").status == status


def test_goods_that_nobody_expects_cannot_be_received_as_expected(desk: Desk) -> None:
    open_shop(stock=10)
    before = desk.world.snapshot()
    answer = desk.receive("DN-1", (sku(1), 1), expected="PO-1")
    assert (answer.status, codes(answer)) == (422, [("expected", "not-expected")])
    assert desk.world.snapshot() == before


def test_of_two_receipts_of_one_delivery_each_takes_off_its_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=10)
    desk.expect("PO-1", "2026-11-25", (sku(1), 9))
    take_off, once = receive_goods.receive_delivery, iter([True])

    def overtaken(transaction: Any, before: Any, *more: Any, **named: Any) -> Any:
        if next(once, False):
            assert desk.receive("DN-2", (sku(1), 4), expected="PO-1").status == 201
        return take_off(transaction, before, *more, **named)

    monkeypatch.setattr(receive_goods, "receive_delivery", overtaken)
    assert desk.receive("DN-1", (sku(1), 2), expected="PO-1").status == 201
    assert expected() == [("PO-1", "2026-11-25", {1: 3})]
    assert counters(1) == (16, 0)


# ---- whatever breaks ----


@pytest.mark.parametrize(
    ("kind", "quantity", "bucket", "quarantined", "moves"),
    [
        ("count", 12, (8, 4), 2, 1),
        ("count", 7, (3, 4), 2, 1),
        ("found", 3, (7, 4), 2, 1),
        ("lost", 3, (1, 4), 2, 1),
        ("set_aside", 3, (1, 4), 5, 1),
        ("clear", 2, (6, 4), 0, 1),
        ("scrap", 1, (4, 4), 1, 1),
    ],
)
def test_stock_is_corrected_once_whatever_breaks(
    desk: Desk, kind: str, quantity: int, bucket: tuple[int, int], quarantined: int, moves: int
) -> None:
    def prepare() -> None:
        open_shop(stock=10)
        desk.accepted(order_of((1, 4)))
        desk.adjust("set_aside", "Q-0", (sku(1), 2))

    def act() -> Response:
        return desk.adjust(kind, "A-1", (sku(1), quantity), key="once")

    for fault in faults.every_point(desk.world, prepare=prepare, act=act):
        assert in_the_end(act).status == 201, fault
        assert (counters(1), aside(1), len(moved())) == (bucket, quarantined, 1 + moves), fault
        desk.world.drain()
        desk.world.redeliver_everything()
        assert (counters(1), aside(1)) == (bucket, quarantined), fault


def test_goods_are_sent_once_whatever_breaks(desk: Desk) -> None:
    def act() -> Response:
        return desk.transfer("T-1", "2026-11-25", (sku(1), 6), key="once")

    for fault in faults.every_point(desk.world, prepare=lambda: open_shop(stock=10), act=act):
        assert in_the_end(act).status == 201, fault
        assert (counters(1), expected("SH")) == ((4, 0), [("T-1", "2026-11-25", {1: 6})]), fault
        assert len(moved()) == 1, fault


def test_what_is_expected_is_said_once_whatever_breaks(desk: Desk) -> None:
    def act() -> Response:
        return desk.expect("PO-1", "2026-11-26", (sku(1), 5), version=1)

    def prepare() -> None:
        open_shop()
        desk.expect("PO-1", "2026-11-25", (sku(1), 6))

    for fault in faults.every_point(desk.world, prepare=prepare, act=act):
        assert in_the_end(act).json["version"] == 2, fault
        assert expected() == [("PO-1", "2026-11-26", {1: 5})], fault
        assert len(said("expected-delivery-changed")) == 2, fault


def test_what_came_is_taken_off_what_is_expected_once_whatever_breaks(desk: Desk) -> None:
    def prepare() -> None:
        open_shop(stock=0)
        desk.expect("PO-1", "2026-11-25", (sku(1), 6), (sku(2), 1))

    def act() -> Response:
        return desk.receive("DN-1", (sku(1), 4), (sku(2), 1), expected="PO-1", key="once")

    for fault in faults.every_point(desk.world, prepare=prepare, act=act):
        assert in_the_end(act).status == 201, fault
        assert (counters(1), expected()) == ((4, 0), [("PO-1", "2026-11-25", {1: 2})]), fault
