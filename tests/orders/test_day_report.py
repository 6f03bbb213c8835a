"""The report of the day: when it is made, what it names, and that every mailbox gets it once."""

from __future__ import annotations

from typing import Any

import pytest

from services.orders.worklist import report_day as reporting
from tests.orders.client import OrdersClient
from tests.support.fixtures import open_shop, order_of
from tests.support.world import World

TODAY = "2026-11-23"
KINDS = ("review", "credit_hold", "shipment", "reservation_expiry")


@pytest.fixture
def shop(fast_world: World) -> OrdersClient:
    """Return a client of a shop on Monday at 10:00."""
    open_shop(credit_limit_fen=1_000_000)
    return OrdersClient(fast_world)


def run(client: OrdersClient, **later: float) -> None:
    """Let time pass and run the schedule."""
    client.world.clock.advance(**later)
    client.world.periodic("orders", "report_day")
    client.world.drain()


def reports(client: OrdersClient) -> list[dict[str, Any]]:
    answer = client.world.call("orders", "GET", "/day-reports", token=client.world.token(role="finance"))
    assert answer.status == 200, answer.json
    found: list[dict[str, Any]] = answer.json["reports"]
    return found


def unhandled(report: dict[str, Any]) -> dict[str, list[str]]:
    """Return the order ids of a report by kind, of kinds with orders."""
    return {row["kind"]: row["orders"] for row in report["unhandled"] if row["number"]}


def messages(client: OrdersClient, role: str) -> list[str]:
    """Return the Chinese texts of the reports that a role finds in its inbox."""
    inbox = client.world.call("notifications", "GET", "/inbox", token=client.world.token(role=role))
    return [one["text_zh"] for one in inbox.json["messages"] if one["event_type"] == "day.reported.v1"]


def test_report_names_what_was_due_and_not_what_came_after_hours(shop: OrdersClient) -> None:
    review, held = shop.accepted(order_of((1, 2))), shop.accepted(order_of(*((n, 100) for n in range(1, 10))))
    to_ship = shop.approved(order_of((2, 1)))
    shop.ship(shop.approved(order_of((3, 1))))
    shop.world.clock.advance(hours=8)
    shop.accepted(order_of((4, 1)))
    run(shop, minutes=5)
    [report] = reports(shop)
    assert report["day"] == TODAY
    assert tuple(row["kind"] for row in report["unhandled"]) == KINDS
    assert unhandled(report) == {"review": [review], "credit_hold": [held], "shipment": [to_ship]}


def test_report_waits_for_the_end_of_business_hours(shop: OrdersClient) -> None:
    run(shop, hours=7, minutes=59)
    assert reports(shop) == []
    run(shop, minutes=1)
    assert [report["day"] for report in reports(shop)] == [TODAY]


def test_day_off_and_early_morning_have_no_report(shop: OrdersClient) -> None:
    run(shop, hours=15)
    run(shop, days=4, hours=18)
    assert shop.world.clock.moment.isoformat()[:10] == "2026-11-28"
    assert reports(shop) == []


def test_each_mailbox_gets_the_report_once_when_runs_and_events_repeat(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    run(shop, hours=8)
    run(shop, minutes=10)
    shop.world.redeliver_everything()
    assert messages(shop, "assistant") == [f"待审核:1 单({order_id})。预留当天到期:无。"]
    assert messages(shop, "finance") == ["待解除信用冻结:无。"]
    assert messages(shop, "warehouse") == ["当天应发未发:无。"]
    assert messages(shop, "aftersales") == []
    assert len(messages(shop, "admin")) == 3
    assert len(reports(shop)) == 1


def test_report_of_an_idle_day_states_that_nothing_is_left(shop: OrdersClient) -> None:
    run(shop, hours=8)
    [report] = reports(shop)
    assert [row["number"] for row in report["unhandled"]] == [0] * len(KINDS)
    assert messages(shop, "assistant") == ["待审核:无。预留当天到期:无。"]


def test_order_that_stays_unhandled_is_in_the_next_report_too(shop: OrdersClient) -> None:
    order_id = shop.accepted(order_of((1, 2)))
    run(shop, hours=8)
    run(shop, days=1)
    newest, older = reports(shop)
    assert (newest["day"], older["day"]) == ("2026-11-24", TODAY)
    assert unhandled(newest)["review"] == unhandled(older)["review"] == [order_id]


def test_report_counts_more_orders_than_it_names(shop: OrdersClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "MOST_ORDERS", 2)
    for number in range(1, 4):
        shop.accepted(order_of((number, 1)))
    run(shop, hours=8)
    row = reports(shop)[0]["unhandled"][0]
    assert (row["number"], row["orders"]) == (3, ["D0001-000001", "D0001-000002"])
    assert messages(shop, "assistant") == ["待审核:3 单(D0001-000001、D0001-000002等)。预留当天到期:无。"]
