"""Goods receipts, counts, adjustments, transfers and expected deliveries: each counts once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.stock import SKUS_PER_BUCKET, BucketPosition, QuarantineItem, quarantine_key
from kernel.messaging.outbox import EventItem
from kernel.store.read import fetch_one, query_all
from services.orders.inbound.items import ExpectedDeliveryItem, expected_pk
from services.orders.order.items import Order
from services.orders.stock import on_hand
from services.orders.stock.items import MovementItem, movements_pk
from services.orders.stock.on_hand import consistent_on_hand_pieces, orders_with_reservations
from services.orders.stock_documents import adjust_stock, receive_goods
from services.orders.stock_documents.items import StockDocumentItem
from tests import faults
from tests.orders.client import OrdersClient
from tests.orders.test_single_fault import in_the_end
from tests.read_units import metered
from tests.shop import WAREHOUSE, counters, open_shop, order_of, sku
from tests.world import Response, World

TODAY = "2026-11-23"


@pytest.fixture
def client(fast_world: World) -> OrdersClient:
    return OrdersClient(fast_world)


def aside(number: int) -> int:
    """Quarantined pieces of a product."""
    sku_index = BucketPosition.of(number)
    item = fetch_one(QuarantineItem, quarantine_key(WAREHOUSE, sku_index.bucket))
    return int(item.pieces[sku_index.position]) if item else 0


def moved(warehouse: str = WAREHOUSE) -> list[tuple[str, str, dict[int, int]]]:
    """Movements of documents that day: kind, reference, pieces by SKU index."""
    found = query_all(MovementItem, movements_pk(warehouse, TODAY))
    return [(item.move, item.reference, item.by_sku_index) for item in found if not item.reference.startswith("D0")]


def events_of(kind: str) -> list[dict[str, Any]]:
    """Data of the stock events of a type."""
    items = (EventItem.get(*key) for key in _events())
    return [item.envelope.data for item in items if item.envelope.type == f"stock.{kind}.v1"]


def _events() -> list[tuple[str, str]]:
    pks = [f"STOCK#{WAREHOUSE}", "STOCK#SH", expected_pk(WAREHOUSE), expected_pk("SH")]
    return [(pk, item.sk) for pk in pks for item in query_all(EventItem, pk, sk=EventItem.sk.startswith("EVENT#"))]


def expected(warehouse: str = WAREHOUSE) -> list[tuple[str, str, dict[int, int]]]:
    """Expected deliveries of a warehouse: reference, day, pieces by SKU index."""
    found = query_all(ExpectedDeliveryItem, expected_pk(warehouse), sk=ExpectedDeliveryItem.sk.startswith("DELIVERY#"))
    return [(item.reference, item.expected_on, item.by_sku_index) for item in found]


def codes(answer: Response) -> list[tuple[str, str]]:
    """Field and code of each problem."""
    return [(problem["field"], problem["code"]) for problem in answer.json["errors"]]


# ---- adjustments ----


def test_found_pieces_become_available_and_go_to_backorders(client: OrdersClient) -> None:
    open_shop(stock=0)
    waits = client.accepted(order_of((1, 3)))
    answer = client.adjust("found", "F-1", (sku(1), 5))
    client.world.drain()
    assert answer.status == 201
    assert answer.json["lines"] == [{"sku": sku(1), "quantity": 5, "expected": None, "difference": None}]
    assert (counters(1), client.show(waits).json["reserved"]) == ((2, 3), 3)
    assert moved() == [("found", "found F-1", {1: 5})]
    assert [event["pieces"] for event in events_of("increased")] == [5]
    assert events_of("decreased") == []


def test_quarantined_pieces_are_unavailable_until_cleared(client: OrdersClient) -> None:
    open_shop(stock=10)
    assert client.adjust("set_aside", "Q-1", (sku(1), 6)).status == 201
    assert (counters(1), aside(1)) == ((4, 0), 6)
    assert client.adjust("clear", "Q-1", (sku(1), 2)).status == 201
    assert client.adjust("scrap", "Q-1", (sku(1), 3)).status == 201
    assert (counters(1), aside(1)) == ((6, 0), 1)
    assert [kind for kind, _, _ in moved()] == ["set_aside", "clear", "scrap"]
    assert (
        [one["document"] for one in events_of("decreased")],
        [one["document"] for one in events_of("increased")],
    ) == (
        ["set_aside"],
        ["clear"],
    )


@pytest.mark.parametrize(("kind", "there"), [("lost", 4), ("set_aside", 4), ("clear", 0), ("scrap", 0)])
def test_adjustment_beyond_stock_is_refused_and_names_every_line(client: OrdersClient, kind: str, there: int) -> None:
    open_shop(stock=4)
    before = client.world.snapshot()
    answer = client.adjust(kind, "A-1", (sku(1), 3), (sku(2), 5), (sku(1), 2))
    assert (answer.status, answer.json["code"]) == (422, "not-there")
    assert codes(answer) == [(f"lines.{index}.quantity", "not-there") for index in range(3)]
    assert f"现有 {there} 件" in answer.json["errors"][0]["detail"]
    changed = client.world.snapshot().items() - before.items()
    assert all("#QUARANTINE" in key and "1" not in value.split("pieces")[1] for key, value in changed)
    assert (counters(1), counters(2), aside(1), moved()) == ((4, 0), (4, 0), 0, [])


def test_reserved_pieces_cannot_be_lost_or_set_aside(client: OrdersClient) -> None:
    open_shop(stock=4)
    client.accepted(order_of((1, 4)))
    assert client.adjust("lost", "A-1", (sku(1), 1)).status == 422
    assert counters(1) == (0, 4)


def test_stock_document_counts_once_per_kind(client: OrdersClient) -> None:
    open_shop(stock=10)
    assert client.adjust("lost", "A-1", (sku(1), 1)).status == 201
    again = client.adjust("lost", "A-1", (sku(1), 1))
    assert (again.status, again.json["code"]) == (409, "already-booked")
    assert client.adjust("found", "A-1", (sku(1), 1)).status == 201
    assert counters(1) == (10, 0)


@pytest.mark.parametrize(
    ("kind", "lines", "problem"),
    [
        ("lost", [(sku(1), 0)], ("lines.0.quantity", "too-small")),
        ("count", [(sku(1), 1), (sku(1), 2)], ("lines.1.sku", "repeated")),
        ("found", [("L99999", 1)], ("lines.0.sku", "unknown-sku")),
    ],
)
def test_stock_document_with_wrong_lines_changes_nothing(
    client: OrdersClient, kind: str, lines: list[tuple[str, int]], problem: tuple[str, str]
) -> None:
    open_shop()
    before = client.world.snapshot()
    answer = client.adjust(kind, "A-1", *lines)
    assert (answer.status, codes(answer)) == (422, [problem])
    assert client.world.snapshot() == before


@pytest.mark.parametrize(("kind", "most"), [("found", 90), ("set_aside", 45)])
def test_stock_document_is_refused_beyond_the_bucket_limit(client: OrdersClient, kind: str, most: int) -> None:
    one_a_bucket = range(0, SKUS_PER_BUCKET * (most + 1), SKUS_PER_BUCKET)
    open_shop(products=one_a_bucket)
    refused = client.adjust(kind, "A-1", *((sku(number), 1) for number in one_a_bucket))
    assert (refused.status, refused.json["code"]) == (409, "document-too-large")
    assert client.adjust(kind, "A-1", *((sku(number), 1) for number in one_a_bucket[1:])).status == 201


# ---- counts ----


def test_count_corrects_the_books_and_keeps_the_former_figure(client: OrdersClient) -> None:
    open_shop(stock=10)
    client.accepted(order_of((1, 4), (2, 4)))
    answer = client.adjust("count", "C-1", (sku(1), 13), (sku(2), 9), (sku(3), 10), (sku(4), 0))
    assert answer.status == 201
    assert [(line["quantity"], line["expected"], line["difference"]) for line in answer.json["lines"]] == [
        (13, 10, 3),
        (9, 10, -1),
        (10, 10, 0),
        (0, 10, -10),
    ]
    assert [counters(number) for number in (1, 2, 3, 4)] == [(9, 4), (5, 4), (10, 0), (0, 0)]
    assert sorted(moved()) == [("found", "count C-1", {1: 3}), ("lost", "count C-1", {2: 1, 4: 10})]
    assert ([one["pieces"] for one in events_of("increased")], [one["pieces"] for one in events_of("decreased")]) == (
        [3],
        [11],
    )


def test_count_without_difference_moves_nothing(client: OrdersClient) -> None:
    open_shop(stock=10)
    assert client.adjust("count", "C-1", (sku(1), 10)).status == 201
    assert (moved(), events_of("increased"), events_of("decreased")) == ([], [], [])
    assert fetch_one(StockDocumentItem, (f"STOCK#{WAREHOUSE}", "DOCUMENT#count#C-1"))


def test_count_accepts_goods_never_received(client: OrdersClient) -> None:
    open_shop(stock=None)
    assert client.adjust("count", "C-1", (sku(1), 7)).json["lines"][0]["expected"] == 0
    assert counters(1) == (7, 0)


def test_count_below_reservations_is_refused_with_the_figure(client: OrdersClient) -> None:
    open_shop(stock=10)
    client.accepted(order_of((1, 4)))
    before = client.world.snapshot()
    answer = client.adjust("count", "C-1", (sku(2), 3), (sku(1), 3))
    assert (answer.status, codes(answer)) == (422, [("lines.1.quantity", "below-reserved")])
    assert "占用 4 件" in answer.json["errors"][0]["detail"]
    assert client.world.snapshot() == before


def test_count_reads_stock_again_when_it_moved(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=10)
    read = consistent_on_hand_pieces
    once = iter([True])

    def read_then_others_act(*asked: Any) -> Any:
        found = read(*asked)
        if next(once, False):
            client.receive("DN-1", (sku(1), 5))
        return found

    monkeypatch.setattr(adjust_stock, "consistent_on_hand_pieces", read_then_others_act)
    answer = client.adjust("count", "C-1", (sku(1), 12))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (15, -3)
    assert counters(1) == (12, 0)


def test_count_finds_reservations_that_the_index_lacks(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=10)
    client.accepted(order_of((1, 4)))
    monkeypatch.setattr(on_hand, "orders_in_state", lambda _: iter(()))
    answer = client.adjust("count", "C-1", (sku(1), 10))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (10, 0)


def test_count_finds_the_reservation_of_an_order_between_two_states(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=10)
    order_id = client.accepted(order_of((1, 4)))
    client.world.clock.advance(minutes=10)
    assert client.act(order_id, "approve", {}).status == 200
    # The index has removed the order from one state and not added it to the other yet.
    monkeypatch.setattr(on_hand, "orders_in_state", lambda _: iter(()))
    answer = client.adjust("count", "C-1", (sku(1), 10))
    assert (answer.json["lines"][0]["expected"], answer.json["lines"][0]["difference"]) == (10, 0)


def test_reservations_of_a_warehouse_read_no_order_of_another(client: OrdersClient) -> None:
    open_shop(stock=10)
    client.accepted(order_of((1, 4)))
    with metered() as meter:
        assert list(orders_with_reservations("SH")) == []
    assert "BatchGetItem" not in [operation for operation, _ in meter.reads]


def test_count_sees_concurrent_shipments_all_or_not_at_all(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(stock=10)
    orders = [client.approved(order_of((1, 4))), client.approved(order_of((1, 4)))]
    look, ships = on_hand.orders_with_reservations, iter([True])

    def look_while_both_leave(warehouse: str) -> Iterator[Order]:
        found = list(look(warehouse))
        if not next(ships, False):
            yield from found
            return
        yield found[0]  # it was read before it left, the other afterwards
        for order_id in orders:
            assert client.ship(order_id).status == 201

    monkeypatch.setattr(on_hand, "orders_with_reservations", look_while_both_leave)
    answer = client.adjust("count", "C-1", (sku(1), 2))
    assert (answer.status, answer.json["lines"][0]["difference"]) == (201, 0)


def test_count_of_a_full_bucket_fits_one_expression(client: OrdersClient) -> None:
    open_shop(products=SKUS_PER_BUCKET, stock=999_990)
    answer = client.adjust("count", "C-1", *((sku(number), 999_800 + number) for number in range(SKUS_PER_BUCKET)))
    assert answer.status == 201
    assert counters(SKUS_PER_BUCKET - 1) == (999_800 + SKUS_PER_BUCKET - 1, 0)


# ---- transfers and what is expected ----


def test_transfer_removes_stock_here_and_expects_it_there(client: OrdersClient) -> None:
    open_shop(stock=10)
    answer = client.transfer("T-1", "2026-11-25", (sku(1), 6), (sku(2), 4))
    assert (answer.status, answer.json["to_warehouse"]) == (201, "SH")
    assert (counters(1), counters(2)) == ((4, 0), (6, 0))
    assert moved() == [("send", "transfer T-1", {1: 6, 2: 4})]
    assert expected("SH") == [("T-1", "2026-11-25", {1: 6, 2: 4})]
    assert [one["document"] for one in events_of("decreased")] == ["transfer"]

    assert client.receive("R-1", (sku(1), 6), (sku(2), 1), warehouse="SH", expected="T-1").status == 201
    assert expected("SH") == [("T-1", "2026-11-25", {2: 3})]
    assert client.receive("R-2", (sku(2), 5), (sku(3), 1), warehouse="SH", expected="T-1").status == 201
    assert expected("SH") == []
    assert (counters(1, "SH"), counters(2, "SH"), counters(3, "SH")) == ((6, 0), (6, 0), (1, 0))
    assert [one["pieces"] for one in events_of("expected-delivery-changed")] == [10, 3, 0]


def test_transfer_is_refused_beyond_stock_or_to_itself(client: OrdersClient) -> None:
    open_shop(stock=10)
    before = client.world.snapshot()
    short = client.transfer("T-1", "2026-11-25", (sku(1), 11), (sku(2), 4))
    assert (short.status, codes(short)) == (422, [("lines.0.quantity", "not-there")])
    home = client.transfer("T-1", "2026-11-25", (sku(1), 1), to=WAREHOUSE)
    assert (home.status, codes(home)) == (422, [("to_warehouse", "repeated")])
    over = client.transfer("T-1", "2026-11-22", (sku(1), 1))
    assert (over.status, codes(over)) == (422, [("expected_on", "out-of-range")])
    assert client.world.snapshot() == before


def test_transfer_counts_once_at_either_end(client: OrdersClient) -> None:
    open_shop(stock=10)
    assert client.expect("T-2", "2026-11-25", (sku(1), 1), warehouse="SH").status == 200
    assert client.transfer("T-2", "2026-11-25", (sku(1), 1)).json["code"] == "already-booked"
    assert client.transfer("T-1", "2026-11-25", (sku(1), 1)).status == 201
    assert client.transfer("T-1", "2026-11-26", (sku(1), 1)).json["code"] == "already-booked"
    assert (counters(1), len(expected("SH"))) == ((9, 0), 2)


def test_moved_and_cancelled_delivery_keeps_its_history(client: OrdersClient) -> None:
    open_shop()
    assert client.expect("PO-1", "2026-11-25", (sku(1), 6)).json["version"] == 1
    moved_on = client.expect("PO-1", "2026-11-27", (sku(1), 6), version=1, reason="船期推迟")
    assert (moved_on.status, moved_on.json["version"], moved_on.json["expected_on"]) == (200, 2, "2026-11-27")
    assert [one["reference"] for one in client.expected().json["deliveries"]] == ["PO-1"]
    given_up = client.expect("PO-1", "2026-11-27", version=2)
    assert (given_up.status, given_up.json["expected_on"], given_up.json["lines"]) == (200, None, [])
    assert client.expected().json["deliveries"] == []
    changes = client.expected("PO-1").json["changes"]
    assert [(one["was_expected_on"], one["expected_on"], one["pieces"]) for one in changes] == [
        (None, "2026-11-25", 6),
        ("2026-11-25", "2026-11-27", 6),
        ("2026-11-27", None, 0),
    ]
    assert client.expect("PO-1", "2026-12-01", (sku(1), 2), version=0).status == 412
    assert client.expect("PO-1", "2026-12-01", (sku(1), 2), version=3).json["version"] == 4


def test_repeated_delivery_change_answers_the_same_and_another_is_stale(client: OrdersClient) -> None:
    open_shop()
    first = client.expect("PO-1", "2026-11-25", (sku(1), 6))
    before = client.world.snapshot()
    assert client.expect("PO-1", "2026-11-25", (sku(1), 6)).json == first.json
    assert client.expect("PO-1", "2026-11-26", (sku(1), 6)).status == 412
    assert client.expect("PO-1", "2026-11-26", (sku(1), 6), version=7).status == 412
    assert client.world.snapshot() == before


@pytest.mark.parametrize(
    ("reference", "status"), [("PO-404", 404), ("PO 1", 404), ("-x", 404)], ids=["unknown", "with a blank", "malformed"]
)
def test_delivery_never_expected_is_not_found(client: OrdersClient, reference: str, status: int) -> None:
    open_shop()
    assert client.expected(reference).status == status
    assert client.expect(reference, "2026-11-25").status == status


def test_receipt_is_refused_when_its_delivery_is_not_expected(client: OrdersClient) -> None:
    open_shop(stock=10)
    before = client.world.snapshot()
    answer = client.receive("DN-1", (sku(1), 1), expected="PO-1")
    assert (answer.status, codes(answer)) == (422, [("expected", "not-expected")])
    assert client.world.snapshot() == before


def test_two_receipts_of_a_delivery_each_reduce_it(client: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(stock=10)
    client.expect("PO-1", "2026-11-25", (sku(1), 9))
    take_off, once = receive_goods.receive_delivery, iter([True])

    def overtaken(transaction: Any, before: Any, *more: Any, **named: Any) -> Any:
        if next(once, False):
            assert client.receive("DN-2", (sku(1), 4), expected="PO-1").status == 201
        return take_off(transaction, before, *more, **named)

    monkeypatch.setattr(receive_goods, "receive_delivery", overtaken)
    assert client.receive("DN-1", (sku(1), 2), expected="PO-1").status == 201
    assert expected() == [("PO-1", "2026-11-25", {1: 3})]
    assert counters(1) == (16, 0)


# ---- any fault ----


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
def test_adjustment_counts_once_when_any_call_fails(
    client: OrdersClient, kind: str, quantity: int, bucket: tuple[int, int], quarantined: int, moves: int
) -> None:
    def prepare() -> None:
        open_shop(stock=10)
        client.accepted(order_of((1, 4)))
        client.adjust("set_aside", "Q-0", (sku(1), 2))

    def act() -> Response:
        return client.adjust(kind, "A-1", (sku(1), quantity), key="once")

    for fault in faults.every_point(client.world, prepare=prepare, act=act):
        assert in_the_end(act).status == 201, fault
        assert (counters(1), aside(1), len(moved())) == (bucket, quarantined, 1 + moves), fault
        client.world.drain()
        client.world.redeliver_everything()
        assert (counters(1), aside(1)) == (bucket, quarantined), fault


def test_transfer_happens_once_when_any_call_fails(client: OrdersClient) -> None:
    def act() -> Response:
        return client.transfer("T-1", "2026-11-25", (sku(1), 6), key="once")

    for fault in faults.every_point(client.world, prepare=lambda: open_shop(stock=10), act=act):
        assert in_the_end(act).status == 201, fault
        assert (counters(1), expected("SH")) == ((4, 0), [("T-1", "2026-11-25", {1: 6})]), fault
        assert len(moved()) == 1, fault


def test_delivery_change_is_published_once_when_any_call_fails(client: OrdersClient) -> None:
    def act() -> Response:
        return client.expect("PO-1", "2026-11-26", (sku(1), 5), version=1)

    def prepare() -> None:
        open_shop()
        client.expect("PO-1", "2026-11-25", (sku(1), 6))

    for fault in faults.every_point(client.world, prepare=prepare, act=act):
        assert in_the_end(act).json["version"] == 2, fault
        assert expected() == [("PO-1", "2026-11-26", {1: 5})], fault
        assert len(events_of("expected-delivery-changed")) == 2, fault


def test_receipt_reduces_its_delivery_once_when_any_call_fails(client: OrdersClient) -> None:
    def prepare() -> None:
        open_shop(stock=0)
        client.expect("PO-1", "2026-11-25", (sku(1), 6), (sku(2), 1))

    def act() -> Response:
        return client.receive("DN-1", (sku(1), 4), (sku(2), 1), expected="PO-1", key="once")

    for fault in faults.every_point(client.world, prepare=prepare, act=act):
        assert in_the_end(act).status == 201, fault
        assert (counters(1), expected()) == ((4, 0), [("PO-1", "2026-11-25", {1: 2})]), fault
