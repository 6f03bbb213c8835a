"""Tests of the inbox: each event is stored once, and shown to the users of its mailboxes only."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.orders import OrderApproved, OrderReserved, OrderSubmitted
from contracts.reconciliation import PaymentPosted
from services.notifications.inbox import read_inbox
from services.notifications.inbox.rendering import render_messages
from tests.notifications.fixtures import publish, store_event, suspend_dealer
from tests.notifications.sample_events import EVENTS, ORDER, order_shipped, ticket_progressed
from tests.support.gateway import Response
from tests.support.world import World


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_inbox, "PAGE_SIZE", 4)


def show_inbox(
    world: World,
    role: str,
    dealer: str | None = None,
    cursor: str | None = None,
    warehouse: str | None = None,
    **claims: Any,
) -> Response:
    token = world.token(role=role, dealer_id=dealer, **claims)
    query = {"cursor": cursor, "warehouse": warehouse}
    return world.call("notifications", "GET", "/inbox", token=token, query=query)


def mark_as_read(world: World, message_id: str, role: str, dealer: str | None = None, **claims: Any) -> Response:
    token = world.token(role=role, dealer_id=dealer, **claims)
    return world.call("notifications", "POST", f"/inbox/{message_id}/read", token=token)


def publish_reserved_orders(world: World, count: int) -> None:
    for number in range(count):
        order_id = f"D0001-{number:06d}"
        store_event(OrderReserved(**ORDER | {"order_id": order_id}, reserved=1, backordered=0), order_id)
    world.drain()


def test_event_is_stored_for_dealer_and_staff_in_both_languages(dealer_world: World) -> None:
    publish(dealer_world, OrderReserved(**ORDER, reserved=90, backordered=10, promised_on="2026-11-24"))
    (message,) = show_inbox(dealer_world, "dealer_buyer", "D0001").json["messages"]
    assert message["title_zh"] == "订单 D0001-000123 已受理"
    assert message["text_en"] == (
        "90 pieces are reserved for you, 10 are backordered. Under review. The reserved pieces leave on: 2026-11-24."
    )
    assert message["event_type"] == "order.reserved.v1" and message["subject"] == "D0001-000123"
    assert message["read"] is False
    (for_staff,) = show_inbox(dealer_world, "assistant").json["messages"]
    assert for_staff["title_zh"] == "订单 D0001-000123 待审核"
    assert for_staff["dealer_id"] == "D0001"


def test_message_is_not_shown_to_other_recipients(dealer_world: World) -> None:
    publish(dealer_world, OrderReserved(**ORDER, reserved=90, backordered=10))
    for role, dealer in (("dealer_admin", "D0002"), ("warehouse", None), ("aftersales", None), ("finance", None)):
        answer = show_inbox(dealer_world, role, dealer)
        assert (answer.json["messages"], answer.json["unread"], answer.json["next_cursor"]) == ([], 0, None), role


def test_every_event_is_stored_in_each_of_its_mailboxes(fast_dealer_world: World) -> None:
    expected = 0
    for number, event in enumerate(EVENTS):
        store_event(event, f"S-{number}")
        expected += len(render_messages(event))
    fast_dealer_world.drain()
    # The void shipment reverses its journal, and that is another event.
    stored = [item for item in fast_dealer_world.items("INBOX#") if ".evt_S-" in item["sk"]]
    assert len(stored) == expected > len(EVENTS)


def test_unread_count_covers_all_pages_for_each_user(dealer_world: World) -> None:
    publish_reserved_orders(dealer_world, 7)
    first = show_inbox(dealer_world, "dealer_buyer", "D0001", sub="li")
    assert len(first.json["messages"]) == 4 and first.json["unread"] == 7
    second = show_inbox(dealer_world, "dealer_buyer", "D0001", sub="li", cursor=first.json["next_cursor"])
    assert len(second.json["messages"]) == 3 and second.json["next_cursor"] is None
    ids = [message["message_id"] for page in (first, second) for message in page.json["messages"]]
    assert len(set(ids)) == 7 and ids == sorted(ids, reverse=True), "newest first, each message once"
    for count, message_id in enumerate(ids[:3], 1):
        answer = mark_as_read(dealer_world, message_id, "dealer_buyer", "D0001", sub="li")
        assert answer.status == 200 and answer.json == {"message_id": message_id, "unread": 7 - count}
    assert show_inbox(dealer_world, "dealer_buyer", "D0001", sub="li").json["unread"] == 4
    assert show_inbox(dealer_world, "dealer_admin", "D0001", sub="wang").json["unread"] == 7, "another user"
    shown = show_inbox(dealer_world, "dealer_buyer", "D0001", sub="li").json["messages"]
    assert [message["read"] for message in shown] == [True] * 3 + [False]


def test_second_read_of_a_message_changes_nothing(dealer_world: World) -> None:
    publish_reserved_orders(dealer_world, 2)
    newest = show_inbox(dealer_world, "dealer_buyer", "D0001").json["messages"][0]["message_id"]
    mark_as_read(dealer_world, newest, "dealer_buyer", "D0001")
    before = dealer_world.snapshot()
    answer = mark_as_read(dealer_world, newest, "dealer_buyer", "D0001")
    assert answer.status == 200 and answer.json["unread"] == 1
    assert dealer_world.snapshot() == before


def test_read_is_not_found_for_messages_of_other_mailboxes(dealer_world: World) -> None:
    publish(dealer_world, OrderReserved(**ORDER, reserved=1, backordered=0))
    for_dealer = show_inbox(dealer_world, "dealer_buyer", "D0001").json["messages"][0]["message_id"]
    for_staff = show_inbox(dealer_world, "assistant").json["messages"][0]["message_id"]
    before = dealer_world.snapshot()
    attempts = [
        (for_dealer, "dealer_admin", "D0002"),
        (for_dealer, "assistant", None),
        (for_dealer, "admin", None),
        (for_staff, "dealer_buyer", "D0001"),
        (for_staff, "warehouse", None),
        (for_staff.replace("assistant", "warehouse"), "admin", None),
        (for_staff.replace("assistant", "dealer"), "assistant", None),
        (for_staff.replace("000123", "000124"), "assistant", None),
    ]
    for invalid in ("x", "x" * 4_000, "1.2.3", "0000000000000.dealer.evt_%20", "COUNT", "%00", "a%0Ab"):
        attempts += [(invalid, "dealer_buyer", "D0001"), (invalid, "admin", None)]
    for message_id, role, dealer in attempts:
        answer = mark_as_read(dealer_world, message_id, role, dealer)
        assert (answer.status, answer.json["code"]) == (404, "not-found"), (message_id, role)
    assert dealer_world.snapshot() == before


def test_buyer_does_not_see_payment_messages(dealer_world: World) -> None:
    payment = PaymentPosted(payment_id="r", dealer_id="D0001", amount_fen=123_450, received_on="2026-11-20")
    publish(dealer_world, payment, "r")
    for role, count in (("dealer_admin", 1), ("dealer_accountant", 1), ("dealer_buyer", 0)):
        answer = show_inbox(dealer_world, role, "D0001")
        assert (len(answer.json["messages"]), answer.json["unread"]) == (count, count), role
    message_id = show_inbox(dealer_world, "dealer_admin", "D0001").json["messages"][0]["message_id"]
    assert mark_as_read(dealer_world, message_id, "dealer_buyer", "D0001").status == 404
    assert mark_as_read(dealer_world, message_id, "dealer_accountant", "D0001").json["unread"] == 0


def test_admin_reads_all_staff_mailboxes_in_one_inbox(dealer_world: World) -> None:
    publish(dealer_world, OrderReserved(**ORDER, reserved=1, backordered=0), sequence=1)
    publish(dealer_world, OrderApproved(**ORDER), sequence=2)
    publish(dealer_world, ticket_progressed("registered"), "D0001-T00007")
    answer = show_inbox(dealer_world, "admin")
    assert [message["event_type"] for message in answer.json["messages"]] == [
        "ticket.progressed.v1",
        "order.approved.v1",
        "order.reserved.v1",
    ]
    assert answer.json["unread"] == 3
    assert mark_as_read(dealer_world, answer.json["messages"][1]["message_id"], "admin").json["unread"] == 2


def test_pages_over_several_mailboxes_show_each_message_once(dealer_world: World) -> None:
    for number in range(4):
        order_id = f"D0001-{number:06d}"
        store_event(OrderReserved(**ORDER | {"order_id": order_id}, reserved=1, backordered=0), order_id, 1)
        store_event(OrderApproved(**ORDER | {"order_id": order_id}), order_id, 2)
    dealer_world.drain()
    shown: list[str] = []
    cursor = None
    for _ in range(3):
        page = show_inbox(dealer_world, "admin", cursor=cursor).json
        shown += [message["message_id"] for message in page["messages"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(shown) == len(set(shown)) == 8 and shown == sorted(shown, reverse=True)


def test_cursor_is_refused_for_another_user(dealer_world: World) -> None:
    publish_reserved_orders(dealer_world, 5)
    cursor = show_inbox(dealer_world, "dealer_buyer", "D0001", sub="li").json["next_cursor"]
    for claims in ({"sub": "wang"}, {"sub": "li", "dealer": "D0002"}):
        answer = show_inbox(
            dealer_world, "dealer_buyer", claims.get("dealer", "D0001"), cursor=cursor, sub=claims["sub"]
        )
        assert (answer.status, answer.json["code"]) == (400, "bad-cursor")
    broken = cursor[:-2] + "AA"
    assert show_inbox(dealer_world, "dealer_buyer", "D0001", cursor=broken, sub="li").status == 400


def test_suspended_dealer_gets_no_message_and_staff_does(dealer_world: World) -> None:
    suspend_dealer("D0001")
    publish(dealer_world, OrderReserved(**ORDER, reserved=1, backordered=0))
    publish(dealer_world, order_shipped(), sequence=2)
    assert dealer_world.items("INBOX#D0001") == [] and dealer_world.items("SMS#") == []
    assert show_inbox(dealer_world, "assistant").json["unread"] == 1


def test_unknown_dealer_gets_no_message(dealer_world: World) -> None:
    publish(dealer_world, OrderSubmitted(**ORDER | {"dealer_id": "D0404"}))
    assert dealer_world.items("INBOX#D0404") == [] and dealer_world.items("SMS#") == []


def test_inbox_routes_refuse_requests_without_token_or_with_bad_query(dealer_world: World) -> None:
    for path, method in (("/inbox", "GET"), ("/inbox/x/read", "POST"), ("/sms", "GET")):
        assert dealer_world.call("notifications", method, path).status == 401
    assert show_inbox(dealer_world, "dealer_buyer", "D0001", cursor="x" * 5_000).status == 422
    token = dealer_world.token(role="dealer_buyer", dealer_id="D0001")
    assert dealer_world.call("notifications", "GET", "/inbox", token=token, query={"dealer_id": "D0002"}).status == 422


def test_relay_sends_every_event_of_these_tests(dealer_world: World) -> None:
    publish(dealer_world, order_shipped())
    items = [item for item in dealer_world.items("ORDERS#") if item["sk"].startswith("EVENT#")]
    assert items and all("gsi1pk" not in item for item in items), "the relay has sent them"
