"""Requests that the edge passes on unchanged, and those it refuses because the emulator would change them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from kernel.http.requests import MAX_ADDRESS
from tools.edge import edge_application

PASSED: list[httpx.Request] = []
#: Answers that the services give instead of an empty one.
LARGE: list[dict[str, Any]] = []


@pytest.fixture
def edge() -> Iterator[TestClient]:
    """Return a client of an edge whose services answer 200 to everything."""
    PASSED.clear()
    LARGE.clear()

    def answer(request: httpx.Request) -> httpx.Response:
        PASSED.append(request)
        return httpx.Response(200, json=LARGE[-1] if LARGE else {})

    app = edge_application(lambda: {"catalog": "http://gateway.test/api", "orders": "http://gateway.test/api"})
    with TestClient(app, raise_server_exceptions=False) as client:
        app.state.client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert not PASSED
    return answer.status_code, answer.json()["code"]


def test_long_address_is_refused_instead_of_failing(edge: TestClient) -> None:
    for size in (MAX_ADDRESS, 65_000):
        answer = edge.get(f"/api/orders/orders?cursor={'x' * size}")
        assert refusal(answer) == (414, "address-too-long")


def test_key_sent_twice_or_not_in_ascii_is_refused(edge: TestClient) -> None:
    twice = edge.post("/api/orders/orders", headers=[("Idempotency-Key", "a"), ("idempotency-key", "a")])
    assert refusal(twice) == (400, "idempotency-key-repeated")
    wide = edge.post("/api/orders/orders", headers=[(b"Idempotency-Key", "ＡＢＣ".encode())])
    assert refusal(wide) == (400, "idempotency-key-required")


def test_escaped_slash_stays_in_one_part_of_the_path(edge: TestClient) -> None:
    assert edge.get("/api/catalog/products/A%2FB-1").status_code == 200
    # The emulator decodes once; the service gets what API Gateway would pass on.
    assert PASSED[0].url.raw_path == b"/api/products/A%252FB-1"


def test_body_and_other_headers_pass_as_they_were_sent(edge: TestClient) -> None:
    content = "测试".encode("gbk")
    edge.post("/api/orders/orders", content=content, headers=[(b"X-Note", "灯".encode()), ("Idempotency-Key", "k")])
    assert PASSED[0].content == content
    assert PASSED[0].headers.raw.count((b"x-note", "灯".encode())) == 1
    # Without a type, the emulator would take the body as text.
    assert PASSED[0].headers["content-type"] == "application/json"


def test_long_answer_is_compressed_for_clients_that_accept_it(edge: TestClient) -> None:
    products = {"products": [{"sku": f"QP3-03-{number}", "name_zh": "筒灯", "price": "12.5"} for number in range(400)]}
    LARGE.append(products)
    packed = edge.get("/api/catalog/products", headers={"Accept-Encoding": "gzip"})
    plain = edge.get("/api/catalog/products", headers={"Accept-Encoding": "identity"})
    assert packed.json() == plain.json() == products
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])


def test_short_answer_is_not_compressed(edge: TestClient) -> None:
    assert "content-encoding" not in edge.get("/api/catalog/x", headers={"Accept-Encoding": "gzip"}).headers


def test_problem_of_the_edge_repeats_the_id_of_its_request(edge: TestClient) -> None:
    answers = [edge.get("/api/none/x"), edge.get("/none"), edge.get(f"/api/orders/x?a={'x' * MAX_ADDRESS}")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert ids == [answer.json()["request_id"] for answer in answers]
    assert len(set(ids)) == 3
