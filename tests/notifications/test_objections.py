"""Tests of objections: a dealer objects once to an act on its money, goods or terms, and its owner answers once."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.orders import OrderCreditHoldPlaced, OrderPiecesMissing
from kernel.http.principal import Role
from kernel.messaging.events import Event
from services.notifications.inbox.rules import NOTIFICATION_RULES
from services.notifications.objections.rules import ACTS
from tests.notifications.fixtures import PHONES, publish, recorded_sms, suspend_dealer
from tests.notifications.sample_events import EVENTS, IN_REVIEW, order_shipped, terms_changed
from tests.support.gateway import Response
from tests.support.world import World

REASON, ANSWER = "货款上周已付", "已核实,额度今日恢复"
CREDIT_HOLD = OrderCreditHoldPlaced(**IN_REVIEW, released=90)
PIECES_MISSING = next(event for event in EVENTS if isinstance(event, OrderPiecesMissing))


def call(world: World, method: str, path: str, role: str, body: Any = None, **more: Any) -> Response:
    dealer = more.pop("dealer", "D0001") if role.startswith("dealer") else None
    token = world.token(role=role, dealer_id=dealer)
    return world.call("notifications", method, path, body=body, token=token, **more)


def object_to(world: World, event_id: str, role: str = "dealer_admin", key: str = "k-1", **more: Any) -> Response:
    return call(world, "POST", "/objections", role, {"event_id": event_id, "text": REASON}, key=key, **more)


def raise_objection(world: World, event: Event) -> str:
    """Publish an event, object to it and deliver all messages; return the id of the objection."""
    answer = object_to(world, publish(world, event).id)
    assert answer.status == 201, answer.json
    world.drain()
    return str(answer.json["objection_id"])


def answer_objection(world: World, objection_id: str, role: str, key: str = "a-1") -> Response:
    answer = call(world, "POST", f"/objections/{objection_id}/answer", role, {"answer": ANSWER}, key=key)
    world.drain()
    return answer


def titles(world: World, role: str) -> list[str]:
    return [message["title_zh"] for message in call(world, "GET", "/inbox", role).json["messages"]]


def listed(world: World, role: str, **query: str) -> list[str]:
    answer = call(world, "GET", "/objections", role, query=query)
    assert answer.status == 200, answer.json
    return [objection["objection_id"] for objection in answer.json["objections"]]


def test_objection_names_the_event_of_an_inbox_message(dealer_world: World) -> None:
    publish(dealer_world, CREDIT_HOLD)
    (message,) = call(dealer_world, "GET", "/inbox", "dealer_buyer").json["messages"]
    answer = object_to(dealer_world, message["event_id"], "dealer_buyer")
    assert answer.status == 201
    assert (answer.json["about"], answer.json["owner"], answer.json["state"]) == ("D0001-000123", "finance", "open")
    assert (answer.json["text"], answer.json["answer"]) == (REASON, None)


@pytest.mark.parametrize(
    ("event", "owner"),
    [(CREDIT_HOLD, "finance"), (PIECES_MISSING, "assistant"), (terms_changed({"grade": "A"}, {"grade": "B"}), "admin")],
    ids=["money", "goods", "terms"],
)
def test_objection_reaches_its_owner_only(dealer_world: World, event: Event, owner: str) -> None:
    objection_id = raise_objection(dealer_world, event)
    for role in ("finance", "assistant", "admin"):
        assert listed(dealer_world, role) == ([objection_id] if role == owner else [])
    assert any("提出异议" in title for title in titles(dealer_world, owner))
    for role in {"finance", "assistant", "admin"} - {owner}:
        assert answer_objection(dealer_world, objection_id, role).status == 403
    for role in {"finance", "assistant", "warehouse"} - {owner}:
        assert not any("提出异议" in title for title in titles(dealer_world, role))


def test_answer_reaches_the_dealer_once_by_message_and_text(dealer_world: World) -> None:
    objection_id = raise_objection(dealer_world, CREDIT_HOLD)
    answered = answer_objection(dealer_world, objection_id, "finance")
    assert (answered.status, answered.json["state"], answered.json["answer"]) == (200, "answered", ANSWER)
    dealer_world.redeliver_everything()
    (message, _) = call(dealer_world, "GET", "/inbox", "dealer_buyer").json["messages"]
    assert ANSWER in message["text_zh"] and "已有答复" in message["title_zh"]
    texts = [(phone, text) for phone, text in recorded_sms(dealer_world) if "异议" in text]
    assert [phone for phone, _ in texts] == [PHONES["boss"], PHONES["buyer"], PHONES["accountant"]]
    assert ANSWER not in texts[0][1]
    assert listed(dealer_world, "finance") == [], "an answered objection does not wait any more"
    assert listed(dealer_world, "dealer_buyer") == [objection_id]


def test_second_objection_to_an_event_is_refused_with_the_first(dealer_world: World) -> None:
    objection_id = raise_objection(dealer_world, CREDIT_HOLD)
    again = object_to(dealer_world, "evt_D0001-000123_1", key="k-2", role="dealer_buyer")
    assert (again.status, again.json["code"], again.json["objection_id"]) == (409, "already-raised", objection_id)
    repeated = object_to(dealer_world, "evt_D0001-000123_1")
    assert (repeated.status, repeated.json["objection_id"]) == (201, objection_id), "the same request is answered alike"
    assert listed(dealer_world, "dealer_admin") == [objection_id]


def test_second_answer_is_refused_and_changes_nothing(dealer_world: World) -> None:
    objection_id = raise_objection(dealer_world, CREDIT_HOLD)
    first = answer_objection(dealer_world, objection_id, "finance")
    before = dealer_world.snapshot()
    again = answer_objection(dealer_world, objection_id, "finance", key="a-2")
    assert (again.status, again.json["code"]) == (409, "already-answered")
    assert answer_objection(dealer_world, objection_id, "finance").text == first.text
    assert dealer_world.snapshot() == before


@pytest.mark.parametrize("event_id", ["evt_D0001-000999_1", "x", "evt_#", "evt_\u0000"])
def test_objection_to_an_unknown_event_is_refused(dealer_world: World, event_id: str) -> None:
    answer = object_to(dealer_world, event_id)
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "unknown-event")


def test_objection_to_an_event_of_another_dealer_looks_unknown(dealer_world: World) -> None:
    event_id = publish(dealer_world, CREDIT_HOLD).id
    foreign = object_to(dealer_world, event_id, dealer="D0002")
    assert (foreign.status, foreign.json["errors"][0]["code"]) == (422, "unknown-event")
    assert dealer_world.items("OBJECTION#") == []


def test_buyer_neither_objects_to_money_events_nor_sees_their_objections(dealer_world: World) -> None:
    event_id = publish(dealer_world, terms_changed({"payment_days": 30}, {"payment_days": 0})).id
    refused = object_to(dealer_world, event_id, "dealer_buyer")
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "unknown-event")
    objection_id = object_to(dealer_world, event_id, "dealer_accountant", key="k-2").json["objection_id"]
    assert listed(dealer_world, "dealer_buyer") == [] and listed(dealer_world, "dealer_accountant") == [objection_id]
    assert answer_objection(dealer_world, objection_id, "admin").status == 200
    assert not any("异议" in title for title in titles(dealer_world, "dealer_buyer"))
    assert any("异议" in title for title in titles(dealer_world, "dealer_accountant"))
    assert PHONES["buyer"] not in [phone for phone, text in recorded_sms(dealer_world) if "异议" in text]


def test_objection_to_another_kind_of_event_is_refused_with_the_possible_ones(dealer_world: World) -> None:
    answer = object_to(dealer_world, publish(dealer_world, order_shipped()).id)
    (problem,) = answer.json["errors"]
    assert (answer.status, problem["code"]) == (422, "no-objection-possible")
    assert all(act.name_zh in problem["detail"] and act.name_en in problem["detail"] for act in ACTS.values())


def test_suspended_dealer_gets_the_answer_too(dealer_world: World) -> None:
    objection_id = raise_objection(dealer_world, CREDIT_HOLD)
    suspend_dealer("D0001")
    answer_objection(dealer_world, objection_id, "finance")
    assert any("已有答复" in title for title in titles(dealer_world, "dealer_buyer"))


def test_open_objections_are_listed_oldest_first_in_pages(dealer_world: World) -> None:
    ids = []
    for number in range(3):
        order = IN_REVIEW | {"order_id": f"D0001-{number:06d}"}
        event_id = publish(dealer_world, OrderCreditHoldPlaced(**order), subject=f"D0001-{number:06d}").id
        ids.append(object_to(dealer_world, event_id, key=f"k-{number}").json["objection_id"])
        dealer_world.clock.advance(minutes=1)
    assert listed(dealer_world, "finance") == ids and listed(dealer_world, "dealer_admin") == ids[::-1]
    assert listed(dealer_world, "assistant", owner="finance") == ids
    first = call(dealer_world, "GET", "/objections", "finance", query={"limit": "2"}).json
    rest = listed(dealer_world, "finance", limit="2", cursor=first["next_cursor"])
    assert [objection["objection_id"] for objection in first["objections"]] + rest == ids


def test_dealer_may_not_name_an_owner(dealer_world: World) -> None:
    answer = call(dealer_world, "GET", "/objections", "dealer_admin", query={"owner": "finance"})
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "staff-only")


def test_dealer_is_notified_of_every_act_that_admits_an_objection() -> None:
    notified = {
        event.TYPE for event, rules in NOTIFICATION_RULES.items() if any(r.mailbox.belongs_to_dealer for r in rules)
    }
    assert notified >= ACTS.keys()
    assert {act.owner for act in ACTS.values()} == {Role.FINANCE, Role.ASSISTANT, Role.ADMIN}
