"""Requests for service."""

from __future__ import annotations

from typing import Any

from tests.authorization.town import OWN, Town, ticket
from tests.fault_injection.scenario import Happening, Scenario, request, schedule
from tests.fault_injection.scenes import time_passes


def _step(action: str, world: str, thing: str, body: Any, **more: Any) -> Scenario:
    given = {"role": "aftersales", "of": lambda town: {"ticket_id": town.things[thing, OWN]}} | more
    return request("tickets", "POST", "/tickets/{ticket_id}/" + action, world, body, **given)


def _stepped(action: str, thing: str, body: Any, role: str = "aftersales") -> Happening:
    def happen(town: Town) -> None:
        path = f"/tickets/{town.things[thing, OWN]}/{action}"
        answer = town.ask("tickets", "POST", path, body, role=role)
        assert answer.status == 200, answer.json

    return happen


def _registered(town: Town) -> None:
    answer = town.ask("tickets", "POST", "/tickets", ticket(OWN), role="dealer_admin")
    assert answer.status == 201, answer.json


SCENARIOS = [
    request(
        "tickets",
        "POST",
        "/tickets",
        "urgent, about an order",
        ticket(OWN) | {"urgent": True, "order_id": "D0001-000001"},
        role="dealer_buyer",
        answers=(201,),
    ),
    request(
        "tickets",
        "POST",
        "/tickets",
        "contended: a colleague's gets the number",
        ticket(OWN),
        role="dealer_buyer",
        answers=(201,),
        rival=_registered,
    ),
    _step(
        "accept",
        "contended: rejected meanwhile",
        "ticket registered",
        {},
        rival=_stepped("reject", "ticket registered", {"reason": "r"}),
        answers=(409,),
    ),
    _step(
        "accept",
        "contended: the same by a colleague",
        "ticket registered",
        {},
        rival=_stepped("accept", "ticket registered", {}),
        answers=(409,),
    ),
    _step(
        "answer",
        "contended: a colleague answers first",
        "ticket asked about",
        {"answer": "a"},
        role="dealer_buyer",
        rival=_stepped("answer", "ticket asked about", {"answer": "b"}, "dealer_admin"),
        answers=(409,),
    ),
    schedule("tickets", "watch_clocks", "nothing to do"),
    schedule(
        "tickets",
        "watch_clocks",
        "all are late",
        time_passes(days=2),
    ),
]
