"""Queues of staff and lists of dealers."""

from __future__ import annotations

import pytest

from tests.tickets.fixtures import TicketsClient


def test_queue_lists_urgent_tickets_first_then_the_oldest(client: TicketsClient) -> None:
    normal = []
    for dealer in ("D0002", "D0001"):
        normal.append(client.new_ticket(dealer=dealer))
        client.advance(minutes=1)
    urgent = client.new_ticket(dealer="D0002", urgent=True)
    queue = [ticket["ticket_id"] for ticket in client.get("/tickets").json["tickets"]]
    assert queue == [urgent, *normal]
    client.take_steps(normal[0], "accept")
    assert [ticket["ticket_id"] for ticket in client.get("/tickets?state=registered").json["tickets"]] == [
        urgent,
        normal[1],
    ]
    assert [ticket["ticket_id"] for ticket in client.get("/tickets?state=accepted").json["tickets"]] == [normal[0]]
    client.take_steps(normal[0], "reject")
    for state in ("registered", "accepted", "reviewed", "dispatched", "need_info", "reopened"):
        waiting = client.get(f"/tickets?state={state}").json["tickets"]
        assert normal[0] not in [ticket["ticket_id"] for ticket in waiting]


def test_dealer_lists_its_own_tickets_newest_first(client: TicketsClient) -> None:
    for _ in range(3):
        client.new_ticket(dealer="D0001")
    client.new_ticket(dealer="D0002")
    first = client.get("/tickets?limit=2", role="dealer_buyer", dealer="D0001").json
    assert [ticket["ticket_id"] for ticket in first["tickets"]] == ["T-D0001-00003", "T-D0001-00002"]
    next_page = f"/tickets?limit=2&cursor={first['next_cursor']}"
    second = client.get(next_page, role="dealer_buyer", dealer="D0001").json
    assert [ticket["ticket_id"] for ticket in second["tickets"]] == ["T-D0001-00001"]
    assert client.get(next_page, role="dealer_buyer", dealer="D0002").json["code"] == "bad-cursor"
    of_dealer = client.get("/tickets?dealer_id=D0002", role="assistant").json
    assert [ticket["ticket_id"] for ticket in of_dealer["tickets"]] == ["T-D0002-00001"]


def test_cursor_is_refused_for_another_queue_or_caller(client: TicketsClient) -> None:
    for _ in range(2):
        client.new_ticket()
    cursor = client.get("/tickets?limit=1", role="assistant").json["next_cursor"]
    next_page = f"/tickets?limit=1&cursor={cursor}"
    assert [ticket["ticket_id"] for ticket in client.get(next_page, role="assistant").json["tickets"]] == [
        "T-D0001-00002"
    ]
    for path, role in [
        (next_page, "aftersales"),
        (f"{next_page}&state=accepted", "assistant"),
        (f"{next_page}&dealer_id=D0001", "assistant"),
    ]:
        refused = client.get(path, role=role)
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
def test_list_names_a_filter_that_is_not_allowed(
    client: TicketsClient, filters: str, role: str, dealer: str, field: str
) -> None:
    refused = client.get(f"/tickets?{filters}", role=role, dealer=dealer)
    assert refused.status == 422
    assert [problem["field"] for problem in refused.json["errors"]] == [field]
