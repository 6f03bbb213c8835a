"""Cancelling single lines: stock, credit, backorder queue, state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.stock import SKUS_PER_BUCKET
from services.orders.order.rules import Progress, cancel_pieces
from services.orders.review import cancel_lines as use_case
from tests.orders.client import OrdersClient
from tests.orders.test_credit import committed_fen
from tests.support.fixtures import counters, open_shop, order_of, sku
from tests.support.gateway import Response


def cancel(client: OrdersClient, order_id: str, *lines: tuple[int, int], **more: Any) -> Response:
    """Cancel (line, pieces) of an order."""
    body = {"reason": "停产", "lines": [{"line_no": number, "quantity": pieces} for number, pieces in lines]}
    return client.act(order_id, "lines/cancel", body, **more)


def lines_of(client: OrdersClient, order_id: str) -> list[tuple[int, int, int, int]]:
    shown = client.show(order_id).json["lines"]
    return [(line["reserved"], line["backordered"], line["shipped"], line["cancelled"]) for line in shown]


def test_cancelled_lines_release_stock_and_credit_and_the_order_goes_on(client: OrdersClient) -> None:
    open_shop(unit_price="0.333")
    order_id = client.approved(order_of((1, 10), (2, 5)))
    answer = cancel(client, order_id, (1, 3), (2, 5))
    assert (answer.status, answer.json["state"], answer.json["cancelled"]) == (200, "confirmed", 8)
    assert lines_of(client, order_id) == [(7, 0, 0, 3), (0, 0, 0, 5)]
    # 10 pieces are 333 fen, 7 are 233; 5 pieces were 167.
    assert (counters(1), counters(2), committed_fen()) == ((93, 7), (100, 0), 233)
    shipped = client.ship(order_id).json
    assert (shipped["state"], shipped["gross_fen"], committed_fen()) == ("closed", 233, 233)


def test_cancelled_line_takes_backordered_pieces_before_reserved_ones(client: OrdersClient) -> None:
    open_shop(stock=6)
    order_id = client.accepted(order_of((1, 10), (2, 1)))
    assert cancel(client, order_id, (1, 3)).json["holds"] == ["stock"]
    assert lines_of(client, order_id)[0] == (6, 1, 0, 3)
    answer = cancel(client, order_id, (1, 2)).json
    assert (answer["holds"], answer["backordered_since"], counters(1)) == ([], None, (1, 5))
    assert client.act(order_id, "approve", {}).status == 200


def test_released_pieces_go_to_the_order_that_waits(client: OrdersClient) -> None:
    open_shop(stock=10)
    first, second = client.accepted(order_of((1, 10))), client.accepted(order_of((1, 4)))
    cancel(client, first, (1, 3))
    client.world.drain()
    assert lines_of(client, second) == [(3, 1, 0, 0)]


@pytest.mark.parametrize(("shipped", "state"), [(0, "cancelled"), (4, "closed")])
def test_order_without_open_pieces_ends(client: OrdersClient, shipped: int, state: str) -> None:
    open_shop()
    order_id = client.approved(order_of((1, 10)))
    if shipped:
        client.ship(order_id, (1, shipped))
    answer = cancel(client, order_id, (1, 10 - shipped)).json
    assert (answer["state"], answer["reserved_until"]) == (state, None)
    assert (counters(1), committed_fen()) == ((100 - shipped, 0), shipped * 1_250)
    client.world.drain()
    before = client.world.snapshot()
    client.world.redeliver_everything()
    assert client.world.snapshot() == before


def test_all_problems_of_cancelled_lines_are_named_at_once(client: OrdersClient) -> None:
    open_shop()
    order_id = client.accepted(order_of((1, 10), (2, 5)))
    before = client.world.snapshot()
    answer = cancel(client, order_id, (1, 6), (2, 1), (1, 5), (3, 1))
    assert (answer.status, [(one["field"], one["code"]) for one in answer.json["errors"]]) == (
        422,
        [("lines.0.quantity", "not-open"), ("lines.2.quantity", "not-open"), ("lines.3.line_no", "unknown-line")],
    )
    assert f"第 1 行 {sku(1)} 未发 10 件" in answer.json["errors"][0]["detail"]
    assert client.world.snapshot() == before


def test_dealer_cancels_lines_until_the_approval_only(client: OrdersClient) -> None:
    open_shop()
    order_id = client.accepted(order_of((1, 10)))
    token = client.world.token(role="dealer_buyer", dealer_id="D0001")
    body = {"reason": "改单", "lines": [{"line_no": 1, "quantity": 1}]}

    def as_dealer(key: str) -> Response:
        return client.world.call("orders", "POST", f"/orders/{order_id}/lines/cancel", body=body, token=token, key=key)

    assert as_dealer("before").status == 200
    client.act(order_id, "approve", {})
    assert as_dealer("after").json["code"] == "order-state"


def test_lines_in_too_many_buckets_are_refused_and_change_nothing(
    client: OrdersClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_case, "BUCKETS_PER_TRANSACTION", 1)
    open_shop(products=(0, SKUS_PER_BUCKET))
    order_id = client.accepted(order_of((0, 3), (SKUS_PER_BUCKET, 3)))
    before = client.world.snapshot()
    assert cancel(client, order_id, (1, 1), (2, 1)).json["code"] == "too-many-lines"
    assert client.world.snapshot() == before
    assert cancel(client, order_id, (1, 1)).status == 200


@given(st.tuples(*[st.integers(0, 9)] * 4), st.integers(0, 18))
def test_cancelled_pieces_keep_the_sum_of_a_line(counts: tuple[int, int, int, int], pieces: int) -> None:
    before = Progress(*counts)
    pieces = min(pieces, before.reserved + before.backordered)
    after = cancel_pieces(before, pieces)
    assert (sum(after), after.shipped, after.cancelled) == (sum(before), before.shipped, before.cancelled + pieces)
    assert min(after) >= 0
    assert after.reserved == before.reserved or after.backordered == 0


def test_cancelled_pieces_stay_cancelled_when_the_rest_is_backordered(client: OrdersClient) -> None:
    open_shop(stock=5, credit_limit_fen=0)
    order_id = client.accepted(order_of((1, 10), (2, 2), shortage_policy="wait"))
    body = {"reason": "少订", "lines": [{"line_no": 1, "quantity": 4}]}
    assert client.act(order_id, "lines/cancel", body).status == 200
    assert client.act(order_id, "holds/credit/release", {"reason": "老客户"}, role="finance").status == 200
    client.world.drain()
    lines = client.show(order_id).json["lines"]
    assert [(line["reserved"], line["backordered"], line["cancelled"]) for line in lines] == [(0, 6, 4), (0, 2, 0)]
