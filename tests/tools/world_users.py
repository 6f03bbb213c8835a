"""The test world as the tools see a running system: one HTTP origin and signed-in users."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import httpx

from tests.support.functions import STAGE
from tests.support.world import World
from tools.client import TokenSource
from tools.imports import ApiUsers


class FixedToken:
    """Source of a token that does not expire."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        return self._token


class WorldTransport(httpx.BaseTransport):
    """The world as one HTTP origin. Moto allows only one request at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _, _, service, path = request.url.path.split("/", 3)
        headers = dict(request.headers)
        with self.lock:
            response = self._world.call(
                service,
                request.method,
                f"/{path}",
                raw_body=request.read() or None,
                token=headers["authorization"].removeprefix("Bearer "),
                key=headers.get("idempotency-key"),
                query=dict(request.url.params),
            )
        return httpx.Response(response.status, headers=response.headers, text=response.text)


class WorldUsers(ApiUsers):
    """Users by role name, by `dealers` (role, dealer id), or as `<dealer id>-owner`. A pause delivers all messages."""

    def __init__(self, world: World, dealers: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._world, self._transport, self._dealers = world, WorldTransport(world), dealers or {}
        super().__init__(httpx.Client(base_url="http://origin", transport=self._transport), STAGE, "")

    def token_source(self, user: str) -> TokenSource:
        role, dealer_id = self._dealers.get(user, (user, ""))
        if user.endswith("-owner") and not dealer_id:
            role, dealer_id = "dealer_admin", user.removesuffix("-owner").upper()
        return FixedToken(self._world.token(role=role, dealer_id=dealer_id or None))

    def thread_count(self, at_most: int) -> int:
        return 1

    def pause(self, seconds: float) -> None:
        with self._transport.lock:
            self._world.drain()
