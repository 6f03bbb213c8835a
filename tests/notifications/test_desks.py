"""Tests of the desks: a message about an order reaches the desk of the order's own warehouse, and no other."""

from __future__ import annotations

import pytest

from contracts.orders import OrderApproved, OrderReserved
from services.notifications.inbox import read_inbox
from tests.notifications.fixtures import publish, store_event
from tests.notifications.sample_events import EVENTS, ORDER
from tests.notifications.test_inbox import mark_as_read, show_inbox
from tests.support.warehouses import WAREHOUSES
from tests.support.world import World


@pytest.fixture
def desk_world(dealer_world: World) -> World:
    """Publish two approved orders for GZ, one for SZ, and the report of a day."""
    for number, warehouse in enumerate(("GZ", "SZ", "GZ")):
        order_id = f"D0001-{number:06d}"
        store_event(OrderApproved(**ORDER | {"order_id": order_id, "warehouse": warehouse}), order_id)
    (report,) = (event for event in EVENTS if event.TYPE == "day.reported.v1")
    publish(dealer_world, report, "day-2026-11-23")
    return dealer_world


def unread_by_warehouse(world: World, role: str = "warehouse") -> dict[str | None, int]:
    """Return the unread messages of each desk of the mailbox `warehouse`."""
    rows = show_inbox(world, role).json["unread_by_mailbox"]
    return {row["warehouse"]: row["unread"] for row in rows if row["mailbox"] == "warehouse"}


def test_message_is_stored_on_the_desk_of_its_warehouse_only(desk_world: World) -> None:
    stored = [
        (item["pk"], item["subject"]) for item in desk_world.items("INBOX#HOUSE#w") if item["sk"].startswith("MSG#")
    ]
    assert sorted(row for row in stored if row[1].startswith("D0001")) == [
        ("INBOX#HOUSE#warehouse#GZ", "D0001-000000"),
        ("INBOX#HOUSE#warehouse#GZ", "D0001-000002"),
        ("INBOX#HOUSE#warehouse#SZ", "D0001-000001"),
    ]


def test_message_about_no_warehouse_reaches_the_mailbox_of_all(desk_world: World) -> None:
    messages = show_inbox(desk_world, "warehouse").json["messages"]
    (report,) = [message for message in messages if message["event_type"] == "day.reported.v1"]
    assert ".warehouse.evt_" in report["message_id"]


def test_inbox_shows_all_desks_and_counts_each(desk_world: World) -> None:
    inbox = show_inbox(desk_world, "warehouse").json
    assert (len(inbox["messages"]), inbox["unread"]) == (4, 4)
    assert unread_by_warehouse(desk_world) == {None: 1, **dict.fromkeys(WAREHOUSES, 0), "GZ": 2, "SZ": 1}
    names = {row["warehouse"]: row["warehouse_name_zh"] for row in inbox["unread_by_mailbox"]}
    assert names["GZ"] == "广州仓" and names[None] is None


def test_inbox_shows_one_desk_alone_when_asked(desk_world: World) -> None:
    inbox = show_inbox(desk_world, "warehouse", warehouse="SZ").json
    assert [message["subject"] for message in inbox["messages"]] == ["D0001-000001"]
    assert inbox["unread"] == 1
    assert show_inbox(desk_world, "admin", warehouse="FS").json["messages"] == []


def test_pages_of_one_desk_have_no_message_of_another(desk_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_inbox, "PAGE_SIZE", 1)
    first = show_inbox(desk_world, "warehouse", warehouse="GZ").json
    second = show_inbox(desk_world, "warehouse", warehouse="GZ", cursor=first["next_cursor"]).json
    subjects = [page["messages"][0]["subject"] for page in (first, second)]
    assert sorted(subjects) == ["D0001-000000", "D0001-000002"]
    assert show_inbox(desk_world, "warehouse", warehouse="GZ", cursor=second["next_cursor"]).json["messages"] == []
    assert show_inbox(desk_world, "warehouse", warehouse="SZ", cursor=first["next_cursor"]).status == 400


def test_read_message_counts_on_its_own_desk_only(desk_world: World) -> None:
    message_id = show_inbox(desk_world, "warehouse", warehouse="SZ").json["messages"][0]["message_id"]
    assert mark_as_read(desk_world, message_id, "warehouse").json["unread"] == 3
    assert unread_by_warehouse(desk_world) == {None: 1, **dict.fromkeys(WAREHOUSES, 0), "GZ": 2}
    before = desk_world.snapshot()
    for other in (message_id.replace("-SZ.", "-GZ."), message_id.replace("-SZ.", "."), message_id.replace("-SZ", "-")):
        assert mark_as_read(desk_world, other, "warehouse").status == 404
    assert desk_world.snapshot() == before


def test_redelivered_event_adds_no_message_to_any_desk(desk_world: World) -> None:
    before = desk_world.items("INBOX#")
    desk_world.redeliver_everything()
    assert desk_world.items("INBOX#") == before


@pytest.mark.parametrize(("role", "dealer"), [("dealer_admin", "D0001"), ("assistant", None), ("finance", None)])
def test_desk_is_refused_for_users_who_do_not_read_it(desk_world: World, role: str, dealer: str | None) -> None:
    answer = show_inbox(desk_world, role, dealer, warehouse="GZ")
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "not-a-reader")
    assert all(row["warehouse"] is None for row in show_inbox(desk_world, role, dealer).json["unread_by_mailbox"])


def test_unknown_warehouse_is_refused_with_the_known_ones(desk_world: World) -> None:
    answer = show_inbox(desk_world, "warehouse", warehouse="XX")
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "unknown-warehouse")
    assert "广州仓" in answer.json["errors"][0]["detail"]


def test_finance_reads_its_own_mailbox_without_desks(dealer_world: World) -> None:
    publish(dealer_world, OrderReserved(**ORDER | {"state": "confirmed"}, reserved=1, backordered=0))
    rows = show_inbox(dealer_world, "finance").json["unread_by_mailbox"]
    assert [(row["mailbox"], row["unread"]) for row in rows] == [("finance", 0)]
