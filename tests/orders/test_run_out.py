"""Run-out products: sold until they are gone, never backordered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.order.rules import Demand, Progress, cancel_backordered
from tests.orders.client import OrdersClient
from tests.orders.promise_helpers import WEDNESDAY, events, expect
from tests.orders.test_credit import committed_fen
from tests.orders.test_reservations import sweep
from tests.support import fixtures as shop
from tests.support.fixtures import counters, open_shop, order_of

#: (policy, run-out pieces wanted of 6, normal pieces wanted of 6) to (reserved, backordered, cancelled) by line, state.
CASES: list[tuple[str, int, int, list[tuple[int, int, int]], str]] = [
    ("ship_available", 6, 6, [(6, 0, 0), (6, 0, 0)], "in_review"),
    ("ship_available", 10, 6, [(6, 0, 4), (6, 0, 0)], "in_review"),
    ("ship_available", 10, 9, [(6, 0, 4), (6, 3, 0)], "in_review"),
    ("wait", 6, 6, [(6, 0, 0), (6, 0, 0)], "in_review"),
    ("wait", 10, 6, [(6, 0, 4), (6, 0, 0)], "in_review"),
    ("wait", 10, 9, [(0, 0, 10), (0, 9, 0)], "in_review"),
    ("all_or_nothing", 6, 6, [(6, 0, 0), (6, 0, 0)], "in_review"),
    ("all_or_nothing", 10, 6, [(0, 0, 10), (0, 6, 0)], "in_review"),
]


def run_out_shop(**more: Any) -> None:
    """Store a shop whose product 1 is sold until gone."""
    open_shop(stock=6, **more)
    shop.change_product(1, status="run_out")


def lines_of(client: OrdersClient, order_id: str) -> list[tuple[int, int, int]]:
    return [(line["reserved"], line["backordered"], line["cancelled"]) for line in client.show(order_id).json["lines"]]


@pytest.mark.parametrize(("policy", "run_out", "normal", "lines", "state"), CASES)
def test_what_is_gone_of_a_run_out_product_is_cancelled(
    client: OrdersClient, policy: str, run_out: int, normal: int, lines: list[tuple[int, int, int]], state: str
) -> None:
    run_out_shop()
    order_id = client.accepted(order_of((1, run_out), (2, normal), shortage_policy=policy))
    shown = client.show(order_id).json
    assert (lines_of(client, order_id), shown["state"]) == (lines, state)
    assert [line["run_out"] for line in shown["lines"]] == [True, False]
    assert committed_fen() == 1_250 * (run_out + normal - sum(cancelled for *_, cancelled in lines))
    assert ("stock" in shown["holds"]) == any(backordered for _, backordered, _ in lines)
    before = client.world.snapshot()
    client.world.redeliver_everything()
    assert client.world.snapshot() == before


def test_run_out_pieces_are_cancelled_once_although_goods_are_expected(client: OrdersClient) -> None:
    run_out_shop()
    expect(client, "PO-1", WEDNESDAY, (1, 50))
    assert lines_of(client, client.accepted(order_of((1, 4), (1, 4)))) == [(4, 0, 0), (2, 0, 2)]
    client.receive("DN-1", ("L00001", 50), expected="PO-1")
    client.world.drain()
    assert counters(1) == (50, 6)


def test_order_of_gone_products_alone_is_cancelled(client: OrdersClient) -> None:
    run_out_shop()
    client.accepted(order_of((1, 6)))
    order_id = client.accepted(order_of((1, 3)))
    shown = client.show(order_id).json
    assert (shown["state"], shown["cancelled"], shown["holds"]) == ("cancelled", 3, [])
    assert committed_fen() == 6 * 1_250
    reserved = events(order_id)[-1].data
    assert (reserved["cancelled"], reserved["cancelled_lines"], reserved["state"]) == (3, [1], "cancelled")


def test_dealer_reads_what_was_cancelled_and_why(client: OrdersClient) -> None:
    run_out_shop()
    order_id = client.accepted(order_of((2, 1), (1, 9)))
    token = client.world.token(role="dealer_buyer", dealer_id="D0001")
    messages = client.world.call("notifications", "GET", "/inbox", token=token).json["messages"]
    (message,) = (one for one in messages if "尾货" in one["title_zh"])
    assert order_id in message["title_zh"] and "3 件" in message["title_zh"]
    assert "第 2 行" in message["text_zh"] and "lines 2" in message["text_en"]


def test_expired_reservation_of_a_run_out_product_is_cancelled(client: OrdersClient) -> None:
    run_out_shop()
    order_id = client.accepted(order_of((1, 4), (2, 3)))
    alone = client.accepted(order_of((1, 2)))
    sweep(client, hours=24 * 7)
    sweep(client)
    assert lines_of(client, order_id) == [(0, 0, 4), (0, 3, 0)]
    assert client.show(alone).json["state"] == "cancelled"
    assert committed_fen() == 3 * 1_250
    assert counters(1) == (6, 0)


def test_order_of_an_active_product_stays_backordered_when_it_runs_out(client: OrdersClient) -> None:
    open_shop(stock=6)
    order_id = client.accepted(order_of((1, 10)))
    shop.change_product(1, status="run_out")
    assert lines_of(client, order_id) == [(6, 4, 0)]
    assert lines_of(client, client.accepted(order_of((1, 5)))) == [(0, 0, 5)]


def test_quote_shows_run_out_pieces_that_would_be_cancelled(client: OrdersClient) -> None:
    run_out_shop()
    expect(client, "PO-1", WEDNESDAY, (1, 50))
    first, second = client.quote(order_of((1, 4), (1, 5))).json["lines"]
    assert (first["status"], first["available"], first["from_stock"], first["run_out"]) == ("run_out", 6, 4, 0)
    assert (second["from_stock"], second["rest"], second["rest_on"], second["run_out"]) == (2, 0, None, 3)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_cancelled_backorders_keep_the_pieces_of_a_line(rows: list[tuple[int, int, int, int]]) -> None:
    demands = [Demand(sku_index, sum(counts)) for sku_index, *counts in rows]
    progress = [Progress(reserved, backordered, 0, cancelled) for _, reserved, backordered, cancelled in rows]
    after = cancel_backordered(demands, progress, {0, 1})
    for demand, before, now in zip(demands, progress, after, strict=True):
        assert sum(now) == sum(before) and now.reserved == before.reserved
        assert now == before if demand.sku_index > 1 else now.backordered == 0
