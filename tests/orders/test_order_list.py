"""The order list: every filter, every way to read it, pages that continue, and its cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.order.items import HeaderItem, order_part_key, orders_pk
from services.orders.order_list.filters import OrderFilters, is_answered_by_keys, key_ranges, meets
from services.orders.vocabulary import Hold, State
from tests.orders.client import OrdersClient
from tests.support.fixtures import open_shop, order_of
from tests.support.world import World

TODAY = "2026-11-23"
DEALERS = ("D0001", "D0002")


@pytest.fixture
def lists(fast_world: World) -> Iterator[OrdersClient]:
    """Return a client of a shop with two dealers, an order short of stock, an urgent, a closed and a later one."""
    client = OrdersClient(fast_world)
    open_shop(stock=20, dealers=DEALERS)
    client.accepted(order_of((1, 15), purchase_order="采购-2026 7"))
    client.accepted(order_of((2, 1), urgent=True, purchase_order="ＣＧ－0009"), dealer="D0002")
    client.accepted(order_of((1, 9)), dealer="D0002")
    client.ship(client.approved(order_of((2, 2), purchase_order="cg-0010")))
    fast_world.drain()
    fast_world.clock.advance(days=2)
    client.accepted(order_of((3, 1), purchase_order="CG-0011"))
    yield client


def listed(client: OrdersClient, *, dealer: str | None = None, **query: str) -> list[dict[str, Any]]:
    """Return all rows of a list, page by page."""
    token = client.world.token(role="assistant")
    if dealer:
        token = client.world.token(role="dealer_buyer", dealer_id=dealer)
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(50):
        answer = client.world.call("orders", "GET", "/orders", query=query | cursor, token=token)
        assert answer.status == 200, answer.json
        rows += answer.json["orders"]
        if answer.json["next_cursor"] is None:
            return rows
        cursor = {"cursor": answer.json["next_cursor"]}
    raise AssertionError("the list does not end")


def numbers(rows: list[dict[str, Any]]) -> list[str]:
    return [row["order_id"].replace("00000", "") for row in rows]


QUERIES: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["D0001-3", "D0001-2", "D0002-2", "D0002-1", "D0001-1"]),
    ({"dealer_id": "D0001"}, ["D0001-3", "D0001-2", "D0001-1"]),
    ({"dealer_id": "d0001", "state": "closed"}, ["D0001-2"]),
    ({"dealer_id": "D0001", "from": "2026-11-24"}, ["D0001-3"]),
    ({"dealer_id": "D0001", "to": TODAY}, ["D0001-2", "D0001-1"]),
    ({"state": "in_review"}, ["D0002-1", "D0001-1", "D0002-2", "D0001-3"]),
    ({"state": "in_review", "to": TODAY}, ["D0002-1", "D0001-1", "D0002-2"]),
    ({"state": "in_review", "from": "2026-11-24"}, ["D0001-3"]),
    ({"state": "closed"}, ["D0001-2"]),
    ({"from": TODAY, "to": TODAY}, ["D0001-2", "D0002-2", "D0002-1", "D0001-1"]),
    ({"from": "2026-11-26"}, []),
    ({"hold": "stock"}, ["D0002-2"]),
    ({"hold": "stock", "state": "in_review"}, ["D0002-2"]),
    ({"hold": "credit"}, []),
    ({"warehouse": "gz", "from": TODAY, "to": TODAY, "state": "in_review"}, ["D0002-1", "D0001-1", "D0002-2"]),
    ({"warehouse": "SZ"}, []),
    ({"purchase_order": "cg-00"}, ["D0002-1", "D0001-2", "D0001-3"]),
    ({"purchase_order": "CG — 0009"}, ["D0002-1"]),
    ({"purchase_order": "采购"}, ["D0001-1"]),
    ({"purchase_order": "0009"}, []),
    ({"purchase_order": "cg", "dealer_id": "D0001"}, ["D0001-2", "D0001-3"]),
    ({"purchase_order": "cg", "state": "closed"}, ["D0001-2"]),
    ({"purchase_order": "cg", "from": "2026-11-24"}, ["D0001-3"]),
]


def test_every_filter_lists_the_orders_that_meet_it(lists: OrdersClient) -> None:
    for query, expected in QUERIES:
        assert numbers(listed(lists, **query)) == expected, query
        assert numbers(listed(lists, **query, limit="1")) == expected, f"{query} in pages of one"


def test_dealer_lists_only_its_own_orders(lists: OrdersClient) -> None:
    for query, _ in QUERIES:
        rows = listed(lists, dealer="D0002", **{name: value for name, value in query.items() if name != "dealer_id"})
        assert {row["dealer_id"] for row in rows} <= {"D0002"}, query
    token = lists.world.token(role="dealer_buyer", dealer_id="D0002")
    answer = lists.world.call("orders", "GET", "/orders", query={"dealer_id": "D0001"}, token=token)
    assert answer.status == 404


def test_row_has_the_names_of_dealer_and_warehouse(lists: OrdersClient) -> None:
    [row] = listed(lists, purchase_order="cg-0009")
    assert row["purchase_order"] == "ＣＧ－0009"
    assert row["warehouse_name_zh"] and row["warehouse_name_en"]
    assert row["dealer_name"] != row["dealer_id"] == "D0002"


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"from": "2026-11-24", "to": "2026-11-23"}, "from", "after-to"),
        ({"from": "2026-01-01", "to": "2026-11-23"}, "from", "too-long"),
        ({"warehouse": "GZZ"}, "warehouse", "unknown-warehouse"),
    ],
)
def test_wrong_filter_is_refused_by_name(lists: OrdersClient, query: dict[str, str], field: str, code: str) -> None:
    token = lists.world.token(role="assistant")
    answer = lists.world.call("orders", "GET", "/orders", query=query, token=token)
    assert answer.status == 422
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [(field, code)]


def test_cursor_of_another_filter_is_refused(lists: OrdersClient) -> None:
    token = lists.world.token(role="assistant")
    first = lists.world.call("orders", "GET", "/orders", query={"limit": "1"}, token=token)
    query = {"limit": "1", "state": "closed", "cursor": first.json["next_cursor"]}
    assert lists.world.call("orders", "GET", "/orders", query=query, token=token).json["code"] == "bad-cursor"


def test_entry_written_again_changes_nothing(lists: OrdersClient) -> None:
    before = lists.world.snapshot()
    lists.world.redeliver_everything()
    assert lists.world.snapshot() == before


DAYS = st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31))
FILTERS = st.builds(
    OrderFilters,
    dealer_id=st.sampled_from([None, "D0001", "D0002"]),
    state=st.none() | st.sampled_from(State),
    first_day=DAYS,
    last_day=DAYS,
    warehouse=st.sampled_from([None, "GZ", "SZ"]),
    hold=st.none() | st.sampled_from(Hold),
    purchase_order=st.none(),
)


@given(filters=FILTERS, dealer=st.sampled_from(DEALERS), state=st.sampled_from(State), age=st.integers(0, 200))
def test_order_in_exact_ranges_meets_the_filters(filters: OrderFilters, dealer: str, state: State, age: int) -> None:
    """An order that meets the filters lies in their key ranges; one that lies there meets them if keys answer all."""
    today = date(2026, 12, 31)
    submitted_on = today - timedelta(days=age)
    header = HeaderItem(
        *order_part_key("HEADER", f"{dealer}-000001"),
        order_id=f"{dealer}-000001",
        dealer_id=dealer,
        warehouse="GZ",
        state=state,
        holds=[],
        submitted_at=f"{submitted_on}T04:00:00.000Z",
    )
    inside = any(_contains(one, header, submitted_on) for one in key_ranges(filters, today))
    limited = filters.dealer_id or (filters.state and filters.state in {"submitted", "in_review", "confirmed"})
    if meets(header, filters) and (limited or filters.first_day):
        assert inside
    if inside and is_answered_by_keys(filters):
        assert meets(header, filters)


def _contains(one: Any, header: HeaderItem, submitted_on: date) -> bool:
    keys = {
        orders_pk(header.dealer_id): [f"HEADER#{header.sequence}", f"DAY#{submitted_on}#{header.sequence}"],
        f"ORDERS#{header.state}": [f"1#{header.submitted_at}#{header.order_id}"],
        f"ORDERS#DAY#{submitted_on}": [f"{header.submitted_at}#{header.order_id}"],
    }
    return any(
        (one.first <= sk <= one.last) if one.last is not None else sk.startswith(one.first)
        for sk in keys.get(one.pk, [])
    )
