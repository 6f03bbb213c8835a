"""Orders that wait for goods: their place in line, by which rule they are served, and that it happens once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from kernel.store.table import query_all
from services.orders.allocation import allocate_backorders
from services.orders.allocation.allocate_backorders import _reserve_grant
from services.orders.order import rules
from services.orders.order.backorder_entry import BackorderItem, backorders_pk
from services.orders.order.load_order import load_order_and_backorder_count
from services.orders.stock.items import MovementItem, movements_pk
from tests import faults
from tests.interruptions import Killed
from tests.orders.desk import Desk
from tests.shop import WAREHOUSE, counters, open_shop, order_of, sku
from tests.world import Response, World

NOTHING = (0, 0)


@pytest.fixture
def desk(fast_world: World) -> Desk:
    return Desk(fast_world)


def line() -> list[str]:
    """The orders in line, first first."""
    return [item.order_id for item in query_all(BackorderItem, backorders_pk(WAREHOUSE))]


def got(desk: Desk, order_id: str) -> tuple[int, int]:
    """Reserved and back-ordered pieces of an order."""
    shown = desk.show(order_id).json
    return shown["reserved"], shown["backordered"]


def come_in(desk: Desk, reference: str, *lines: tuple[int, int]) -> None:
    """Goods come in, and everything that follows from it happens."""
    answer = desk.receive(reference, *((sku(number), pieces) for number, pieces in lines))
    assert answer.status == 201, answer.json
    desk.world.drain()


def test_what_is_short_waits_in_line_and_gets_what_comes_in_first_come_first_served(desk: Desk) -> None:
    open_shop(stock=0)
    first, second, third = (desk.accepted(order_of((1, 10)), dealer=dealer) for dealer in ("D0001", "D0002", "D0001"))
    assert line() == [first, second, third]

    come_in(desk, "DN-1", (1, 15))

    assert [got(desk, one) for one in (first, second, third)] == [(10, 0), (5, 5), (0, 10)]
    assert line() == [second, third]
    assert counters(1) == (0, 15)
    assert desk.show(first).json["holds"] == [], "what nothing is short of needs no clerk any more"
    assert desk.show(second).json["holds"] == ["stock"]


def test_serving_the_line_again_gives_nobody_more(desk: Desk) -> None:
    open_shop(stock=0)
    desk.accepted(order_of((1, 10)))
    come_in(desk, "DN-1", (1, 4))
    before = desk.world.snapshot()
    desk.world.redeliver_everything()
    assert desk.world.snapshot() == before


def test_a_share_is_given_once_though_more_is_there_when_its_message_comes_again(desk: Desk) -> None:
    open_shop(stock=0)
    order_id = desk.accepted(order_of((1, 10)))
    come_in(desk, "DN-1", (1, 4))
    with desk.world.held_back("reserve-stock"):
        assert desk.receive("DN-2", (sku(1), 4)).status == 201
        desk.world.redeliver_everything()
        assert (got(desk, order_id), counters(1)) == ((4, 6), (4, 4))
    desk.world.drain()
    assert (got(desk, order_id), counters(1)) == ((8, 2), (0, 8))


def test_an_urgent_order_is_served_before_those_that_waited_longer(desk: Desk) -> None:
    open_shop(stock=0)
    normal = desk.accepted(order_of((1, 10)))
    urgent = desk.accepted(order_of((1, 10), urgent=True), dealer="D0002")
    come_in(desk, "DN-1", (1, 12))
    assert (got(desk, urgent), got(desk, normal)) == ((10, 0), (2, 8))


def test_an_order_that_waits_takes_nothing_until_it_can_have_all(desk: Desk) -> None:
    open_shop(stock=5)
    waits = desk.accepted(order_of((1, 10), (2, 3), shortage_policy="wait"))
    assert (got(desk, waits), counters(1), counters(2)) == ((0, 13), (5, 0), (5, 0))

    come_in(desk, "DN-1", (1, 4))
    assert (got(desk, waits), counters(1)) == ((0, 13), (9, 0))

    come_in(desk, "DN-2", (1, 1))
    assert (got(desk, waits), counters(1), counters(2)) == ((13, 0), (0, 10), (2, 3))
    assert line() == []


def test_an_order_that_waits_for_more_buckets_than_a_transaction_can_change_gets_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "BUCKETS_PER_TRANSACTION", 1)
    open_shop(stock=0, products=130)
    order_id = desk.accepted(order_of((1, 2), (100, 2), shortage_policy="wait"))
    come_in(desk, "DN-1", (1, 5))
    assert got(desk, order_id) == (0, 4)
    come_in(desk, "DN-2", (100, 5))
    assert (got(desk, order_id), line(), counters(1), counters(100)) == ((4, 0), [], (3, 2), (3, 2))


def test_a_line_longer_than_a_run_can_record_is_served_in_several(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocate_backorders, "_MOST_SHARES", 2)
    open_shop(stock=0)
    orders = [desk.accepted(order_of((1, 1))) for _ in range(3)]
    come_in(desk, "DN-1", (1, 3))
    assert [got(desk, one) for one in orders] == [(1, 0), (1, 0), (0, 1)]
    desk.world.periodic("orders", "sweep_orders")
    assert got(desk, orders[2]) == (1, 0)


def test_an_order_that_wants_all_or_nothing_does_not_stand_in_line(desk: Desk) -> None:
    open_shop(stock=5)
    refused = desk.accepted(order_of((1, 10), shortage_policy="all_or_nothing"))
    come_in(desk, "DN-1", (1, 100))
    assert (got(desk, refused), line(), counters(1)) == ((0, 10), [], (105, 0))


def test_goods_that_came_in_belong_to_those_who_wait_not_to_an_order_on_its_way(desk: Desk) -> None:
    open_shop(stock=0)
    waits = desk.accepted(order_of((1, 10)))
    with desk.world.held_back("reserve-stock"):
        newcomer = desk.submit(order_of((1, 10)), dealer="D0002").json["order_id"]
        assert desk.receive("DN-1", (sku(1), 12)).status == 201
        desk.world.relay_once()
    # The newcomer's message is ahead of the receipt's, yet the goods are there when it is decided.
    desk.world.drain()
    assert (got(desk, waits), got(desk, newcomer)) == ((10, 0), (2, 8))


@pytest.mark.parametrize("how", ["cancel", "reject"])
def test_what_an_ended_order_frees_goes_to_those_who_wait(desk: Desk, how: str) -> None:
    open_shop(stock=10)
    has = desk.accepted(order_of((1, 10)))
    waits = desk.accepted(order_of((1, 7)), dealer="D0002")
    assert desk.act(has, how, {"reason": "不要了"}).status == 200
    desk.world.drain()
    assert (got(desk, waits), counters(1), line()) == ((7, 0), (3, 7), [])


def test_an_order_that_ends_leaves_the_line(desk: Desk) -> None:
    open_shop(stock=0)
    order_id = desk.accepted(order_of((1, 10)))
    assert line() == [order_id]
    assert desk.act(order_id, "cancel", {"reason": "不要了"}).status == 200
    come_in(desk, "DN-1", (1, 10))
    assert (line(), counters(1)) == ([], (10, 0))


def test_an_approved_order_keeps_its_place_and_what_comes_in_can_be_shipped(desk: Desk) -> None:
    open_shop(stock=4)
    order_id = desk.accepted(order_of((1, 10)))
    assert desk.act(order_id, "holds/stock/release", {"reason": "先发后补"}).status == 200
    assert desk.act(order_id, "approve", {}).status == 200
    assert desk.ship(order_id).status == 201
    come_in(desk, "DN-1", (1, 6))
    assert got(desk, order_id) == (6, 0)
    assert desk.ship(order_id).json["state"] == "closed"
    assert counters(1) == NOTHING


def publish(desk: Desk, rule: str, **more: Any) -> None:
    """Publish how the warehouse shares out what is short."""
    body = {"rule": rule, "reason": "缺货季", "version": 0, **more}
    path = f"/warehouses/{WAREHOUSE}/allocation-rule"
    answer = desk.world.call("orders", "PUT", path, body=body, token=desk.world.token(role="admin"))
    assert answer.status == 200, answer.json


def allocations(desk: Desk, order_id: str, dealer: str) -> Any:
    token = desk.world.token(role="dealer_buyer", dealer_id=dealer)
    return desk.world.call("orders", "GET", f"/orders/{order_id}/allocations", token=token)


def test_a_published_rule_shares_out_what_is_short_and_each_dealer_can_read_why(desk: Desk) -> None:
    open_shop(stock=0)
    publish(desk, "pro_rata_by_tier")
    first, second = desk.accepted(order_of((1, 30))), desk.accepted(order_of((1, 10)), dealer="D0002")
    come_in(desk, "DN-1", (1, 20))
    assert (got(desk, first), got(desk, second)) == ((15, 15), (5, 5))

    told = allocations(desk, second, "D0002").json
    (run,) = told["allocations"]
    (grant,) = run["grants"]
    assert (told["queue_position"], told["queue_length"], run["rule_version"]) == (2, 2, 1)
    assert {
        name: grant[name] for name in ("sku", "granted", "rule", "supply", "claimed", "wanted", "queue_position")
    } == {
        "sku": sku(1),
        "granted": 5,
        "rule": "pro_rata_by_tier",
        "supply": 20,
        "claimed": 40,
        "wanted": 10,
        "queue_position": 2,
    }
    assert allocations(desk, second, "D0001").status == 404


def test_a_rule_published_meanwhile_is_not_overwritten_unseen(desk: Desk) -> None:
    publish(desk, "quota", quotas={"A": 5})
    body = {"rule": "first_come", "reason": "x", "version": 0}
    path = f"/warehouses/{WAREHOUSE}/allocation-rule"
    answer = desk.world.call("orders", "PUT", path, body=body, token=desk.world.token(role="admin"))
    assert (answer.status, answer.json["code"]) == (412, "stale")


def test_a_rule_published_again_after_a_lost_answer_is_answered_the_same_and_stays_one_version(desk: Desk) -> None:
    body = {"rule": "quota", "quotas": {"A": 5}, "reason": "x", "version": 0}
    sourcing = {"alternates": ["SZ"], "reason": "x", "version": 0}
    for path, asked in (("allocation-rule", body), ("sourcing-rule", sourcing)):

        def put(path: str = path, asked: dict[str, Any] = asked, **more: Any) -> Response:
            token = desk.world.token(role="admin")
            return desk.world.call("orders", "PUT", f"/warehouses/{WAREHOUSE}/{path}", body=asked | more, token=token)

        first = put()
        before = desk.world.snapshot()
        assert (put().status, put().text) == (200, first.text)
        assert put(reason="y").status == 412
        assert desk.world.snapshot() == before


@pytest.mark.parametrize("rule", ["first_come", "pro_rata_by_tier"])
def test_shares_are_the_same_whatever_breaks_while_they_are_given(desk: Desk, rule: str) -> None:
    orders: list[str] = []

    def prepare() -> None:
        open_shop(stock=0)
        publish(desk, rule)
        orders[:] = [desk.accepted(order_of((1, 10), (2, 4)), dealer=dealer) for dealer in ("D0001", "D0002")]
        assert desk.receive("DN-1", (sku(1), 10), (sku(2), 5)).status == 201
        desk.world.relay_once()

    shares = {"first_come": [(14, 0), (1, 13)], "pro_rata_by_tier": [(8, 6), (7, 7)]}[rule]
    for fault in faults.every_point(desk.world, prepare=prepare, act=desk.world.drain, within="orders.reserve_stock"):
        for _ in range(2):
            desk.world.drain()
            assert [got(desk, one) for one in orders] == shares, fault
            assert (counters(1), counters(2)) == ((0, 10), (0, 5)), fault
            desk.world.redeliver_everything()


@contextmanager
def dying_after_the_first_share() -> Iterator[None]:
    """The process ends when the first in line has got its share."""
    hold = _reserve_grant

    def die_afterwards(*args: Any) -> None:
        hold(*args)
        raise Killed

    with patch.object(allocate_backorders, "_reserve_grant", die_afterwards), pytest.raises(Killed):
        yield


def test_the_second_gets_the_share_written_down_for_it_though_the_process_dies_after_the_first(desk: Desk) -> None:
    open_shop(stock=0)
    publish(desk, "pro_rata_by_tier")
    first, second = (desk.accepted(order_of((1, 10), (2, 4)), dealer=dealer) for dealer in ("D0001", "D0002"))
    assert desk.receive("DN-1", (sku(1), 10), (sku(2), 5)).status == 201
    with dying_after_the_first_share():
        desk.world.drain()
    assert (got(desk, first), got(desk, second)) == ((8, 6), (0, 14))
    desk.world.drain()
    assert (got(desk, first), got(desk, second)) == ((8, 6), (7, 7)), "not a share of what the first left over"


def test_who_left_the_line_before_its_share_was_given_gets_nothing(desk: Desk) -> None:
    open_shop(stock=0)
    first, second = (desk.accepted(order_of((1, 10)), dealer=dealer) for dealer in ("D0001", "D0002"))
    assert desk.receive("DN-1", (sku(1), 14)).status == 201
    with dying_after_the_first_share():
        desk.world.drain()
    assert desk.act(second, "cancel", {"reason": "不要了"}).status == 200
    desk.world.drain()
    assert (got(desk, first), got(desk, second), counters(1)) == ((10, 0), (0, 0), (4, 10))


def test_who_wants_all_takes_nothing_if_somebody_else_was_quicker(desk: Desk) -> None:
    open_shop(stock=0)
    waits = desk.accepted(order_of((1, 10), shortage_policy="wait"))
    hold = _reserve_grant

    def too_late(*args: Any) -> None:
        with patch.object(allocate_backorders, "_reserve_grant", hold):
            assert desk.adjust("lost", "L-1", (sku(1), 4)).status == 201
        hold(*args)

    with patch.object(allocate_backorders, "_reserve_grant", too_late):
        come_in(desk, "DN-1", (1, 10))
    assert (got(desk, waits), counters(1), line()) == ((0, 10), (6, 0), [waits])


def test_of_two_lines_of_one_sku_the_earlier_gets_what_comes_in(desk: Desk) -> None:
    open_shop(stock=0)
    order_id = desk.accepted(order_of((1, 10), (1, 10)))
    come_in(desk, "DN-1", (1, 12))
    assert [line["reserved"] for line in desk.show(order_id).json["lines"]] == [10, 2]
    assert counters(1) == (0, 12)


def test_nobody_looks_at_a_line_in_which_nobody_waits(desk: Desk) -> None:
    def waiting() -> int:
        return load_order_and_backorder_count(order_id, WAREHOUSE)[1]

    open_shop(stock=4)
    order_id = desk.accepted(order_of((1, 4)))
    assert waiting() == 0
    short = [desk.accepted(order_of((1, 10), (2, 10))) for _ in range(2)]
    assert waiting() == 2
    desk.act(short[0], "cancel", {"reason": "不要了"})
    desk.world.drain()
    come_in(desk, "DN-1", (1, 10))
    assert waiting() == 1
    come_in(desk, "DN-2", (2, 10))
    assert (waiting(), line()) == (0, [])
    with patch.object(allocate_backorders, "backorders_of", side_effect=AssertionError("nobody is there")):
        desk.accepted(order_of((3, 4)))


def test_counters_are_what_the_movements_add_up_to(desk: Desk) -> None:
    open_shop(stock=None)
    come_in(desk, "DN-1", (1, 20))
    order_id = desk.approved(order_of((1, 12)))
    assert desk.ship(order_id, (1, 5)).status == 201
    assert desk.act(order_id, "cancel", {"reason": "够了"}).status == 200
    moved = query_all(MovementItem, movements_pk(WAREHOUSE, "2026-11-23"))
    assert [(item.move, item.by_sku_index) for item in moved] == [
        ("receive", {1: 20}),
        ("reserve", {1: 12}),
        ("reserve", {}),  # noted when it was approved
        ("unreserve", {1: 7}),
    ]
    assert counters(1) == (15, 0)
