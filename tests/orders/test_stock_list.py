"""All stock of a warehouse, and the movements of a SKU."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.time import clock
from services.orders.stock_list.list_movements import key_ranges
from tests.orders.client import OrdersClient
from tests.support.fixtures import open_shop, order_of, sku
from tests.support.gateway import Response


def get(client: OrdersClient, path: str, **query: str) -> Response:
    return client.world.call("orders", "GET", path, query=query, token=client.world.token(role="warehouse"))


def all_rows(client: OrdersClient, path: str, rows: str, **query: str) -> list[dict[str, Any]]:
    """Return the rows of all pages."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(100):
        answer = get(client, path, **query, **cursor)
        assert answer.status == 200, answer.json
        found += answer.json[rows]
        if answer.json["next_cursor"] is None:
            return found
        cursor = {"cursor": answer.json["next_cursor"]}
    raise AssertionError("the list does not end")


def test_list_of_all_stock_shows_every_product_once(client: OrdersClient) -> None:
    open_shop(products=200, stock=50)
    client.accepted(order_of((1, 10)))
    assert client.adjust("set_aside", "A-1", (sku(2), 3)).status == 201
    rows = {row["sku"]: row for row in all_rows(client, "/stock/GZ", "stock")}
    assert list(rows) == [sku(number) for number in range(200)]
    assert {name: rows[sku(1)][name] for name in ("available", "reserved", "on_hand", "quarantined")} == {
        "available": 40,
        "reserved": None,
        "on_hand": None,
        "quarantined": 0,
    }
    assert (rows[sku(2)]["available"], rows[sku(2)]["quarantined"]) == (47, 3)
    assert all(row["name_zh"] for row in rows.values())


def test_movements_of_a_sku_add_up_to_its_stock(client: OrdersClient) -> None:
    open_shop(stock=None)
    client.receive("DN-1", (sku(1), 100), (sku(2), 5))
    order_id = client.accepted(order_of((1, 30)))
    client.world.clock.advance(days=3)
    client.adjust("set_aside", "A-1", (sku(1), 7))
    client.adjust("scrap", "A-2", (sku(1), 2))
    for limit in ("1", "50"):
        rows = all_rows(client, "/stock/GZ/movements", "movements", sku=sku(1).lower(), limit=limit)
        assert [(row["move"], row["quantity"]) for row in rows] == [
            ("scrap", 2),
            ("set_aside", 7),
            ("reserve", 30),
            ("receive", 100),
        ]
        assert [row["order_id"] for row in rows] == [None, None, order_id, None]
        assert sum(row["available_change"] for row in rows) == 63
        assert sum(row["quarantined_change"] for row in rows) == 5
    today = clock.business_date(client.world.clock.moment).isoformat()
    rows = all_rows(client, "/stock/GZ/movements", "movements", sku=sku(1), **{"from": today, "to": today})
    assert [row["move"] for row in rows] == ["scrap", "set_aside"]


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/stock/GZ/movements", {"sku": "NONE"}, 422, "unknown-sku"),
        ("/stock/GZ/movements", {"sku": sku(1), "from": "2026-11-24", "to": "2026-11-23"}, 422, "after-to"),
        ("/stock/GZ/movements", {"sku": sku(1), "from": "2026-01-01"}, 422, "too-long"),
        ("/stock/XX/movements", {"sku": sku(1)}, 404, "unknown-warehouse"),
        ("/stock/XX", {}, 404, "unknown-warehouse"),
    ],
)
def test_wrong_query_of_stock_is_refused(
    client: OrdersClient, path: str, query: dict[str, str], status: int, code: str
) -> None:
    open_shop()
    answer = get(client, path, **query)
    assert (answer.status, answer.json["errors"][0]["code"]) == (status, code)


@given(
    first=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    days=st.integers(0, 91),
    moment=st.datetimes(
        datetime(2025, 12, 30),  # noqa: DTZ001 - hypothesis adds the zone
        datetime(2027, 4, 3),  # noqa: DTZ001
        timezones=st.just(clock.BUSINESS_ZONE),
    ),
)
def test_movement_lies_in_the_ranges_of_its_days_only(first: date, days: int, moment: datetime) -> None:
    last = first + timedelta(days=days)
    stamp = clock.stamp(moment)
    inside = [
        one
        for one in key_ranges("GZ", first, last)
        if one.pk == f"STOCK#GZ#{stamp[:10]}" and one.first <= f"{stamp}#x#receive" <= str(one.last)
    ]
    assert len(inside) == (first <= moment.date() <= last)
