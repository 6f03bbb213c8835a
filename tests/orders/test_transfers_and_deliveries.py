"""Transfers, expected deliveries and goods receipts."""

from __future__ import annotations

from typing import Any

import pytest

from services.orders.stock_documents import receive_goods
from tests.orders.client import OrdersClient
from tests.orders.stock_helpers import codes, events_of, expected, moved
from tests.orders.test_single_fault import in_the_end
from tests.support import faults
from tests.support.fixtures import WAREHOUSE, counters, open_shop, sku
from tests.support.gateway import Response


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
    take_off, once = receive_goods.record_delivery_received, iter([True])

    def overtaken(transaction: Any, before: Any, *more: Any, **named: Any) -> Any:
        if next(once, False):
            assert client.receive("DN-2", (sku(1), 4), expected="PO-1").status == 201
        return take_off(transaction, before, *more, **named)

    monkeypatch.setattr(receive_goods, "record_delivery_received", overtaken)
    assert client.receive("DN-1", (sku(1), 2), expected="PO-1").status == 201
    assert expected() == [("PO-1", "2026-11-25", {1: 3})]
    assert counters(1) == (16, 0)


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
