"""Steps of a ticket, and refused steps."""

from __future__ import annotations

from typing import Any

import pytest

from services.tickets.vocabulary import WAITING
from tests.support.fixtures import sku
from tests.tickets.fixtures import BODIES, PHONE, TicketsClient, store_order, ticket_request


def test_ticket_shows_every_step_from_registration_to_rating(client: TicketsClient) -> None:
    store_order("D0001-000007", sku(1))
    ticket_id = client.new_ticket(order_id="D0001-000007", lot="B2026-11")
    assert ticket_id == "T-D0001-00001"
    client.advance(minutes=20)
    accept = {"note": "今天内审核", "expected_at": "2026-11-23T18:00:00+08:00"}
    assert client.act(ticket_id, "accept", accept, role="assistant").status == 200
    client.advance(minutes=20)
    client.take_steps(ticket_id, "ask")
    client.advance(days=1)
    client.take_steps(ticket_id, "answer")
    client.advance(minutes=20)
    client.take_steps(ticket_id, "review")
    visit = {"assignee": "张工", "visit_at": "2026-11-25T09:30:00+08:00", "parts": [{"sku": sku(2), "quantity": 2}]}
    assert client.act(ticket_id, "dispatch", visit).status == 200
    client.advance(days=1)
    cost = {"brand_fen": 12_000, "dealer_fen": 0, "customer_fen": 3_000}
    assert client.act(ticket_id, "complete", {"result": "已更换", "cost": cost}).status == 200
    assert client.act_as_dealer(ticket_id, "rating", {"score": 4, "comment": "很快"}).status == 200

    shown = client.show(ticket_id, dealer="D0001")
    assert [(entry["step"], entry["state"]) for entry in shown["timeline"]] == [
        ("registered", "registered"),
        ("accepted", "accepted"),
        ("asked", "need_info"),
        ("answered", "accepted"),
        ("reviewed", "reviewed"),
        ("dispatched", "dispatched"),
        ("completed", "completed"),
        ("rated", "completed"),
    ]
    accepted, dispatched, completed, rated = (shown["timeline"][step] for step in (1, 5, 6, 7))
    assert (accepted["note"], accepted["expected_at"]) == ("今天内审核", "2026-11-23T10:00:00.000Z")
    assert (accepted["label_zh"], accepted["label_en"]) == ("已受理", "accepted") and accepted["by"]
    assert (dispatched["assignee"], dispatched["expected_at"]) == ("张工", "2026-11-25T01:30:00.000Z")
    assert dispatched["parts"] == [{"sku": sku(2), "name_zh": "LED球泡 2W", "quantity": 2}]
    assert (completed["note"], completed["cost"]) == ("已更换", cost)
    assert (rated["note"], rated["rating"]) == ("很快", 4)
    assert (shown["state"], shown["rating"], shown["assignee"], shown["version"]) == ("completed", 4, "张工", 8)
    assert (shown["order_id"], shown["serial"], shown["lot"]) == ("D0001-000007", "SN-0001", "B2026-11")
    assert shown["contact"] == {"name": "陈工", "phone": PHONE}
    assert shown["product_name_zh"] and shown["product_name_en"]

    delivered = client.world.drain().delivered
    assert delivered["notifications.notify"] == len(shown["timeline"])
    before = client.world.snapshot()
    client.world.redeliver_everything()
    assert client.world.snapshot() == before


def test_ticket_numbers_count_per_dealer_without_a_gap(client: TicketsClient) -> None:
    assert client.register(sku="NO-SUCH").status == 422
    numbers = [client.new_ticket(dealer=dealer) for dealer in ("D0001", "D0002", "D0001")]
    assert numbers == ["T-D0001-00001", "T-D0002-00001", "T-D0001-00002"]


def test_each_step_is_published_once_and_in_order(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "accept", "review", "dispatch", "complete", "reopen")
    events = [item for item in client.world.items("TICKETS#") if item["sk"].startswith(f"EVENT#{ticket_id}#")]
    assert [item["sk"][-6:] for item in events] == [f"{number:06d}" for number in range(1, 7)]
    assert all('"dealerid":"D0001"' in item["body"] for item in events)


def test_rejected_ticket_is_reopened_and_completed(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "reject", "reopen", "accept", "review", "dispatch", "complete")
    shown = client.show(ticket_id, dealer="D0001")
    assert shown["state"] == "completed"
    assert shown["timeline"][1]["note"] == BODIES["reject"]["reason"]


def test_reassigned_ticket_names_the_new_technician_in_its_timeline(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "accept", "review", "dispatch", "reassign")
    shown = client.show(ticket_id, dealer="D0001")
    assert (shown["state"], shown["assignee"]) == ("dispatched", "李工")
    assert [(entry["step"], entry["assignee"]) for entry in shown["timeline"][-2:]] == [
        ("dispatched", "张工"),
        ("reassigned", "李工"),
    ]
    refused = client.act(ticket_id, "reassign", {"assignee": "张工", "visit_at": "2026-11-20T09:00:00Z"})
    assert [problem["field"] for problem in refused.json["errors"]] == ["visit_at"]


def test_withdrawn_ticket_leaves_every_queue_and_can_be_reopened(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "accept", "review", "dispatch", "withdraw")
    shown = client.show(ticket_id)
    assert (shown["state"], shown["due_at"], shown["actions"]) == ("withdrawn", None, [])
    for state in WAITING:
        assert client.get(f"/tickets?state={state}").json["tickets"] == []
    client.take_steps(ticket_id, "reopen", "accept")
    assert client.show(ticket_id, dealer="D0001")["actions"] == ["withdraw"]


def test_late_reopening_is_refused_and_changes_nothing(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "reject")
    before = client.world.snapshot()
    client.advance(days=16)
    refused = client.act_as_dealer(ticket_id, "reopen")
    assert (refused.status, refused.json["code"]) == (409, "reopen-window-closed")
    assert client.world.snapshot() == before


def test_action_is_refused_in_a_wrong_state(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    before = client.world.snapshot()
    for action in ("review", "dispatch", "complete"):
        refused = client.act(ticket_id, action)
        assert (refused.status, refused.json["code"], refused.json["state"]) == (409, "wrong-state", "registered")
    for action in ("answer", "reopen", "rating"):
        assert client.act_as_dealer(ticket_id, action).status == 409
    assert client.world.snapshot() == before


def test_action_is_refused_for_a_wrong_role(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "accept")
    before = client.world.snapshot()
    assert client.act(ticket_id, "review", role="assistant").status == 403  # the route does not admit the role
    assert (
        client.act(ticket_id, "reject", role="assistant").status == 403
    )  # the route admits the role, the state does not
    assert client.act(ticket_id, "review", role="finance").status == 403
    assert client.act(ticket_id, "review", role="dealer_admin", dealer="D0001").status == 403
    assert client.act_as_dealer(ticket_id, "answer", dealer="D0001").status == 409
    accountant = client.post("/tickets", ticket_request(), role="dealer_accountant", dealer="D0001")
    assert accountant.status == 403
    assert client.world.snapshot() == before


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("sku", {"sku": "NO-SUCH"}),
        ("order_id", {"order_id": "D0002-000001"}),
        ("order_id", {"order_id": "7"}),
        ("order_id", {"order_id": "D0001-000008"}),
        ("kind", {"kind": "wish"}),
        ("title", {"title": "   "}),
        ("description", {"description": ""}),
        ("contact.phone", {"contact": {"name": "陈工", "phone": "020-8888888"}}),
        ("serial", {"serial": "SN 1; DROP"}),
        ("urgent", {"urgent": "yes"}),
        ("dealer_id", {"dealer_id": "D0002"}),
    ],
)
def test_registration_names_the_wrong_field_and_writes_nothing(
    client: TicketsClient, field: str, wrong: dict[str, Any]
) -> None:
    before = client.world.snapshot()
    refused = client.register(**wrong)
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == [field]
    assert PHONE not in str(refused.json) and "020-8888888" not in str(refused.json)
    assert client.world.snapshot() == before


@pytest.mark.parametrize("written", ["L00001", "l00001", "Ｌ００００１"])
def test_ticket_about_an_order_names_a_product_of_the_order(client: TicketsClient, written: str) -> None:
    store_order("D0001-000007", sku(2), sku(3), sku(2))
    store_order("D0001-000009", sku(2), sku(1))
    before = client.world.snapshot()
    refused = client.register(sku=written, order_id="D0001-000007")
    assert [(problem["field"], problem["code"]) for problem in refused.json["errors"]] == [("sku", "not-in-order")]
    detail = refused.json["errors"][0]["detail"]
    assert "没有 L00001,有:L00002、L00003;" in detail and "L00002, L00003;" in detail
    assert client.world.snapshot() == before
    assert client.register(sku=written, order_id="D0001-000009").status == 201


def test_refused_ticket_names_some_products_of_a_long_order(client: TicketsClient) -> None:
    store_order("D0001-000007", *(f"X-{number}" for number in range(500)))
    detail = client.register(order_id="D0001-000007").json["errors"][0]["detail"]
    assert "X-29等 500 种" in detail and "X-30" not in detail


def test_registration_names_unknown_product_and_order_together(client: TicketsClient) -> None:
    refused = client.register(sku="NO-SUCH", order_id="D0002-000001")
    assert [problem["code"] for problem in refused.json["errors"]] == ["unknown-sku", "unknown-order"]


def test_dispatch_is_refused_with_unknown_parts_or_a_past_visit(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "accept", "review")
    before = client.world.snapshot()
    parts = [{"sku": sku(1), "quantity": 1}, {"sku": "NO-SUCH", "quantity": 1}]
    refused = client.act(
        ticket_id, "dispatch", {"assignee": "张工", "parts": parts, "visit_at": "2026-11-20T09:00:00Z"}
    )
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == ["visit_at", "parts.1.sku"]
    far = {"assignee": "张工", "visit_at": "9999-12-31T23:59:59-12:00"}
    assert client.act(ticket_id, "dispatch", far).status == 422
    assert client.world.snapshot() == before


@pytest.mark.parametrize("score", [0, 6, "5", True, 4.5, None])
def test_rating_is_refused_outside_one_to_five(client: TicketsClient, score: Any) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "accept", "review", "dispatch", "complete")
    assert client.act_as_dealer(ticket_id, "rating", {"score": score}).status == 422
    assert client.show(ticket_id)["rating"] is None
