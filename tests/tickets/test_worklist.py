"""Tests of the worklist of tickets: what waits for staff, since when, until when and for whom."""

from __future__ import annotations

from typing import Any

import pytest

from services.tickets.vocabulary import RUNNING, TASK_OF_STATE
from tests.tickets.fixtures import TicketsClient


def entries(client: TicketsClient, query: str = "", role: str = "aftersales") -> list[dict[str, Any]]:
    """Return the entries of the first page."""
    found: list[dict[str, Any]] = client.get(f"/tickets/worklist{query}", role=role).json["entries"]
    return found


def test_every_state_in_which_staff_act_has_a_task() -> None:
    assert TASK_OF_STATE.keys() == RUNNING


def test_worklist_shows_the_task_its_times_and_roles(client: TicketsClient) -> None:
    ticket = client.new_ticket(dealer="D0001")
    (entry,) = entries(client)
    assert (entry["kind"], entry["id"], entry["dealer_id"], entry["title"]) == ("accept", ticket, "D0001", "灯带不亮")
    assert (entry["since"], entry["due_at"]) == ("2026-11-23T02:00:00.000Z", "2026-11-26T02:00:00.000Z")
    assert (entry["overdue"], entry["urgent"], entry["roles"]) == (False, False, ["admin", "aftersales", "assistant"])


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        (["accept"], "review"),
        (["accept", "review"], "dispatch"),
        (["accept", "review", "dispatch"], "complete"),
        (["accept", "review", "dispatch", "complete", "reopen"], "accept"),
        (["ask", "answer"], "accept"),
    ],
)
def test_task_follows_the_state_of_the_ticket(client: TicketsClient, steps: list[str], kind: str) -> None:
    ticket = client.new_ticket()
    client.take_steps(ticket, *steps)
    (entry,) = entries(client)
    assert (entry["id"], entry["kind"]) == (ticket, kind)
    assert [one["id"] for one in entries(client, f"?kind={kind}")] == [ticket]
    other = "accept" if kind != "accept" else "review"
    assert entries(client, f"?kind={other}") == []


@pytest.mark.parametrize("steps", [["ask"], ["reject"], ["withdraw"], ["accept", "review", "dispatch", "complete"]])
def test_ticket_that_staff_cannot_advance_is_not_listed(client: TicketsClient, steps: list[str]) -> None:
    client.take_steps(client.new_ticket(), *steps)
    assert entries(client) == []


def test_ticket_past_its_due_time_is_shown_as_overdue(client: TicketsClient) -> None:
    client.new_ticket(urgent=True)
    client.advance(days=2)
    assert entries(client)[0]["overdue"] is True


def test_pages_show_urgent_tickets_of_all_states_first_and_each_once(client: TicketsClient) -> None:
    first, second, urgent = client.new_ticket(), client.new_ticket(), client.new_ticket(urgent=True)
    client.take_steps(urgent, "accept")
    client.take_steps(first, "accept")
    shown: list[str] = []
    cursor = ""
    for _ in range(4):
        page = client.get(f"/tickets/worklist?limit=1{cursor}").json
        shown += [entry["id"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert shown == [urgent, second, first]


def test_cursor_of_the_worklist_is_refused_for_another_filter(client: TicketsClient) -> None:
    for _ in range(2):
        client.new_ticket()
    cursor = client.get("/tickets/worklist?limit=1").json["next_cursor"]
    refused = client.get(f"/tickets/worklist?limit=1&kind=accept&cursor={cursor}")
    assert (refused.status, refused.json["code"]) == (400, "bad-cursor")


def test_worklist_is_not_for_dealers(client: TicketsClient) -> None:
    assert client.get("/tickets/worklist", role="dealer_admin", dealer="D0001").status == 403
