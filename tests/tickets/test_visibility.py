"""Visibility: other dealers' tickets, internal notes, phones, possible actions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tickets.fixtures import BODIES, CANARY, DEALER_ACTIONS, PHONE, TicketsClient, items_containing


def test_ticket_of_another_dealer_answers_like_a_missing_one(client: TicketsClient) -> None:
    ticket_id = client.new_ticket(dealer="D0001")
    client.new_ticket(dealer="D0002")  # so that the caller's dealer has the same number
    before = client.world.snapshot()

    def responses(ticket_id: str) -> list[tuple[int, Any]]:
        found = [client.get(f"/tickets/{ticket_id}", role="dealer_admin", dealer="D0002")]
        found += [client.act_as_dealer(ticket_id, action, dealer="D0002") for action in sorted(DEALER_ACTIONS)]
        return [(response.status, response.json) for response in found]

    assert responses(ticket_id) == responses("T-D0001-00099") == responses("T-D0003-00001") == responses("nonsense")
    assert {status for status, _ in responses(ticket_id)} == {404}
    assert client.act("T-D0009-00001", "accept").status == 404
    assert client.world.snapshot() == before


def test_internal_notes_reach_no_dealer(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    note = {"internal_note": CANARY}
    for action in ("accept", "ask", "review", "dispatch", "complete"):
        if action == "review":
            client.take_steps(ticket_id, "answer")
        step = client.act(ticket_id, action, BODIES[action] | note)
        assert step.status == 200 and CANARY not in str(step.json)
    assert [note["text"] for note in client.show(ticket_id)["internal_notes"]] == [CANARY] * 5
    client.world.drain()

    for path in ("/tickets", f"/tickets/{ticket_id}"):
        for role in ("dealer_admin", "dealer_buyer", "dealer_accountant"):
            assert CANARY not in client.get(path, role=role, dealer="D0001").text
    # Only the note items contain the text: no event and no recorded response.
    assert items_containing(client.world, CANARY) == {("TICKETS", "NOTE")}
    assert not any(CANARY in delivery.record["body"] for delivery in client.world.delivered)


def test_contact_phone_is_shown_only_to_dealer_and_callers(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    client.take_steps(ticket_id, "accept")
    client.world.drain()
    assert client.show(ticket_id, role="aftersales")["contact"]["phone"] == PHONE
    assert client.show(ticket_id, dealer="D0001")["contact"]["phone"] == PHONE
    for role in ("assistant", "finance", "warehouse", "admin"):
        assert client.show(ticket_id, role=role)["contact"]["phone"] == "+86138****5678"
    assert items_containing(client.world, PHONE) == {("TICKETS", "REQUEST")}
    assert not any(PHONE in delivery.record["body"] for delivery in client.world.delivered)


def test_phones_and_internal_notes_are_not_logged(client: TicketsClient, capfd: pytest.CaptureFixture[str]) -> None:
    ticket_id = client.new_ticket()
    client.act(ticket_id, "accept", {"internal_note": CANARY, "wrong": PHONE})
    client.act(ticket_id, "accept", {"internal_note": CANARY})
    client.act(ticket_id, "accept", {"internal_note": CANARY})
    client.world.drain()
    captured = capfd.readouterr()
    assert PHONE not in captured.out + captured.err and CANARY not in captured.out + captured.err


def test_ticket_lists_actions_of_the_caller(client: TicketsClient) -> None:
    ticket_id = client.new_ticket()
    assert client.show(ticket_id, role="aftersales")["actions"] == ["accept", "reject", "ask"]
    assert client.show(ticket_id, role="finance")["actions"] == []
    assert client.show(ticket_id, dealer="D0001")["actions"] == ["withdraw"]
    client.take_steps(ticket_id, "ask")
    assert client.show(ticket_id, dealer="D0001")["actions"] == ["withdraw", "answer"]
