"""Adjustments of stock: found, lost, set aside, cleared, scrapped."""

from __future__ import annotations

import pytest

from contracts.stock import SKUS_PER_BUCKET
from tests.orders.client import OrdersClient
from tests.orders.stock_helpers import aside, codes, events_of, moved
from tests.orders.test_single_fault import in_the_end
from tests.support import faults
from tests.support.fixtures import counters, open_shop, order_of, sku
from tests.support.gateway import Response


def test_found_pieces_become_available_and_go_to_backorders(client: OrdersClient) -> None:
    open_shop(stock=0)
    waits = client.accepted(order_of((1, 3)))
    answer = client.adjust("found", "F-1", (sku(1), 5))
    client.world.drain()
    assert answer.status == 201
    assert answer.json["lines"] == [
        {"sku": sku(1), "name_zh": "LED球泡 1W", "quantity": 5, "expected": None, "difference": None, "missing": None}
    ]
    assert (counters(1), client.show(waits).json["reserved"]) == ((2, 3), 3)
    assert moved() == [("found", "found F-1", {1: 5})]
    assert [event["pieces"] for event in events_of("increased")] == [5]
    assert events_of("decreased") == []


def test_quarantined_pieces_are_unavailable_until_cleared(client: OrdersClient) -> None:
    open_shop(stock=10)
    assert client.adjust("set_aside", "Q-1", (sku(1), 6)).status == 201
    assert (counters(1), aside(1)) == ((4, 0), 6)
    token = client.world.token(role="warehouse")
    shown = client.world.call("orders", "GET", "/stock/GZ", query={"skus": f"{sku(1)},{sku(2)}"}, token=token)
    assert [(line["available"], line["on_hand"], line["quarantined"]) for line in shown.json["stock"]] == [
        (4, 4, 6),
        (10, 10, 0),
    ]
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
