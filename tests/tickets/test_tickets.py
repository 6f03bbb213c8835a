"""Tickets from registration to rating, on the in-process world."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.dynamodb.types import Binary

from kernel.time import clock
from services.tickets import announce_overdue, register_ticket, take_step
from services.tickets.items import TicketItem
from services.tickets.vocabulary import State
from tests.shop import open_shop, sku
from tests.world import Response, World

#: A Monday, ten in the morning in Shanghai.
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CANARY = "内部-7f3a-勿外传"
PHONE = "+8613812345678"


def request(**more: Any) -> dict[str, Any]:
    return {
        "kind": "repair",
        "sku": sku(1),
        "serial": "SN-0001",
        "title": "灯带不亮",
        "description": "安装两周后整条不亮,已换电源。",
        "contact": {"name": "陈工", "phone": PHONE},
        "site_address": "广州市天河区体育西路 1 号",
        **more,
    }


class Desk:
    """Who does what, in the words of the trade."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = MONDAY
        self.keys = 0

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def post(self, path: str, body: Any, *, role: str, dealer: str | None = None, key: str | None = None) -> Response:
        self.keys += 1
        token = self.world.token(role=role, dealer_id=dealer)
        return self.world.call("tickets", "POST", path, body=body, token=token, key=key or f"key-{self.keys}")

    def get(self, path: str, *, role: str = "aftersales", dealer: str | None = None) -> Response:
        token = self.world.token(role=role, dealer_id=dealer)
        return self.world.call("tickets", "GET", path, token=token)

    def register(self, *, dealer: str = "D0001", key: str | None = None, **more: Any) -> Response:
        return self.post("/tickets", request(**more), role="dealer_buyer", dealer=dealer, key=key)

    def registered(self, *, dealer: str = "D0001", **more: Any) -> str:
        answer = self.register(dealer=dealer, **more)
        assert answer.status == 201, answer.json
        ticket_id: str = answer.json["ticket_id"]
        return ticket_id

    def act(self, ticket_id: str, action: str, body: Any = None, *, role: str = "aftersales", **who: Any) -> Response:
        given = BODIES[action] if body is None else body
        return self.post(f"/tickets/{ticket_id}/{action}", given, role=role, **who)

    def reply(self, ticket_id: str, action: str, body: Any = None, *, dealer: str = "D0001", **more: Any) -> Response:
        return self.act(ticket_id, action, body, role="dealer_buyer", dealer=dealer, **more)

    def walk(self, ticket_id: str, *actions: str) -> None:
        for action in actions:
            take = self.reply if action in ("answer", "reopen", "rating") else self.act
            answer = take(ticket_id, action)
            assert answer.status == 200, (action, answer.json)

    def show(self, ticket_id: str, *, role: str = "aftersales", dealer: str | None = None) -> Any:
        answer = self.get(f"/tickets/{ticket_id}", role="dealer_buyer" if dealer else role, dealer=dealer)
        assert answer.status == 200, answer.json
        return answer.json


BODIES: dict[str, dict[str, Any]] = {
    "accept": {},
    "review": {},
    "dispatch": {"assignee": "张工"},
    "complete": {"result": "已更换灯带"},
    "reject": {"reason": "人为损坏,不在保修范围"},
    "ask": {"question": "请提供电源型号"},
    "answer": {"answer": "明纬 LRS-100-24"},
    "reopen": {"reason": "又不亮了"},
    "rating": {"score": 5},
}


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    open_shop()
    desk = Desk(world)
    # The world's own clock never stands still; here a minute more or less is what is tested.
    clock.set_clock(lambda: desk.now)
    yield desk
    clock.set_clock(None)


def items_holding(world: World, text: str) -> set[tuple[str, str]]:
    """Where in the whole table a text is kept: first words of the keys. Looks into what is compressed, too."""
    return {
        (item["pk"].split("#")[0], item["sk"].split("#")[0])
        for item in world.items()
        if any(text in _readable(value) for value in item.values())
    }


def _readable(value: Any) -> str:
    return zlib.decompress(bytes(value)).decode() if isinstance(value, Binary) else str(value)


# ---- the way of a ticket ----


def test_a_dealer_watches_its_request_from_registration_to_rating(desk: Desk) -> None:
    ticket_id = desk.registered(order_id="D0001-000007", lot="B2026-11")
    assert ticket_id == "T-D0001-00001"
    desk.later(minutes=20)
    accept = {"note": "今天内审核", "expected_at": "2026-11-23T18:00:00+08:00"}
    assert desk.act(ticket_id, "accept", accept, role="assistant").status == 200
    desk.later(minutes=20)
    desk.walk(ticket_id, "ask")
    desk.later(days=1)
    desk.walk(ticket_id, "answer")
    desk.later(minutes=20)
    desk.walk(ticket_id, "review")
    visit = {"assignee": "张工", "visit_at": "2026-11-25T09:30:00+08:00", "parts": [{"sku": sku(2), "quantity": 2}]}
    assert desk.act(ticket_id, "dispatch", visit).status == 200
    desk.later(days=1)
    cost = {"brand_fen": 12_000, "dealer_fen": 0, "customer_fen": 3_000}
    assert desk.act(ticket_id, "complete", {"result": "已更换", "cost": cost}).status == 200
    assert desk.reply(ticket_id, "rating", {"score": 4, "comment": "很快"}).status == 200

    seen = desk.show(ticket_id, dealer="D0001")
    assert [(entry["step"], entry["state"]) for entry in seen["timeline"]] == [
        ("registered", "registered"),
        ("accepted", "accepted"),
        ("asked", "need_info"),
        ("answered", "accepted"),
        ("reviewed", "reviewed"),
        ("dispatched", "dispatched"),
        ("completed", "completed"),
        ("rated", "completed"),
    ]
    accepted, dispatched, completed, rated = (seen["timeline"][step] for step in (1, 5, 6, 7))
    assert (accepted["note"], accepted["expected_at"]) == ("今天内审核", "2026-11-23T10:00:00.000Z")
    assert accepted["label"] == "已受理 / accepted" and accepted["by"]
    assert (dispatched["assignee"], dispatched["expected_at"]) == ("张工", "2026-11-25T01:30:00.000Z")
    assert dispatched["parts"] == [{"sku": sku(2), "quantity": 2}]
    assert (completed["note"], completed["cost"]) == ("已更换", cost)
    assert (rated["note"], rated["rating"]) == ("很快", 4)
    assert (seen["state"], seen["rating"], seen["assignee"], seen["version"]) == ("completed", 4, "张工", 8)
    assert (seen["order_id"], seen["serial"], seen["lot"]) == ("D0001-000007", "SN-0001", "B2026-11")
    assert seen["contact"] == {"name": "陈工", "phone": PHONE}
    assert seen["product_name_zh"] and seen["product_name_en"]

    told = desk.world.drain().delivered
    assert told["notifications.notify"] == len(seen["timeline"])
    before = desk.world.snapshot()
    desk.world.redeliver_everything()
    assert desk.world.snapshot() == before


def test_order_numbers_count_per_dealer_without_a_gap(desk: Desk) -> None:
    assert desk.register(sku="NO-SUCH").status == 422
    numbers = [desk.registered(dealer=dealer) for dealer in ("D0001", "D0002", "D0001")]
    assert numbers == ["T-D0001-00001", "T-D0002-00001", "T-D0001-00002"]


def test_every_step_is_told_once_and_in_order(desk: Desk) -> None:
    ticket_id = desk.registered()
    desk.walk(ticket_id, "accept", "review", "dispatch", "complete", "reopen")
    told = [item for item in desk.world.items("TICKETS#") if item["sk"].startswith(f"EVENT#{ticket_id}#")]
    assert [item["sk"][-6:] for item in told] == [f"{number:06d}" for number in range(1, 7)]
    assert all('"dealerid":"D0001"' in item["body"] for item in told)


def test_a_rejected_ticket_is_reopened_and_taken_up_again(desk: Desk) -> None:
    ticket_id = desk.registered()
    desk.walk(ticket_id, "reject", "reopen", "accept", "review", "dispatch", "complete")
    seen = desk.show(ticket_id, dealer="D0001")
    assert seen["state"] == "completed"
    assert seen["timeline"][1]["note"] == BODIES["reject"]["reason"]


def test_reopening_too_late_is_refused_and_changes_nothing(desk: Desk) -> None:
    ticket_id = desk.registered()
    desk.walk(ticket_id, "reject")
    before = desk.world.snapshot()
    desk.later(days=16)
    refused = desk.reply(ticket_id, "reopen")
    assert (refused.status, refused.json["code"]) == (409, "reopen-window-closed")
    assert desk.world.snapshot() == before


# ---- wrong turns ----


def test_steps_out_of_order_are_refused_and_write_nothing(desk: Desk) -> None:
    ticket_id = desk.registered()
    before = desk.world.snapshot()
    for action in ("review", "dispatch", "complete"):
        refused = desk.act(ticket_id, action)
        assert (refused.status, refused.json["code"], refused.json["state"]) == (409, "wrong-state", "registered")
    for action in ("answer", "reopen", "rating"):
        assert desk.reply(ticket_id, action).status == 409
    assert desk.world.snapshot() == before


def test_roles_that_may_not_are_refused_and_write_nothing(desk: Desk) -> None:
    ticket_id = desk.registered()
    desk.walk(ticket_id, "accept")
    before = desk.world.snapshot()
    assert desk.act(ticket_id, "review", role="assistant").status == 403  # the route does not let her in
    assert desk.act(ticket_id, "reject", role="assistant").status == 403  # the route does, the state does not
    assert desk.act(ticket_id, "review", role="finance").status == 403
    assert desk.act(ticket_id, "review", role="dealer_admin", dealer="D0001").status == 403
    assert desk.reply(ticket_id, "answer", dealer="D0001").status == 409
    accountant = desk.post("/tickets", request(), role="dealer_accountant", dealer="D0001")
    assert accountant.status == 403
    assert desk.world.snapshot() == before


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("sku", {"sku": "NO-SUCH"}),
        ("order_id", {"order_id": "D0002-000001"}),
        ("order_id", {"order_id": "7"}),
        ("kind", {"kind": "wish"}),
        ("title", {"title": "   "}),
        ("description", {"description": ""}),
        ("contact.phone", {"contact": {"name": "陈工", "phone": "020-8888888"}}),
        ("serial", {"serial": "SN 1; DROP"}),
        ("urgent", {"urgent": "yes"}),
        ("dealer_id", {"dealer_id": "D0002"}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_registered(desk: Desk, field: str, wrong: dict[str, Any]) -> None:
    before = desk.world.snapshot()
    refused = desk.register(**wrong)
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == [field]
    assert PHONE not in str(refused.json) and "020-8888888" not in str(refused.json)
    assert desk.world.snapshot() == before


def test_all_that_is_wrong_with_product_and_order_is_told_at_once(desk: Desk) -> None:
    refused = desk.register(sku="NO-SUCH", order_id="D0002-000001")
    assert [problem["code"] for problem in refused.json["errors"]] == ["unknown-sku", "unknown-order"]


def test_a_dispatch_with_unknown_parts_or_in_the_past_is_refused_and_changes_nothing(desk: Desk) -> None:
    ticket_id = desk.registered()
    desk.walk(ticket_id, "accept", "review")
    before = desk.world.snapshot()
    parts = [{"sku": sku(1), "quantity": 1}, {"sku": "NO-SUCH", "quantity": 1}]
    refused = desk.act(ticket_id, "dispatch", {"assignee": "张工", "parts": parts, "visit_at": "2026-11-20T09:00:00Z"})
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == ["visit_at", "parts.1.sku"]
    far = {"assignee": "张工", "visit_at": "9999-12-31T23:59:59-12:00"}
    assert desk.act(ticket_id, "dispatch", far).status == 422
    assert desk.world.snapshot() == before


@pytest.mark.parametrize("score", [0, 6, "5", True, 4.5, None])
def test_a_rating_is_one_to_five(desk: Desk, score: Any) -> None:
    ticket_id = desk.registered()
    desk.walk(ticket_id, "accept", "review", "dispatch", "complete")
    assert desk.reply(ticket_id, "rating", {"score": score}).status == 422
    assert desk.show(ticket_id)["rating"] is None


# ---- once ----


def test_every_request_sent_again_answers_the_same_and_changes_nothing(desk: Desk) -> None:
    first = desk.register(key="r")
    ticket_id = first.json["ticket_id"]
    steps = ["accept", "ask", "answer", "review", "dispatch", "complete", "rating", "reopen"]

    def send(action: str) -> Response:
        take = desk.reply if action in ("answer", "reopen", "rating") else desk.act
        return take(ticket_id, action, key=f"k-{action}")

    answers = [send(action) for action in steps]
    assert [answer.status for answer in answers] == [200] * len(steps)
    before = desk.world.snapshot()
    desk.later(days=40)  # a promise made then lies in the past now, and the window for reopening is over
    assert desk.register(key="r").json == first.json
    assert [send(action).json for action in steps] == [answer.json for answer in answers]
    assert desk.world.snapshot() == before


def test_a_dispatch_repeated_after_the_visit_answers_as_the_first_time(desk: Desk) -> None:
    ticket_id = desk.registered()
    desk.walk(ticket_id, "accept", "review")
    visit = {"assignee": "张工", "visit_at": "2026-11-23T16:00:00+08:00"}
    first = desk.act(ticket_id, "dispatch", visit, key="d")
    desk.later(days=1)
    assert desk.act(ticket_id, "dispatch", visit, key="d").json == first.json


def test_a_key_used_again_for_another_act_is_refused(desk: Desk) -> None:
    ticket_id = desk.registered()
    assert desk.act(ticket_id, "accept", {"note": "甲"}, key="k").status == 200
    reused = desk.act(ticket_id, "accept", {"note": "乙"}, key="k")
    assert (reused.status, reused.json["code"]) == (422, "idempotency-key-reused")


def test_of_two_people_acting_at_once_one_wins_and_the_other_is_told(desk: Desk, monkeypatch: Any) -> None:
    ticket_id = desk.registered()
    read, rivals = take_step.load_ticket, iter(["reject"])

    def read_then_be_overtaken(*given: Any) -> TicketItem:
        ticket = read(*given)
        for rival in rivals:
            assert desk.act(ticket_id, rival).status == 200
        return ticket

    monkeypatch.setattr(take_step, "load_ticket", read_then_be_overtaken)
    lost = desk.act(ticket_id, "accept")
    assert (lost.status, lost.json["code"], lost.json["state"]) == (409, "wrong-state", "rejected")
    assert [entry["step"] for entry in desk.show(ticket_id)["timeline"]] == ["registered", "rejected"]


def test_two_registrations_at_once_get_two_numbers(desk: Desk, monkeypatch: Any) -> None:
    read, rivals = register_ticket.fetch_one, iter(["rival"])

    def read_then_be_overtaken(*given: Any) -> Any:
        found = read(*given)
        for _ in rivals:
            assert desk.registered() == "T-D0001-00001"
        return found

    monkeypatch.setattr(register_ticket, "fetch_one", read_then_be_overtaken)
    assert desk.registered() == "T-D0001-00002"


# ---- who sees what ----


def test_another_dealers_ticket_is_as_absent_as_one_that_never_was(desk: Desk) -> None:
    ticket_id = desk.registered(dealer="D0001")
    desk.registered(dealer="D0002")  # so that the same number exists at home, too
    before = desk.world.snapshot()

    def answers(asked: str) -> list[tuple[int, Any]]:
        got = [desk.get(f"/tickets/{asked}", role="dealer_admin", dealer="D0002")]
        got += [desk.reply(asked, action, dealer="D0002") for action in ("answer", "reopen", "rating")]
        return [(answer.status, answer.json) for answer in got]

    assert answers(ticket_id) == answers("T-D0001-00099") == answers("T-D0003-00001") == answers("nonsense")
    assert {status for status, _ in answers(ticket_id)} == {404}
    assert desk.act("T-D0009-00001", "accept").status == 404
    assert desk.world.snapshot() == before


def test_what_staff_note_among_themselves_reaches_no_dealer(desk: Desk) -> None:
    ticket_id = desk.registered()
    secret = {"internal_note": CANARY}
    for action in ("accept", "ask", "review", "dispatch", "complete"):
        if action == "review":
            desk.walk(ticket_id, "answer")
        step = desk.act(ticket_id, action, BODIES[action] | secret)
        assert step.status == 200 and CANARY not in str(step.json)
    assert [note["text"] for note in desk.show(ticket_id)["internal_notes"]] == [CANARY] * 5
    desk.world.drain()

    for path in ("/tickets", f"/tickets/{ticket_id}"):
        for role in ("dealer_admin", "dealer_buyer", "dealer_accountant"):
            assert CANARY not in desk.get(path, role=role, dealer="D0001").text
    # Neither in what is sent around, nor in what is kept to answer again: only in the notes themselves.
    assert items_holding(desk.world, CANARY) == {("TICKETS", "NOTE")}
    assert not any(CANARY in delivery.record["body"] for delivery in desk.world.delivered)


def test_the_contacts_phone_is_shown_to_those_who_call_and_kept_nowhere_else(desk: Desk) -> None:
    ticket_id = desk.registered()
    desk.walk(ticket_id, "accept")
    desk.world.drain()
    assert desk.show(ticket_id, role="aftersales")["contact"]["phone"] == PHONE
    assert desk.show(ticket_id, dealer="D0001")["contact"]["phone"] == PHONE
    for role in ("assistant", "finance", "warehouse", "admin"):
        assert desk.show(ticket_id, role=role)["contact"]["phone"] == "+86138****5678"
    assert items_holding(desk.world, PHONE) == {("TICKETS", "REQUEST")}
    assert not any(PHONE in delivery.record["body"] for delivery in desk.world.delivered)


def test_neither_phone_nor_note_is_logged(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    ticket_id = desk.registered()
    desk.act(ticket_id, "accept", {"internal_note": CANARY, "wrong": PHONE})
    desk.act(ticket_id, "accept", {"internal_note": CANARY})
    desk.act(ticket_id, "accept", {"internal_note": CANARY})
    desk.world.drain()
    captured = capfd.readouterr()
    assert PHONE not in captured.out + captured.err and CANARY not in captured.out + captured.err


def test_a_ticket_says_what_the_caller_can_do_now(desk: Desk) -> None:
    ticket_id = desk.registered()
    assert desk.show(ticket_id, role="aftersales")["actions"] == ["accept", "reject", "ask"]
    assert desk.show(ticket_id, role="finance")["actions"] == []
    assert desk.show(ticket_id, dealer="D0001")["actions"] == []
    desk.walk(ticket_id, "ask")
    assert desk.show(ticket_id, dealer="D0001")["actions"] == ["answer"]


# ---- lists ----


def test_the_queue_shows_urgent_tickets_first_then_the_oldest(desk: Desk) -> None:
    normal = []
    for dealer in ("D0002", "D0001"):
        normal.append(desk.registered(dealer=dealer))
        desk.later(minutes=1)
    urgent = desk.registered(dealer="D0002", urgent=True)
    queue = [ticket["ticket_id"] for ticket in desk.get("/tickets").json["tickets"]]
    assert queue == [urgent, *normal]
    desk.walk(normal[0], "accept")
    assert [ticket["ticket_id"] for ticket in desk.get("/tickets?state=registered").json["tickets"]] == [
        urgent,
        normal[1],
    ]
    assert [ticket["ticket_id"] for ticket in desk.get("/tickets?state=accepted").json["tickets"]] == [normal[0]]
    desk.walk(normal[0], "reject")
    for state in ("registered", "accepted", "reviewed", "dispatched", "need_info", "reopened"):
        waiting = desk.get(f"/tickets?state={state}").json["tickets"]
        assert normal[0] not in [ticket["ticket_id"] for ticket in waiting]


def test_a_dealer_pages_through_its_own_tickets_newest_first(desk: Desk) -> None:
    for _ in range(3):
        desk.registered(dealer="D0001")
    desk.registered(dealer="D0002")
    first = desk.get("/tickets?limit=2", role="dealer_buyer", dealer="D0001").json
    assert [ticket["ticket_id"] for ticket in first["tickets"]] == ["T-D0001-00003", "T-D0001-00002"]
    on = f"/tickets?limit=2&cursor={first['next_cursor']}"
    second = desk.get(on, role="dealer_buyer", dealer="D0001").json
    assert [ticket["ticket_id"] for ticket in second["tickets"]] == ["T-D0001-00001"]
    assert desk.get(on, role="dealer_buyer", dealer="D0002").json["code"] == "bad-cursor"
    of_dealer = desk.get("/tickets?dealer_id=D0002", role="assistant").json
    assert [ticket["ticket_id"] for ticket in of_dealer["tickets"]] == ["T-D0002-00001"]


def test_a_cursor_is_good_for_its_own_queue_and_reader_only(desk: Desk) -> None:
    for _ in range(2):
        desk.registered()
    cursor = desk.get("/tickets?limit=1", role="assistant").json["next_cursor"]
    on = f"/tickets?limit=1&cursor={cursor}"
    assert [ticket["ticket_id"] for ticket in desk.get(on, role="assistant").json["tickets"]] == ["T-D0001-00002"]
    for path, role in [
        (on, "aftersales"),
        (f"{on}&state=accepted", "assistant"),
        (f"{on}&dealer_id=D0001", "assistant"),
    ]:
        refused = desk.get(path, role=role)
        assert (refused.status, refused.json["code"]) == (400, "bad-cursor")


@pytest.mark.parametrize(
    ("filters", "role", "dealer", "field"),
    [
        ("state=registered", "dealer_buyer", "D0001", "state"),
        ("dealer_id=D0002", "dealer_buyer", "D0001", "dealer_id"),
        ("state=completed", "assistant", None, "state"),
        ("state=accepted&dealer_id=D0001", "assistant", None, "state"),
        ("limit=0", "assistant", None, "limit"),
        ("colour=red", "assistant", None, "colour"),
    ],
)
def test_a_filter_that_does_not_fit_is_named(desk: Desk, filters: str, role: str, dealer: str, field: str) -> None:
    refused = desk.get(f"/tickets?{filters}", role=role, dealer=dealer)
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == [field]


# ---- the clock ----


def test_the_clock_is_shown_and_stands_while_the_dealer_is_asked(desk: Desk) -> None:
    ticket_id = desk.registered(urgent=True)  # ten on a Monday
    desk.later(hours=1)
    shown = desk.show(ticket_id)
    assert (shown["elapsed_business_minutes"], shown["allowed_business_minutes"]) == (60, 450)
    assert shown["due_at"] == "2026-11-24T02:00:00.000Z"
    desk.walk(ticket_id, "ask")
    desk.later(days=2)
    shown = desk.show(ticket_id)
    assert (shown["elapsed_business_minutes"], shown["due_at"], shown["overdue"]) == (60, None, False)
    desk.walk(ticket_id, "answer")
    shown = desk.show(ticket_id)
    assert shown["due_at"] == "2026-11-26T02:00:00.000Z"
    assert shown["first_response_at"] == "2026-11-23T03:00:00.000Z"


def test_what_the_ticket_carries_is_what_its_history_says(desk: Desk) -> None:
    """`due_at` is written at each step, `elapsed` read from the history: both at the same pace."""
    ticket_id = desk.registered(urgent=True)
    for action in ("accept", "ask", "answer", "review", "dispatch"):
        desk.later(minutes=35)
        desk.walk(ticket_id, action)
    shown = desk.show(ticket_id)
    desk.now = datetime.fromisoformat(shown["due_at"])
    assert desk.show(ticket_id)["elapsed_business_minutes"] == 450


def test_an_overdue_ticket_is_announced_once(desk: Desk) -> None:
    late = desk.registered(urgent=True)
    normal = desk.registered()
    desk.later(days=1, minutes=-1)
    desk.world.periodic("tickets", "watch_clocks")
    assert not desk.show(late)["overdue"] and desk.show(late)["version"] == 1
    desk.later(minutes=2)
    for _ in range(3):
        desk.world.periodic("tickets", "watch_clocks")
    shown = desk.show(late, dealer="D0001")
    assert [entry["step"] for entry in shown["timeline"]] == ["registered", "overdue"]
    assert shown["timeline"][1]["label"] == "已超时 / overdue"
    assert shown["overdue"]
    assert desk.show(normal)["version"] == 1
    desk.walk(late, "accept")
    desk.later(days=9)
    desk.world.periodic("tickets", "watch_clocks")
    assert [entry["step"] for entry in desk.show(late)["timeline"]] == ["registered", "overdue", "accepted"]
    assert [entry["step"] for entry in desk.show(normal)["timeline"]] == ["registered", "overdue"]


def test_a_ticket_finished_or_waiting_for_the_dealer_is_not_overdue(desk: Desk) -> None:
    asked, finished = desk.registered(urgent=True), desk.registered(urgent=True)
    desk.walk(asked, "ask")
    desk.walk(finished, "reject")
    desk.later(days=30)
    before = desk.world.snapshot()
    desk.world.periodic("tickets", "watch_clocks")
    assert desk.world.snapshot() == before


def test_a_step_taken_while_a_ticket_is_found_overdue_is_not_lost(desk: Desk, monkeypatch: Any) -> None:
    ticket_id = desk.registered(urgent=True)
    desk.later(days=3)
    stale = list(announce_overdue.waiting_tickets(State.REGISTERED))
    desk.walk(ticket_id, "accept")
    monkeypatch.setattr(announce_overdue, "waiting_tickets", lambda state: iter(stale if state == "registered" else []))
    desk.world.periodic("tickets", "watch_clocks")
    assert [entry["step"] for entry in desk.show(ticket_id)["timeline"]] == ["registered", "accepted"]
    monkeypatch.undo()
    desk.world.periodic("tickets", "watch_clocks")
    assert [entry["step"] for entry in desk.show(ticket_id)["timeline"]] == ["registered", "accepted", "overdue"]
