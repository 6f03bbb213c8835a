"""The service clock of stored tickets, and overdue tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.tickets import announce_overdue
from services.tickets.vocabulary import State
from tests.tickets.fixtures import TicketsClient


def test_ticket_shows_stopped_clock_while_dealer_is_asked(client: TicketsClient) -> None:
    ticket_id = client.new_ticket(urgent=True)  # Monday 10:00
    client.advance(hours=1)
    shown = client.show(ticket_id)
    assert (shown["elapsed_business_minutes"], shown["allowed_business_minutes"]) == (60, 450)
    assert shown["due_at"] == "2026-11-24T02:00:00.000Z"
    client.take_steps(ticket_id, "ask")
    client.advance(days=2)
    shown = client.show(ticket_id)
    assert (shown["elapsed_business_minutes"], shown["due_at"], shown["overdue"]) == (60, None, False)
    client.take_steps(ticket_id, "answer")
    shown = client.show(ticket_id)
    assert shown["due_at"] == "2026-11-26T02:00:00.000Z"
    assert shown["first_response_at"] == "2026-11-23T03:00:00.000Z"


def test_stored_due_time_agrees_with_elapsed_time(client: TicketsClient) -> None:
    """`due_at` is stored at each step, `elapsed` computed from the events; both must agree."""
    ticket_id = client.new_ticket(urgent=True)
    for action in ("accept", "ask", "answer", "review", "dispatch"):
        client.advance(minutes=35)
        client.take_steps(ticket_id, action)
    shown = client.show(ticket_id)
    client.now = datetime.fromisoformat(shown["due_at"])
    assert client.show(ticket_id)["elapsed_business_minutes"] == 450


def test_overdue_ticket_is_published_once(client: TicketsClient) -> None:
    urgent = client.new_ticket(urgent=True)
    normal = client.new_ticket()
    client.advance(days=1, minutes=-1)
    client.world.periodic("tickets", "watch_clocks")
    assert not client.show(urgent)["overdue"] and client.show(urgent)["version"] == 1
    client.advance(minutes=2)
    for _ in range(3):
        client.world.periodic("tickets", "watch_clocks")
    shown = client.show(urgent, dealer="D0001")
    assert [entry["step"] for entry in shown["timeline"]] == ["registered", "overdue"]
    assert (shown["timeline"][1]["label_zh"], shown["timeline"][1]["label_en"]) == ("已超时", "overdue")
    assert shown["overdue"]
    assert client.show(normal)["version"] == 1
    client.take_steps(urgent, "accept")
    client.advance(days=9)
    client.world.periodic("tickets", "watch_clocks")
    assert [entry["step"] for entry in client.show(urgent)["timeline"]] == ["registered", "overdue", "accepted"]
    assert [entry["step"] for entry in client.show(normal)["timeline"]] == ["registered", "overdue"]


def test_finished_or_asked_ticket_is_never_overdue(client: TicketsClient) -> None:
    asked, finished = client.new_ticket(urgent=True), client.new_ticket(urgent=True)
    client.take_steps(asked, "ask")
    client.take_steps(finished, "reject")
    client.advance(days=30)
    before = client.world.snapshot()
    client.world.periodic("tickets", "watch_clocks")
    assert client.world.snapshot() == before


def test_step_is_kept_when_overdue_is_found_at_the_same_time(client: TicketsClient, monkeypatch: Any) -> None:
    ticket_id = client.new_ticket(urgent=True)
    client.advance(days=3)
    stale = list(announce_overdue.waiting_tickets(State.REGISTERED))
    client.take_steps(ticket_id, "accept")
    monkeypatch.setattr(announce_overdue, "waiting_tickets", lambda state: iter(stale if state == "registered" else []))
    client.world.periodic("tickets", "watch_clocks")
    assert [entry["step"] for entry in client.show(ticket_id)["timeline"]] == ["registered", "accepted"]
    monkeypatch.undo()
    client.world.periodic("tickets", "watch_clocks")
    assert [entry["step"] for entry in client.show(ticket_id)["timeline"]] == ["registered", "accepted", "overdue"]
