"""Repeated and concurrent requests."""

from __future__ import annotations

from typing import Any

from services.tickets import register_ticket, take_step
from services.tickets.items import TicketItem
from tests.support.gateway import Response
from tests.tickets.fixtures import DEALER_ACTIONS, TicketsClient


def test_repeated_requests_get_same_answers_and_change_nothing(client: TicketsClient) -> None:
    first = client.register(key="r")
    ticket_id = first.json["ticket_id"]
    steps = ["accept", "ask", "answer", "review", "dispatch", "reassign", "complete", "rating", "reopen", "withdraw"]

    def send(action: str) -> Response:
        act = client.act_as_dealer if action in DEALER_ACTIONS else client.act
        return act(ticket_id, action, key=f"k-{action}")

    answers = [send(action) for action in steps]
    assert [answer.status for answer in answers] == [200] * len(steps)
    before = client.world.snapshot()
    client.advance(days=40)  # promised times are past, and the reopen window is closed
    assert client.register(key="r").json == first.json
    assert [send(action).json for action in steps] == [answer.json for answer in answers]
    assert client.world.snapshot() == before


def test_repeated_dispatch_gets_same_answer_after_the_visit(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "accept", "review")
    visit = {"assignee": "张工", "visit_at": "2026-11-23T16:00:00+08:00"}
    first = client.act(ticket_id, "dispatch", visit, key="d")
    client.advance(days=1)
    assert client.act(ticket_id, "dispatch", visit, key="d").json == first.json


def test_idempotency_key_is_refused_for_another_request(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    assert client.act(ticket_id, "accept", {"note": "甲"}, key="k").status == 200
    reused = client.act(ticket_id, "accept", {"note": "乙"}, key="k")
    assert (reused.status, reused.json["code"]) == (422, "idempotency-key-reused")


def test_concurrent_action_is_decided_again_in_the_new_state(client: TicketsClient, monkeypatch: Any) -> None:
    ticket_id = client.new_ticket()
    load_ticket, rival_actions = take_step.load_ticket, iter(["reject"])

    def load_before_rival(*arguments: Any) -> TicketItem:
        ticket = load_ticket(*arguments)
        for action in rival_actions:
            assert client.act(ticket_id, action).status == 200
        return ticket

    monkeypatch.setattr(take_step, "load_ticket", load_before_rival)
    refused = client.act(ticket_id, "accept")
    assert (refused.status, refused.json["code"], refused.json["state"]) == (409, "wrong-state", "rejected")
    assert [entry["step"] for entry in client.show(ticket_id)["timeline"]] == ["registered", "rejected"]


def test_concurrent_registrations_get_two_numbers(client: TicketsClient, monkeypatch: Any) -> None:
    fetch_one, rivals = register_ticket.fetch_one, iter(["rival"])

    def fetch_before_rival(*arguments: Any) -> Any:
        found = fetch_one(*arguments)
        for _ in rivals:
            assert client.new_ticket() == "T-D0001-00001"
        return found

    monkeypatch.setattr(register_ticket, "fetch_one", fetch_before_rival)
    assert client.new_ticket() == "T-D0001-00002"
