from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from tools.client import Api, ApiProblem, Unreachable, pause_before


class Someone:
    def token(self) -> str:
        return "a.token"


class Server:
    """Answers what it is told, one answer a request, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def keys(self) -> list[str | None]:
        return [request.headers.get("Idempotency-Key") for request in self.asked]


def api(server: Callable[[httpx.Request], httpx.Response], pauses: list[float] | None = None) -> Api:
    http = httpx.Client(base_url="http://origin", transport=httpx.MockTransport(server))
    return Api(http, Someone(), sleep=(pauses if pauses is not None else []).append)


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "…", "status": status})


def test_a_lost_answer_is_asked_for_again_under_the_same_key() -> None:
    server = Server(httpx.ReadTimeout("late"), httpx.Response(202, json={"order_id": "D1-000001"}))
    assert api(server).post("/api/orders/orders", {"lines": []}) == {"order_id": "D1-000001"}
    assert len(set(server.keys)) == 1 and server.keys[0]


@pytest.mark.parametrize("answer", [problem(500, "internal-error"), problem(503, "x"), problem(409, "busy")])
def test_a_passing_trouble_is_tried_again_under_the_same_key(answer: httpx.Response) -> None:
    server = Server(answer, httpx.Response(200, json={}))
    api(server).post("/api/orders/orders", {})
    assert len(server.asked) == 2 and len(set(server.keys)) == 1


@pytest.mark.parametrize(
    "answer", [problem(409, "wrong-state"), problem(422, "invalid-fields"), problem(404, "not-found")]
)
def test_a_refusal_is_not_tried_again(answer: httpx.Response) -> None:
    server = Server(answer)
    with pytest.raises(ApiProblem) as caught:
        api(server).post("/api/orders/orders", {})
    assert len(server.asked) == 1
    assert caught.value.status == answer.status_code and caught.value.document == json.loads(answer.content)


def test_two_intents_have_two_keys() -> None:
    server = Server(httpx.Response(200, json={}), httpx.Response(200, json={}))
    caller = api(server)
    caller.post("/x", {})
    caller.post("/x", {})
    assert len(set(server.keys)) == 2


def test_retries_end_and_say_that_the_outcome_is_unknown() -> None:
    pauses: list[float] = []
    server = Server(*[httpx.ConnectError("refused")] * 7)
    with pytest.raises(Unreachable):
        api(server, pauses).get("/x")
    assert len(pauses) == 6 and sum(pauses) < 30


def test_every_retry_is_told_with_its_reason() -> None:
    told: list[str] = []
    server = Server(httpx.ReadTimeout("late"), problem(409, "busy"), httpx.Response(200, json={}))
    http = httpx.Client(base_url="http://origin", transport=httpx.MockTransport(server))
    Api(http, Someone(), sleep=lambda seconds: None, retrying=told.append).post("/x", {})
    assert told == ["ReadTimeout", "409 busy"]


def test_pauses_grow_to_a_ceiling_and_are_drawn_at_random_below_it() -> None:
    assert [pause_before(n, lambda low, high: high) for n in (1, 2, 3, 6, 9)] == [0.2, 0.4, 0.8, 5.0, 5.0]
    assert pause_before(3, lambda low, high: low) == 0


def test_an_answer_that_is_no_problem_document_is_still_reported() -> None:
    with pytest.raises(ApiProblem, match="not-a-problem-document"):
        api(Server(httpx.Response(404, text="<html>"))).get("/x")


def test_pages_are_followed_to_the_last() -> None:
    server = Server(
        httpx.Response(200, json={"orders": [1, 2], "next_cursor": "c"}),
        httpx.Response(200, json={"orders": [3], "next_cursor": None}),
    )
    assert list(api(server).pages("/orders", "orders", dealer_id="D1")) == [1, 2, 3]
    assert dict(server.asked[0].url.params) == {"dealer_id": "D1"}
    assert dict(server.asked[1].url.params) == {"cursor": "c", "dealer_id": "D1"}
