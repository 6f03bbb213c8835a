"""Requests of administrators and invited users, and the clock of tokens, for the tests of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from jwt import api_jwt

from kernel.http import principal
from tests.dealers.fixtures import DealersClient
from tests.support.gateway import Response

PASSWORD = "deng-pao-2026"
PHONE = "+8619900001000"


def people_of(client: DealersClient, dealer_id: str, *, own: bool = False) -> dict[str, Any]:
    token = client.world.token(role="dealer_admin", dealer_id=dealer_id) if own else client.admin
    return {person["username"]: person for person in client.get(f"/dealers/{dealer_id}/people", token).json["people"]}


def accept(client: DealersClient, username: str, code: str, password: str = PASSWORD) -> Response:
    body = {"username": username, "code": code, "password": password}
    return client.world.call("dealers", "POST", "/invitations/accept", body=body)


@contextmanager
def token_clock(seconds: int) -> Iterator[None]:
    """Check tokens as if it were this second since 1970."""

    class Frozen(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(seconds, tz)

    with patch.object(principal.time, "time", lambda: float(seconds)), patch.object(api_jwt, "datetime", Frozen):
        yield
