"""Client of the public API, as a dealer's system would write it. Demo, tour and replay use it.

A caller uses one idempotency key for one intent. The client sends the same key with every retry, so that a lost
response never becomes a second order.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from uuid import uuid4

import httpx

Json = dict[str, Any]

#: A little over the 29 s after which API Gateway stops a request.
_TIMEOUT_SECONDS = 35
_ATTEMPTS = 7
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


class TokenSource(Protocol):
    """Source of the tokens that a caller sends as `Authorization`."""

    def token(self) -> str:
        """Return a token that is valid for some more minutes."""


class ApiProblem(Exception):
    """Refusal by the API. `document`: its problem document (RFC 9457)."""

    def __init__(self, status: int, document: Json) -> None:
        self.status = status
        self.document = document
        self.code = str(document.get("code", "unknown"))
        self.detail = str(document.get("detail", ""))
        errors = "; ".join(f"{error['field']}: {error['detail']}" for error in document.get("errors", [])[:5])
        super().__init__(f"{status} {self.code}: {self.detail}" + (f" [{errors}]" if errors else ""))


class Unreachable(Exception):
    """No response, or only server errors, after all retries. The last request may have had an effect."""


def new_key() -> str:
    """Return an idempotency key. Make it before the first attempt and reuse it until the response is known."""
    return str(uuid4())


def pause_before(attempt: int, draw: Callable[[float, float], float] = random.uniform) -> float:
    """Return the seconds to wait before a retry, counted from 1: full jitter below a limit that doubles up to 5 s."""
    return draw(0, min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS))


def open_http(url: str, connections: int = 20) -> httpx.Client:
    """Return a connection pool to one origin; threads may share it."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    # No proxy of the environment: the local run is on loopback, and tokens go to no other host.
    return httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, limits=limits, trust_env=False)


class Api:
    """The API as one signed-in user. Paths begin at the origin: `/api/orders/orders`.

    Args:
        http: connections, see `open_http`.
        tokens: source of the user's tokens.
        sleep: waits between attempts.
        on_retry: called with the reason before a request is sent again.
    """

    def __init__(
        self,
        http: httpx.Client,
        tokens: TokenSource,
        *,
        sleep: Callable[[float], None] = time.sleep,
        on_retry: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._sleep = sleep
        self._on_retry = on_retry

    def get(self, path: str, **query: Any) -> Json:
        """Read one resource or one page.

        Raises:
            ApiProblem, Unreachable: as every method of this class.
        """
        return self._request("GET", path, query={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """Create or change a resource, once, however often the request is sent.

        Args:
            key: the idempotency key of this intent; a new one by default.
        """
        return self._request("POST", path, body=body, key=key or new_key())

    def put(self, path: str, body: Json) -> Json:
        """Replace a resource; the body contains the version to replace."""
        return self._request("PUT", path, body=body)

    def delete(self, path: str, *, key: str | None = None) -> Json:
        """Delete a resource."""
        return self._request("DELETE", path, key=key or new_key())

    def pages(self, path: str, field: str, **query: Any) -> Iterator[Json]:
        """Yield every element of a list, page after page; `field` names the list in the response."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page[field]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def _request(
        self, method: str, path: str, *, query: Json | None = None, body: Json | None = None, key: str | None = None
    ) -> Json:
        last: Exception | None = None
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(pause_before(attempt))
            headers = {"Authorization": f"Bearer {self._tokens.token()}"}
            if key is not None:
                headers["Idempotency-Key"] = key
            try:
                response = self._http.request(method, path, params=query, json=body, headers=headers)
            except httpx.TransportError as error:  # also a timeout: the effect is unknown, so send it again
                last = error
                self._on_retry(type(error).__name__)
                continue
            if response.is_success:
                content: Json = response.json() if response.content else {}
                return content
            last = ApiProblem(response.status_code, _problem_document(response))
            if not _is_temporary(last):
                raise last
            self._on_retry(f"{last.status} {last.code}")
        raise Unreachable(f"{method} {path}: {last or 'no answer'} after {_ATTEMPTS} attempts") from last


def _is_temporary(problem: ApiProblem) -> bool:
    """Return whether a retry may succeed: server error, throttling, or a conflict with a concurrent request."""
    return problem.status >= 500 or problem.status == 429 or (problem.status == 409 and problem.code == "busy")


def _problem_document(response: httpx.Response) -> Json:
    try:
        document = response.json()
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    return {"code": "not-a-problem-document", "detail": response.text[:200]}
