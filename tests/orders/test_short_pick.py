"""Short picks: reserved pieces of one order that are not in their place."""

from __future__ import annotations

import pytest

from tests.orders.client import OrdersClient
from tests.orders.test_credit import committed_fen
from tests.orders.test_run_out import lines_of
from tests.orders.test_settlement import count, events_about, open_stocked_shop
from tests.simulation.invariants import audit
from tests.support import fixtures as shop
from tests.support.fixtures import counters, order_of, sku
from tests.support.world import Response


def short_pick(client: OrdersClient, order_id: str, *lines: tuple[int, int]) -> Response:
    body = {"reason": "货位上没有", "lines": [{"line_no": number, "quantity": pieces} for number, pieces in lines]}
    answer = client.act(order_id, "short-picks", body, role="warehouse")
    client.world.drain()
    return answer


def test_pieces_not_found_are_backordered_and_no_other_order_loses_any(client: OrdersClient) -> None:
    open_stocked_shop(client, 20)
    order_id, other = client.approved(order_of((1, 10))), client.approved(order_of((1, 10)))
    assert short_pick(client, order_id, (1, 4)).status == 200
    assert lines_of(client, order_id) == [(6, 4, 0)] and lines_of(client, other) == [(10, 0, 0)]
    assert counters(1) == (0, 16)
    (facts,) = events_about(client, order_id, "order.pieces-missing.v1")
    assert (facts["missing"], facts["released"], facts["document"]) == (4, 4, "short_pick")
    assert facts["reference"].startswith(f"{order_id}-P") and facts.get("rule") is None
    assert client.ship(order_id).status == 201
    client.world.drain()
    before = client.world.snapshot()
    client.world.redeliver_everything()
    assert client.world.snapshot() == before
    assert audit(client.world) == ""


def test_goods_that_come_in_go_to_the_order_in_its_former_place(client: OrdersClient) -> None:
    open_stocked_shop(client, 10)
    order_id = client.approved(order_of((1, 10)))
    client.world.clock.advance(minutes=1)
    later = client.accepted(order_of((1, 3)))
    short_pick(client, order_id, (1, 4))
    client.receive("DN-2", (sku(1), 5))
    client.world.drain()
    assert lines_of(client, order_id) == [(10, 0, 0)] and lines_of(client, later) == [(1, 2, 0)]


@pytest.mark.parametrize("policy", ["wait", "all_or_nothing"])
def test_order_that_accepts_no_part_releases_the_rest(client: OrdersClient, policy: str) -> None:
    open_stocked_shop(client, 10)
    order_id = client.approved(order_of((1, 10), (2, 5), shortage_policy=policy))
    assert short_pick(client, order_id, (1, 4)).status == 200
    assert lines_of(client, order_id) == [(0, 10, 0), (0, 5, 0)]
    assert counters(1) == (6, 0) and counters(2) == (10, 0)
    assert audit(client.world) == ""


def test_run_out_pieces_that_are_not_found_are_cancelled(client: OrdersClient) -> None:
    open_stocked_shop(client, 6)
    shop.change_product(1, status="run_out")
    order_id = client.approved(order_of((1, 6), (2, 1)))
    assert short_pick(client, order_id, (1, 2)).status == 200
    assert lines_of(client, order_id) == [(4, 0, 2), (1, 0, 0)]
    assert committed_fen() == 1_250 * 5
    assert audit(client.world) == ""


def test_run_out_order_of_which_nothing_is_found_is_cancelled(client: OrdersClient) -> None:
    open_stocked_shop(client, 6)
    shop.change_product(1, status="run_out")
    order_id = client.approved(order_of((1, 6)))
    assert short_pick(client, order_id, (1, 6)).json["state"] == "cancelled"
    assert committed_fen() == 0
    assert audit(client.world) == ""


def test_run_out_pieces_that_a_count_does_not_find_are_cancelled(client: OrdersClient) -> None:
    open_stocked_shop(client, 6)
    shop.change_product(1, status="run_out")
    order_id = client.approved(order_of((1, 6), (2, 1)))
    count(client, (1, 4))
    client.world.drain()
    assert lines_of(client, order_id) == [(4, 0, 2), (1, 0, 0)]
    assert audit(client.world) == ""


def test_more_pieces_than_reserved_or_an_order_in_review_is_refused(client: OrdersClient) -> None:
    open_stocked_shop(client, 20)
    order_id, in_review = client.approved(order_of((1, 10))), client.accepted(order_of((1, 1)))
    before = client.world.snapshot()
    answer = short_pick(client, order_id, (1, 6), (1, 5))
    assert (answer.status, answer.json["code"]) == (422, "not-reserved")
    assert short_pick(client, in_review, (1, 1)).status == 409
    assert client.world.snapshot() == before
