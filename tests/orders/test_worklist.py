"""The worklist: what waits for a person, since when, until when and for whom; its pages and its cost."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.dealers import DealerItem, dealer_key
from services.orders.order.items import HeaderItem, order_part_key
from tests.orders.client import OrdersClient
from tests.support.calls import recorded
from tests.support.fixtures import open_shop, order_of
from tests.support.world import World

TODAY, TOMORROW = "2026-11-23", "2026-11-24"
END_OF_TODAY = f"{TODAY}T10:00:00.000Z"


@pytest.fixture
def shop(fast_world: World) -> OrdersClient:
    """Return a client of a shop on Monday at 10:00."""
    open_shop(credit_limit_fen=1_000_000)
    return OrdersClient(fast_world)


def worklist(client: OrdersClient, **query: str) -> list[dict[str, Any]]:
    """Return all entries, page by page."""
    entries: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(50):
        token = client.world.token(role="warehouse")
        answer = client.world.call("orders", "GET", "/worklist", query=query | cursor, token=token)
        assert answer.status == 200, answer.json
        entries += answer.json["entries"]
        if answer.json["next_cursor"] is None:
            return entries
        cursor = {"cursor": answer.json["next_cursor"]}
    raise AssertionError("the list does not end")


def kinds(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["id"]) for entry in entries]


def test_order_in_review_waits_for_assistants_until_the_end_of_its_day(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    [entry] = worklist(shop)
    assert entry.pop("since").startswith(f"{TODAY}T02:00:00")
    assert entry == {
        "kind": "review",
        "id": order_id,
        "dealer_id": "D0001",
        "dealer_name": "经销商 D0001",
        "warehouse": "GZ",
        "warehouse_name_zh": "广州仓",
        "warehouse_name_en": "Guangzhou",
        "urgent": False,
        "due_at": END_OF_TODAY,
        "overdue": False,
        "roles": ["admin", "assistant"],
    }
    shop.world.clock.advance(hours=9)
    [entry] = worklist(shop)
    assert entry["overdue"] is True


def test_order_of_the_evening_is_due_on_the_next_working_day(shop: OrdersClient) -> None:
    shop.world.clock.advance(days=4, hours=9)
    shop.accepted(order_of((1, 2)))
    [entry] = worklist(shop)
    assert entry["due_at"] == "2026-11-30T10:00:00.000Z"


def test_urgent_order_is_first_and_due_within_its_own_time(shop: OrdersClient) -> None:
    shop.accepted(order_of((1, 2)))
    urgent = shop.accepted(order_of((2, 1), urgent=True))
    first, _ = worklist(shop)
    assert (first["id"], first["urgent"], first["due_at"][:19]) == (urgent, True, f"{TODAY}T02:30:00")


def test_order_on_credit_hold_waits_for_finance_only(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    beyond = shop.accepted(order_of(*((number, 100) for number in range(1, 10))))
    assert kinds(worklist(shop)) == [("review", order_id), ("credit_hold", beyond)]
    [held] = worklist(shop, kind="credit_hold")
    assert (held["id"], held["roles"], held["due_at"]) == (beyond, ["admin", "finance"], END_OF_TODAY)


def test_confirmed_order_on_a_later_credit_hold_waits_since_then(shop: OrdersClient) -> None:
    order_id = shop.approved(order_of((1, 2)))
    shop.world.clock.advance(days=1)
    DealerItem.get(*dealer_key("D0001")).update([DealerItem.credit_limit_fen.set(0)])
    assert shop.ship(order_id).json["code"] == "credit-hold"
    shop.world.drain()
    [entry] = worklist(shop)
    assert (entry["kind"], entry["since"][:19]) == ("credit_hold", f"{TOMORROW}T02:00:00")


def test_confirmed_order_waits_for_the_warehouse_on_its_promised_day(shop: OrdersClient) -> None:
    shop.world.clock.advance(hours=7.5)  # 17:30, after the hour until which pieces leave on the same day
    order_id = shop.approved(order_of((1, 2)))
    assert worklist(shop) == []
    shop.world.clock.advance(hours=15)
    [entry] = worklist(shop)
    assert (entry["kind"], entry["id"], entry["due_at"]) == ("shipment", order_id, f"{TOMORROW}T12:00:00.000Z")
    assert entry["roles"] == ["admin", "assistant", "warehouse"]
    shop.ship(order_id)
    assert worklist(shop) == []


def test_order_whose_reservation_ends_today_has_two_tasks(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    assert worklist(shop, kind="reservation_expiry") == []
    ends = HeaderItem.get(*order_part_key("HEADER", order_id)).reserved_until
    shop.world.clock.advance(days=3, hours=-1)
    assert kinds(worklist(shop)) == [("review", order_id), ("reservation_expiry", order_id)]
    [entry] = worklist(shop, kind="reservation_expiry")
    assert (entry["due_at"], entry["roles"]) == (ends, ["admin", "assistant"])


def test_backordered_order_that_is_confirmed_waits_for_no_person(shop: OrdersClient) -> None:
    shop.approved_in_part(order_of((1, 150)))
    assert kinds(worklist(shop, kind="shipment")) != []
    shop.ship("D0001-000001")
    assert worklist(shop) == []


def test_filters_and_pages_of_one_show_the_same_entries(shop: OrdersClient) -> None:
    for number in range(1, 4):
        shop.accepted(order_of((number, 1)))
        shop.approved(order_of((number, 1)))
    everything = worklist(shop)
    assert len(everything) == 6
    assert worklist(shop, limit="1") == everything == worklist(shop, warehouse="gz")
    assert {entry["kind"] for entry in worklist(shop, kind="shipment", limit="2")} == {"shipment"}
    assert worklist(shop, warehouse="SZ") == []


def test_cost_of_the_worklist_does_not_depend_on_closed_orders(shop: OrdersClient) -> None:
    def calls() -> int:
        with recorded() as uses:
            worklist(shop)
        return len(uses)

    shop.accepted(order_of((1, 1)))
    worklist(shop)  # a process reads the warehouses once in ten seconds
    before = calls()
    for _ in range(5):
        shop.ship(shop.approved(order_of((2, 1))))
    assert calls() == before > 0
