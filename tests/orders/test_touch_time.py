"""Touch time: the opening of an order, the count of its decision, and the figures of days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.order.items import HeaderItem, order_part_key
from services.orders.touch_time.items import OrderTouchTimeItem, TouchTimeCountItem
from services.orders.touch_time.rules import LONGEST_SECONDS, TouchTimes, step_of, touch_seconds
from tests.orders.client import OrdersClient
from tests.support.fixtures import open_shop, order_of
from tests.support.gateway import Response
from tests.support.world import World

TODAY, TOMORROW = "2026-11-23", "2026-11-24"
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def shop(fast_world: World) -> OrdersClient:
    """Return a client of a shop on Monday at 10:00."""
    open_shop()
    return OrdersClient(fast_world)


def open_order(client: OrdersClient, order_id: str, clerk: str = "clerk-1", role: str = "assistant") -> Response:
    token = client.world.token(role=role, sub=clerk)
    return client.world.call("orders", "PUT", f"/orders/{order_id}/opened", token=token)


def decide(client: OrdersClient, order_id: str, seconds: float, action: str = "approve") -> None:
    """Decide an order so many seconds later, and deliver all messages."""
    client.world.clock.advance(seconds=seconds)
    body = {} if action == "approve" else {"reason": "r"}
    assert client.act(order_id, action, body).status == 200
    client.world.drain()


def report(client: OrdersClient, **query: str) -> Any:
    token = client.world.token(role="admin")
    answer = client.world.call("orders", "GET", "/touch-time", query=query, token=token)
    assert answer.status == 200, answer.json
    return answer.json


# ---- rules ----


@given(st.integers(0, LONGEST_SECONDS))
def test_step_rounds_up_by_less_than_its_size(seconds: int) -> None:
    step = step_of(seconds)
    size = 5 if seconds <= 60 else 30 if seconds <= 600 else 300
    assert max(seconds, 1) <= step <= min(seconds + size, LONGEST_SECONDS)
    assert step_of(step) == step


def test_a_day_has_at_most_forty_steps() -> None:
    assert len({step_of(seconds) for seconds in range(LONGEST_SECONDS + 1)}) == 40


@given(st.lists(st.integers(0, LONGEST_SECONDS), min_size=1, max_size=50), st.integers(1, 100))
def test_percentile_is_the_step_of_the_exact_one(touched: list[int], percent: int) -> None:
    times = TouchTimes(len(touched), sum(touched), Counter(map(step_of, touched)))
    exact = sorted(touched)[-(-len(touched) * percent // 100) - 1]
    assert times.percentile_seconds(percent) == step_of(exact)


def test_touch_time_begins_with_the_first_opening_before_the_decision() -> None:
    early, late = NOON - timedelta(seconds=90), NOON - timedelta(seconds=20)
    assert touch_seconds([late, early, NOON + timedelta(seconds=1)], NOON) == 90
    assert touch_seconds([NOON + timedelta(seconds=1)], NOON) is None
    assert touch_seconds([NOON - timedelta(days=3)], NOON) == LONGEST_SECONDS


# ---- the opening ----


def test_opening_leaves_the_order_as_it_is_and_is_stored_once(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    before = shop.world.snapshot()
    first = open_order(shop, order_id)
    shop.world.clock.advance(minutes=5)
    again = open_order(shop, order_id)
    assert first.status == again.status == 200
    assert first.json == again.json
    added = shop.world.snapshot().items() - before.items()
    assert [name.split("#")[1:4] for name, _ in added] == [["D0001 OPENED", "000001", "clerk-1"]]


def test_order_that_is_not_in_review_is_not_opened(shop: OrdersClient) -> None:
    order_id = shop.approved(order_of((1, 2)))
    before = shop.world.snapshot()
    answer = open_order(shop, order_id)
    assert (answer.status, answer.json["code"]) == (409, "order-state")
    assert open_order(shop, "D0001-000099").status == 404
    assert shop.world.snapshot() == before


def test_repeat_after_the_decision_returns_the_opening(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    first = open_order(shop, order_id)
    decide(shop, order_id, 10)
    assert open_order(shop, order_id).json == first.json


# ---- the figures ----


def test_decisions_of_a_day_give_percentiles_and_minutes(shop: OrdersClient) -> None:
    for number, seconds in enumerate((40, 50, 130), 1):
        order_id = shop.accepted(order_of((number, 1)))
        open_order(shop, order_id)
        decide(shop, order_id, seconds, "reject" if number == 2 else "approve")
    decide(shop, shop.accepted(order_of((4, 1))), 0)
    found = report(shop, **{"from": TODAY, "to": TODAY})
    figures = {"decided": 4, "opened": 3, "p50_seconds": 50, "p95_seconds": 150, "minutes_per_100_orders": "122.2"}
    assert found["days"] == [figures | {"day": TODAY}]
    assert found["total"] == figures


def test_first_of_two_clerks_counts_and_a_second_delivery_does_not(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    open_order(shop, order_id, "clerk-2")
    shop.world.clock.advance(seconds=60)
    open_order(shop, order_id, "clerk-1")
    decide(shop, order_id, 60)
    shop.world.redeliver_everything()
    assert report(shop)["total"]["decided"] == 1
    assert report(shop)["total"]["p50_seconds"] == 120


def test_days_are_those_of_the_decision(shop: OrdersClient) -> None:
    today, later = shop.accepted(order_of((1, 2))), shop.accepted(order_of((2, 2)))
    decide(shop, today, 0)
    decide(shop, later, 24 * 3600)
    assert [row["day"] for row in report(shop)["days"]] == [TODAY, TOMORROW]
    assert [row["day"] for row in report(shop, **{"from": TOMORROW})["days"]] == [TOMORROW]
    assert report(shop, to="2026-11-22")["total"]["decided"] == 0


def test_cancelled_order_has_no_touch_time(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    open_order(shop, order_id)
    shop.act(order_id, "cancel", {"reason": "r"})
    shop.world.drain()
    assert report(shop)["days"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [({"from": TOMORROW, "to": TODAY}, "after-to"), ({"from": "2026-01-01", "to": TODAY}, "too-long")],
)
def test_wrong_days_are_refused_by_name(shop: OrdersClient, query: dict[str, str], code: str) -> None:
    token = shop.world.token(role="admin")
    answer = shop.world.call("orders", "GET", "/touch-time", query=query, token=token)
    assert answer.status == 422
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [("from", code)]


def test_two_days_of_different_years_are_read_together(shop: OrdersClient) -> None:
    for day in ("2026-12-31", "2027-01-01"):
        TouchTimeCountItem(f"TOUCHTIME#{day[:4]}", f"{day}#0005", orders=1, seconds=4).save()
    assert report(shop, **{"from": "2026-12-31", "to": "2027-01-01"})["total"]["opened"] == 2


def test_version_of_the_order_counts_no_opening(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    open_order(shop, order_id)
    assert HeaderItem.get(*order_part_key("HEADER", order_id)).version == 2
    decide(shop, order_id, 5)
    assert OrderTouchTimeItem.get(*order_part_key("TOUCHTIME", order_id)).seconds == 5
