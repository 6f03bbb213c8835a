"""The edge is the one origin of all services: its own answers, and what it passes on."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.deployed.conftest import Deployed
from tools import paths
from tools.edge import MAX_BODY_BYTES

SERVICES = [name for name in paths.services() if name != paths.RELAY]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_of_every_service_requires_a_token(deployed: Deployed, service: str) -> None:
    paths_of_service = {
        (path, method.upper()): "security" in operation and not operation["security"]
        for path, methods in deployed.http.get("/api/openapi.json").json()["paths"].items()
        if path.startswith(f"/api/{service}/")
        for method, operation in methods.items()
    }
    assert paths_of_service
    for (path, method), is_public in paths_of_service.items():
        refused = code_of(deployed.http.request(method, path))
        assert (refused == (401, "not-signed-in")) != is_public, (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing/here",
        "/api/orders/nothing/here",
        "/api/orders",
        "/nothing",
        "/api/orders/../dealers/me",
        "/api/orders/%2e%2e/dealers/me",
        "/api/orders/..%2fdealers%2fme",
        "/api%2Forders%2Forders",
        "/api/orders%2Forders/x",
    ],
)
def test_unknown_path_is_not_found(deployed: Deployed, path: str) -> None:
    assert raw_answer(deployed, path).startswith(b"HTTP/1.1 404 ")
    assert b"urn:qudao:problem:not-found" in raw_answer(deployed, path)


def raw_answer(deployed: Deployed, path: str) -> bytes:
    """Return the raw answer to a path that no client library normalised."""
    address = urlsplit(deployed.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_unknown_method_of_a_path_is_not_found(deployed: Deployed) -> None:
    assert code_of(deployed.http.delete("/api/dealers/me")) == (404, "not-found")


def test_too_large_body_is_refused_with_and_without_length_header(deployed: Deployed) -> None:
    too_much = b" " * (MAX_BODY_BYTES + 1)
    known = deployed.http.post("/api/orders/orders", content=too_much)
    unknown = deployed.http.post("/api/orders/orders", content=iter([too_much]))
    assert code_of(known) == code_of(unknown) == (413, "too-large")


def test_body_just_below_the_limit_is_read(deployed: Deployed) -> None:
    body = b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"'
    buyer = deployed.sign_in("dealer_buyer", "D7001").token()
    headers = {"Authorization": f"Bearer {buyer}", "Idempotency-Key": "below-limit"}
    answer = deployed.http.post("/api/orders/orders", content=body, headers=headers)
    assert answer.status_code in (400, 413, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_api_description_is_served_as_document_and_as_page(deployed: Deployed) -> None:
    document = deployed.http.get("/api/openapi.json")
    page = deployed.http.get("/api/")
    assert document.json() and document.headers["content-type"] == "application/json"
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert all(path in page.text for path in document.json()["paths"])


def test_root_path_redirects_to_api_description(deployed: Deployed) -> None:
    assert deployed.http.get("/", follow_redirects=True).url.path == "/api/"


def test_health_needs_no_token(deployed: Deployed) -> None:
    assert deployed.http.get("/healthz").json() == {"status": "ok"}
