"""The world of tests/world.py as the tools see a running system: one HTTP origin, and people signed in to it."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import httpx

from tests.world import STAGE, World
from tools.client import TokenSource
from tools.imports import People


class Token:
    """A token that is always good."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        return self._token


class Origin(httpx.BaseTransport):
    """The world as one HTTP origin. One request at a time: moto is not made for more."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.one_at_a_time = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _, _, service, path = request.url.path.split("/", 3)
        headers = dict(request.headers)
        with self.one_at_a_time:
            answer = self._world.call(
                service,
                request.method,
                f"/{path}",
                raw_body=request.read() or None,
                token=headers["authorization"].removeprefix("Bearer "),
                key=headers.get("idempotency-key"),
                query=dict(request.url.params),
            )
        return httpx.Response(answer.status, headers=answer.headers, text=answer.text)


class WorldPeople(People):
    """Staff by role name; dealers' users by `dealers`, or as `<dealer id>-owner`. Waiting lets the world work."""

    def __init__(self, world: World, dealers: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._world, self._origin, self._dealers = world, Origin(world), dealers or {}
        super().__init__(httpx.Client(base_url="http://origin", transport=self._origin), STAGE, "")

    def identity_of(self, user: str) -> TokenSource:
        role, dealer_id = self._dealers.get(user, (user, ""))
        if user.endswith("-owner") and not dealer_id:
            role, dealer_id = "dealer_admin", user.removesuffix("-owner").upper()
        return Token(self._world.token(role=role, dealer_id=dealer_id or None))

    def threads(self, wanted: int) -> int:
        return 1

    def pause(self, seconds: float) -> None:
        with self._origin.one_at_a_time:
            self._world.drain()
