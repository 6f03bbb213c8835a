"""The packaged services, deployed to the emulator by the code of `qudao deploy` and driven over HTTP through the edge.

    def test_something(deployed: Deployed) -> None:
        admin = deployed.api("admin")                        # a client signed in as a new user of this role
        buyer = deployed.api("dealer_buyer", dealer_id="D0001")
        admin.post("/api/dealers/imports/dealers", {...})
        eventually(lambda: buyer.get("/api/dealers/me"), within=20)

- `deployed` is one system for the whole session: each test uses separate dealers, products and users. Its stage is
  `test`; `deployed.http` is a plain client of the edge, for invalid requests.
- Inside a test, `tools.aws` and `tools.identity` talk to this emulator. A fixture of wider scope enters
  `emulator.using(deployed.endpoint)` itself.
- Queues take a second or two: wait with `eventually`, never with a sleep.

Every test below this folder is marked `deployed`; `pytest -m 'not deployed'` leaves them out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tools import deploy, emulator, identity, local, package, paths
from tools.client import Api, ApiProblem, open_http
from tools.edge import Edge
from tools.identity import Account, SignIn

STAGE = "test"
#: Reused by the next session.
UNPACKED = paths.BUILD / ".unpacked"
_PASSWORD = "only-for-tests-1"
_numbers = count(1)
T = TypeVar("T")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.deployed)


@dataclass(frozen=True)
class Deployed:
    """A running system."""

    url: str
    endpoint: str
    stage: str
    http: httpx.Client

    def sign_in(self, role: str, dealer_id: str | None = None) -> SignIn:
        """Create a user with this role and sign in."""
        user = f"{role}-{next(_numbers)}"
        identity.create_login(self.stage, Account(user, user, (role,), dealer_id))
        identity.set_password(self.stage, user, _PASSWORD)
        return SignIn(self.stage, user, _PASSWORD)

    def api(self, role: str, dealer_id: str | None = None) -> Api:
        """Return a client of the API, signed in as a new user with this role."""
        return Api(self.http, self.sign_in(role, dealer_id))


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """All services, deployed once per session."""
    packages = package.build(paths.services())
    folder = tmp_path_factory.mktemp("emulator")
    with emulator.Emulator(emulator.free_port(), folder, UNPACKED) as local_aws:
        with emulator.pointed_at_emulator(local_aws.endpoint):
            deploy.deploy(STAGE, packages)
            urls = local.api_urls(STAGE)
        with Edge(emulator.free_port(), lambda: urls) as edge, open_http(edge.url) as http:
            yield Deployed(edge.url, local_aws.endpoint, STAGE, http)


@pytest.fixture(autouse=True)
def _use_emulator(deployed: Deployed) -> Iterator[None]:
    with emulator.pointed_at_emulator(deployed.endpoint):
        yield


def eventually(read: Callable[[], T], within: float = 30) -> T:
    """Return the first result of `read` that is neither empty nor a problem.

    Raises:
        AssertionError: there was no such result within this many seconds.
    """
    deadline = time.monotonic() + within
    last: object = None
    while time.monotonic() < deadline:
        try:
            last = found = read()
            if found:
                return found
        except ApiProblem as problem:
            last = problem
        time.sleep(0.1)
    raise AssertionError(f"no result within {within} s; last: {last!r}")
