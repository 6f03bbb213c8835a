"""What happened stands in the mailbox of whom it concerns: once, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.orders import OrderApproved, OrderReserved, OrderSubmitted
from contracts.reconciliation import PaymentPosted
from services.notifications.inbox import read_inbox
from services.notifications.inbox.rules import notices
from tests.notifications.events import EVENTS, ORDER, progressed, shipped
from tests.notifications.office import announce, happen, open_office, suspend
from tests.world import Response, World


@pytest.fixture
def office(world: World) -> Iterator[World]:
    with open_office(world):
        yield world


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_inbox, "PAGE_SIZE", 4)


def inbox(world: World, role: str, dealer: str | None = None, cursor: str | None = None, **claims: Any) -> Response:
    token = world.token(role=role, dealer_id=dealer, **claims)
    return world.call("notifications", "GET", "/inbox", token=token, query={"cursor": cursor})


def read(world: World, message_id: str, role: str, dealer: str | None = None, **claims: Any) -> Response:
    token = world.token(role=role, dealer_id=dealer, **claims)
    return world.call("notifications", "POST", f"/inbox/{message_id}/read", token=token)


def orders(count: int, world: World) -> None:
    for number in range(count):
        order_id = f"D0001-{number:06d}"
        announce(OrderReserved(**ORDER | {"order_id": order_id}, reserved=1, backordered=0), order_id)
    world.drain()


def test_a_dealer_and_the_desk_concerned_are_told_in_chinese_and_english(office: World) -> None:
    happen(office, OrderReserved(**ORDER, reserved=90, backordered=10))
    (message,) = inbox(office, "dealer_buyer", "D0001").json["messages"]
    assert message["title_zh"] == "订单 D0001-000123 已受理"
    assert message["text_en"] == "90 pieces are held for you, 10 wait for new stock. Under review."
    assert message["event_type"] == "order.reserved.v1" and message["subject"] == "D0001-000123"
    assert message["read"] is False
    (task,) = inbox(office, "assistant").json["messages"]
    assert task["title_zh"] == "订单 D0001-000123 待审核"
    assert task["dealer_id"] == "D0001"


def test_nobody_else_sees_it(office: World) -> None:
    happen(office, OrderReserved(**ORDER, reserved=90, backordered=10))
    for role, dealer in (("dealer_admin", "D0002"), ("warehouse", None), ("aftersales", None), ("finance", None)):
        answer = inbox(office, role, dealer)
        assert answer.json == {"messages": [], "unread": 0, "next_cursor": None}, role


def test_every_event_reaches_every_mailbox_it_concerns(office: World) -> None:
    expected = 0
    for number, event in enumerate(EVENTS):
        announce(event, f"S-{number}")
        expected += len(notices(event))
    office.drain()
    assert len([item for item in office.items("INBOX#") if item["sk"].startswith("MSG#")]) == expected > len(EVENTS)


def test_unread_is_counted_for_each_user_over_all_pages(office: World) -> None:
    orders(7, office)
    first = inbox(office, "dealer_buyer", "D0001", sub="li")
    assert len(first.json["messages"]) == 4 and first.json["unread"] == 7
    second = inbox(office, "dealer_buyer", "D0001", sub="li", cursor=first.json["next_cursor"])
    assert len(second.json["messages"]) == 3 and second.json["next_cursor"] is None
    ids = [message["message_id"] for page in (first, second) for message in page.json["messages"]]
    assert len(set(ids)) == 7 and ids == sorted(ids, reverse=True), "newest first, none twice, none left out"
    for count, message_id in enumerate(ids[:3], 1):
        answer = read(office, message_id, "dealer_buyer", "D0001", sub="li")
        assert answer.status == 200 and answer.json == {"message_id": message_id, "unread": 7 - count}
    assert inbox(office, "dealer_buyer", "D0001", sub="li").json["unread"] == 4
    assert inbox(office, "dealer_admin", "D0001", sub="wang").json["unread"] == 7, "another user has read nothing"
    shown = inbox(office, "dealer_buyer", "D0001", sub="li").json["messages"]
    assert [message["read"] for message in shown] == [True] * 3 + [False]


def test_reading_twice_counts_once(office: World) -> None:
    orders(2, office)
    newest = inbox(office, "dealer_buyer", "D0001").json["messages"][0]["message_id"]
    read(office, newest, "dealer_buyer", "D0001")
    before = office.snapshot()
    answer = read(office, newest, "dealer_buyer", "D0001")
    assert answer.status == 200 and answer.json["unread"] == 1
    assert office.snapshot() == before


def test_reading_anothers_message_is_reading_none_and_changes_nothing(office: World) -> None:
    happen(office, OrderReserved(**ORDER, reserved=1, backordered=0))
    of_dealer = inbox(office, "dealer_buyer", "D0001").json["messages"][0]["message_id"]
    of_desk = inbox(office, "assistant").json["messages"][0]["message_id"]
    before = office.snapshot()
    attempts = [
        (of_dealer, "dealer_admin", "D0002"),
        (of_dealer, "assistant", None),
        (of_dealer, "admin", None),
        (of_desk, "dealer_buyer", "D0001"),
        (of_desk, "warehouse", None),
        (of_desk.replace("assistant", "warehouse"), "admin", None),
        (of_desk.replace("assistant", "dealer"), "assistant", None),
        (of_desk.replace("000123", "000124"), "assistant", None),
    ]
    for nonsense in ("x", "x" * 4_000, "%ED%A0%80", "1.2.3", "0000000000000.dealer.evt_%20", "COUNT", "%00", "a%0Ab"):
        attempts += [(nonsense, "dealer_buyer", "D0001"), (nonsense, "admin", None)]
    for message_id, role, dealer in attempts:
        answer = read(office, message_id, role, dealer)
        assert (answer.status, answer.json["code"]) == (404, "not-found"), (message_id, role)
    assert office.snapshot() == before


def test_a_buyer_sees_nothing_of_payments(office: World) -> None:
    happen(office, PaymentPosted(payment_id="r", dealer_id="D0001", amount_fen=123_450, received_on="2026-11-20"), "r")
    for role, count in (("dealer_admin", 1), ("dealer_accountant", 1), ("dealer_buyer", 0)):
        answer = inbox(office, role, "D0001")
        assert (len(answer.json["messages"]), answer.json["unread"]) == (count, count), role
    message_id = inbox(office, "dealer_admin", "D0001").json["messages"][0]["message_id"]
    assert read(office, message_id, "dealer_buyer", "D0001").status == 404
    assert read(office, message_id, "dealer_accountant", "D0001").json["unread"] == 0


def test_an_administrator_reads_all_desks_in_one_inbox(office: World) -> None:
    happen(office, OrderReserved(**ORDER, reserved=1, backordered=0), sequence=1)
    happen(office, OrderApproved(**ORDER), sequence=2)
    happen(office, progressed("registered"), "D0001-T00007")
    answer = inbox(office, "admin")
    assert [message["event_type"] for message in answer.json["messages"]] == [
        "ticket.progressed.v1",
        "order.approved.v1",
        "order.reserved.v1",
    ]
    assert answer.json["unread"] == 3
    assert read(office, answer.json["messages"][1]["message_id"], "admin").json["unread"] == 2


def test_pages_of_several_desks_together_leave_nothing_out(office: World) -> None:
    for number in range(4):
        order_id = f"D0001-{number:06d}"
        announce(OrderReserved(**ORDER | {"order_id": order_id}, reserved=1, backordered=0), order_id, 1)
        announce(OrderApproved(**ORDER | {"order_id": order_id}), order_id, 2)
    office.drain()
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = inbox(office, "admin", cursor=cursor).json
        seen += [message["message_id"] for message in page["messages"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 8 and seen == sorted(seen, reverse=True)


def test_a_cursor_is_good_for_its_user_only(office: World) -> None:
    orders(5, office)
    cursor = inbox(office, "dealer_buyer", "D0001", sub="li").json["next_cursor"]
    for claims in ({"sub": "wang"}, {"sub": "li", "dealer": "D0002"}):
        answer = inbox(office, "dealer_buyer", claims.get("dealer", "D0001"), cursor=cursor, sub=claims["sub"])
        assert (answer.status, answer.json["code"]) == (400, "bad-cursor")
    broken = cursor[:-2] + "AA"
    assert inbox(office, "dealer_buyer", "D0001", cursor=broken, sub="li").status == 400


def test_a_suspended_dealer_is_not_told_and_the_desks_are(office: World) -> None:
    suspend("D0001")
    happen(office, OrderReserved(**ORDER, reserved=1, backordered=0))
    happen(office, shipped(), sequence=2)
    assert office.items("INBOX#D0001") == [] and office.items("SMS#") == []
    assert inbox(office, "assistant").json["unread"] == 1


def test_an_unknown_dealer_is_not_told(office: World) -> None:
    happen(office, OrderSubmitted(**ORDER | {"dealer_id": "D0404"}))
    assert office.items("INBOX#D0404") == [] and office.items("SMS#") == []


def test_who_is_not_signed_in_sees_nothing(office: World) -> None:
    for path, method in (("/inbox", "GET"), ("/inbox/x/read", "POST"), ("/sms", "GET")):
        assert office.call("notifications", method, path).status == 401
    assert inbox(office, "dealer_buyer", "D0001", cursor="x" * 5_000).status == 422
    token = office.token(role="dealer_buyer", dealer_id="D0001")
    assert office.call("notifications", "GET", "/inbox", token=token, query={"dealer_id": "D0002"}).status == 422


def test_every_announcement_of_the_tests_was_really_carried(office: World) -> None:
    happen(office, shipped())
    items = [item for item in office.items("ORDERS#") if item["sk"].startswith("EVENT#")]
    assert items and all("gsi1pk" not in item for item in items), "the relay has sent them"
