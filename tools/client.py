"""A small client of the public API: what a dealer's own system would write, and what the demo, tour and replay use.

Whoever calls keeps one key for one intent; the client keeps it over every retry, so that a lost answer never becomes
a second order.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from uuid import uuid4

import httpx

Json = dict[str, Any]

#: A little over the 29 s after which API Gateway itself gives up.
_TIMEOUT_SECONDS = 35
_ATTEMPTS = 7
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


class TokenSource(Protocol):
    """Where the `Authorization` of a caller comes from."""

    def token(self) -> str:
        """A token that is still good for a while."""


class ApiProblem(Exception):
    """The API refused. `document` is its RFC 9457 problem document."""

    def __init__(self, status: int, document: Json) -> None:
        self.status = status
        self.document = document
        self.code = str(document.get("code", "unknown"))
        self.detail = str(document.get("detail", ""))
        wrong = "; ".join(f"{one['field']}: {one['detail']}" for one in document.get("errors", [])[:5])
        super().__init__(f"{status} {self.code}: {self.detail}" + (f" [{wrong}]" if wrong else ""))


class Unreachable(Exception):
    """No answer, or only server errors, after all retries. Whether the last request had an effect is unknown."""


def new_key() -> str:
    """A key for one intent. Make it before the first attempt and keep it until the answer is known."""
    return str(uuid4())


def pause_before(attempt: int, draw: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds to wait before the `attempt`-th retry (from 1): full jitter under a ceiling that doubles, then stays."""
    return draw(0, min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS))


def open_http(url: str, connections: int = 20) -> httpx.Client:
    """The connection pool to one origin; threads may share it."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    # No proxy of the environment: the local run is on loopback, and tokens go nowhere else.
    return httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, limits=limits, trust_env=False)


class Api:
    """The API as one signed-in user sees it. Paths are given from the origin: `/api/orders/orders`.

    Args:
        http: connections, see `open_http`.
        identity: gives the token.
        sleep: how to wait between attempts.
        retrying: told why, each time a request has to be sent again.
    """

    def __init__(
        self,
        http: httpx.Client,
        identity: TokenSource,
        *,
        sleep: Callable[[float], None] = time.sleep,
        retrying: Callable[[str], None] = lambda why: None,
    ) -> None:
        self._http = http
        self._identity = identity
        self._sleep = sleep
        self._retrying = retrying

    def get(self, path: str, **query: Any) -> Json:
        """Read one thing or one page.

        Raises:
            ApiProblem, Unreachable: as for every method here.
        """
        return self._ask("GET", path, query={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """Create or move something, once, however often the network makes us say it.

        Args:
            key: the idempotency key of this intent; a fresh one when not given.
        """
        return self._ask("POST", path, body=body, key=key or new_key())

    def put(self, path: str, body: Json) -> Json:
        """Replace something whose version the body carries."""
        return self._ask("PUT", path, body=body)

    def delete(self, path: str, *, key: str | None = None) -> Json:
        """Remove something."""
        return self._ask("DELETE", path, key=key or new_key())

    def pages(self, path: str, items: str, **query: Any) -> Iterator[Json]:
        """Every element of a list, page after page; `items` names the field of the answer that holds them."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page[items]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def _ask(
        self, method: str, path: str, *, query: Json | None = None, body: Json | None = None, key: str | None = None
    ) -> Json:
        last: Exception | None = None
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(pause_before(attempt))
            headers = {"Authorization": f"Bearer {self._identity.token()}"}
            if key is not None:
                headers["Idempotency-Key"] = key
            try:
                answer = self._http.request(method, path, params=query, json=body, headers=headers)
            except httpx.TransportError as error:  # timeouts included: the effect is unknown, so ask again
                last = error
                self._retrying(type(error).__name__)
                continue
            if answer.is_success:
                found: Json = answer.json() if answer.content else {}
                return found
            last = ApiProblem(answer.status_code, _document(answer))
            if not _passing(last):
                raise last
            self._retrying(f"{last.status} {last.code}")
        raise Unreachable(f"{method} {path}: {last or 'no answer'} after {_ATTEMPTS} attempts") from last


def _passing(problem: ApiProblem) -> bool:
    """Worth the same request again: a server's fault, too much at once, or others in the way just now."""
    return problem.status >= 500 or problem.status == 429 or (problem.status == 409 and problem.code == "busy")


def _document(answer: httpx.Response) -> Json:
    try:
        document = answer.json()
    except ValueError:
        document = None
    return document if isinstance(document, dict) else {"code": "not-a-problem-document", "detail": answer.text[:200]}
