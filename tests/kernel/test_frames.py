"""Frames from a route's view to its commit: a reader follows every write in a few steps, without layers between."""

from __future__ import annotations

import socket
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from kernel.http.app import ServiceApp
from kernel.store.transaction import Transaction
from tests.support.company import SampleCompany, restored_company
from tests.support.company_data import ALL_ROLES, DEALER_ROLES, OTHER, OWN
from tests.support.declarations import cases
from tests.support.functions import load_apps
from tests.support.trigger import Case
from tests.support.world import World
from tools import paths

LIMIT = 6

#: Routes whose own helpers lie deeper, with their frames. The test fails when one becomes better: take it out then.
KNOWN_DEEPER: dict[str, int] = {}

#: The folders of our own code on the way of a request.
_OWN_FOLDERS = {"contracts", "kernel", "reads", "services"}
#: The view of every route. Wrappers of the app, for example of the bench, are above it.
_VIEW = f"{ServiceApp._view.__qualname__}.<locals>.view"

#: The names of the functions from the view to the commit, both included.
Stack = tuple[str, ...]


def own_stack(frame: FrameType | None) -> Stack:
    """The own functions from the view down to this frame."""
    names: list[str] = []
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(paths.ROOT) and file.relative_to(paths.ROOT).parts[0] in _OWN_FOLDERS:
            names.append(frame.f_code.co_name)
        if frame.f_code.co_qualname == _VIEW:
            break
        frame = frame.f_back
    assert frame is not None, "not committed for a route"
    return tuple(reversed(names))


def answer_without_dns(real: Any, host: str, port: int, *more: Any, **options: Any) -> Any:
    """The public address of the webhook endpoint that the example registers; every other name as usual."""
    if host == "erp.example.com":
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]
    return real(host, port, *more, **options)


@pytest.fixture
def company(fast_world: World, monkeypatch: pytest.MonkeyPatch) -> SampleCompany:
    monkeypatch.setattr(socket, "getaddrinfo", partial(answer_without_dns, socket.getaddrinfo))
    return restored_company(fast_world)


def send_example(company: SampleCompany, case: Case, role: str) -> None:
    """Send the example request of a route, which must succeed."""
    dealer = OWN if role in DEALER_ROLES else OTHER
    path, query = case.path_for(company.ids, role, dealer), case.query_for(dealer)
    answer = company.send(case.service, case.method, path, case.body_for(dealer), role=role, query=query)
    assert answer.status == case.status, (case, role, answer.json)


def record_stacks(company: SampleCompany, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[Stack]]:
    """By mutating route, the stacks of all commits that its example requests make, for every role it allows."""
    commit = Transaction.commit
    found: dict[str, set[Stack]] = {}
    route = ""

    def record(transaction: Transaction) -> None:
        found.setdefault(route, set()).add((*own_stack(sys._getframe(1)), "commit"))
        commit(transaction)

    monkeypatch.setattr(Transaction, "commit", record)
    saved = company.world.save()
    for case in cases():
        route = f"{case.service} {case.method} {case.route}"
        for role in (role for role in ALL_ROLES if role in case.roles and case.method != "GET"):
            send_example(company, case, role)
            company.world.restore(saved)
    return found


def test_writes_lie_few_frames_below_the_view(company: SampleCompany, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = record_stacks(company, monkeypatch)
    mutating = {
        f"{service} {one.method} {one.path}"
        for service, app in load_apps()[0].items()
        for one in app.operations
        # A public route writes only with a proof that the example does not have; a quote writes nothing.
        if one.method != "GET" and not one.public and one.path != "/orders/quote"
    }
    assert set(stacks) == mutating, "each is seen to commit, so the limit is not met by seeing nothing"
    deeper = {
        route: max(len(stack) for stack in of_route)
        for route, of_route in stacks.items()
        if max(len(stack) for stack in of_route) > LIMIT
    }
    assert deeper == KNOWN_DEEPER, {route: stacks[route] for route in deeper.keys() ^ KNOWN_DEEPER.keys()}
