"""Client of the API: retries keep the idempotency key, refusals are raised."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from tools.client import Api, ApiProblem, Unreachable, pause_before


class FixedToken:
    def token(self) -> str:
        return "a.token"


class Server:
    """Server with one prepared response per request."""

    def __init__(self, *responses: httpx.Response | Exception) -> None:
        self.responses = list(responses)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = self.responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    @property
    def keys(self) -> list[str | None]:
        return [request.headers.get("Idempotency-Key") for request in self.requests]


def api(server: Callable[[httpx.Request], httpx.Response], pauses: list[float] | None = None) -> Api:
    http = httpx.Client(base_url="http://origin", transport=httpx.MockTransport(server))
    return Api(http, FixedToken(), sleep=(pauses if pauses is not None else []).append)


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "…", "status": status})


def test_client_repeats_request_with_the_same_key_when_response_is_lost() -> None:
    server = Server(httpx.ReadTimeout("late"), httpx.Response(202, json={"order_id": "D1-000001"}))
    assert api(server).post("/api/orders/orders", {"lines": []}) == {"order_id": "D1-000001"}
    assert len(set(server.keys)) == 1 and server.keys[0]


@pytest.mark.parametrize("response", [problem(500, "internal-error"), problem(503, "x"), problem(409, "busy")])
def test_client_repeats_request_with_the_same_key_after_temporary_problem(response: httpx.Response) -> None:
    server = Server(response, httpx.Response(200, json={}))
    api(server).post("/api/orders/orders", {})
    assert len(server.requests) == 2 and len(set(server.keys)) == 1


@pytest.mark.parametrize(
    "response", [problem(409, "wrong-state"), problem(422, "invalid-fields"), problem(404, "not-found")]
)
def test_client_does_not_repeat_refused_request(response: httpx.Response) -> None:
    server = Server(response)
    with pytest.raises(ApiProblem) as caught:
        api(server).post("/api/orders/orders", {})
    assert len(server.requests) == 1
    assert caught.value.status == response.status_code and caught.value.document == json.loads(response.content)


def test_client_uses_a_new_key_for_each_post() -> None:
    server = Server(httpx.Response(200, json={}), httpx.Response(200, json={}))
    client = api(server)
    client.post("/x", {})
    client.post("/x", {})
    assert len(set(server.keys)) == 2


def test_client_raises_unreachable_after_the_last_retry() -> None:
    pauses: list[float] = []
    server = Server(*[httpx.ConnectError("refused")] * 7)
    with pytest.raises(Unreachable):
        api(server, pauses).get("/x")
    assert len(pauses) == 6 and sum(pauses) < 30


def test_client_reports_reason_of_every_retry() -> None:
    reasons: list[str] = []
    server = Server(httpx.ReadTimeout("late"), problem(409, "busy"), httpx.Response(200, json={}))
    http = httpx.Client(base_url="http://origin", transport=httpx.MockTransport(server))
    Api(http, FixedToken(), sleep=lambda seconds: None, on_retry=reasons.append).post("/x", {})
    assert reasons == ["ReadTimeout", "409 busy"]


def test_pauses_are_random_below_a_limit_that_doubles() -> None:
    assert [pause_before(n, lambda low, high: high) for n in (1, 2, 3, 6, 9)] == [0.2, 0.4, 0.8, 5.0, 5.0]
    assert pause_before(3, lambda low, high: low) == 0


def test_client_raises_problem_when_response_is_no_problem_document() -> None:
    with pytest.raises(ApiProblem, match="not-a-problem-document"):
        api(Server(httpx.Response(404, text="<html>"))).get("/x")


def test_client_follows_pages_to_the_last() -> None:
    server = Server(
        httpx.Response(200, json={"orders": [1, 2], "next_cursor": "c"}),
        httpx.Response(200, json={"orders": [3], "next_cursor": None}),
    )
    assert list(api(server).pages("/orders", "orders", dealer_id="D1")) == [1, 2, 3]
    assert dict(server.requests[0].url.params) == {"dealer_id": "D1"}
    assert dict(server.requests[1].url.params) == {"cursor": "c", "dealer_id": "D1"}
