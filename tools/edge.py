"""One origin for everything: the APIs of all services under /api/<service>/, their description, and pages to read it.

In the cloud a custom domain with one base path per service does the same; here it is a small proxy in front of the
emulator. It adds nothing a service relies on.
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote_to_bytes
from uuid import uuid4

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kernel.base.problems import CONTENT_TYPE, AddressTooLong, Problem, problem_document
from kernel.http.requests import KEY_HEADER, MAX_ADDRESS, single_key
from kernel.http.responses import REQUEST_ID_HEADER
from tools import api_pages, paths
from tools.template_api import COMPRESSED_FROM_BYTES

MAX_BODY_BYTES = 5 * 1024 * 1024
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
#: A little over the 29 seconds API Gateway itself allows.
_TIMEOUT = httpx.Timeout(32, connect=5)
_CONNECTIONS = httpx.Limits(max_connections=200, max_keepalive_connections=100)
#: They belong to one connection, or give the encoding of this one hop.
_NOT_PASSED_ON = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length"}
_NOT_PASSED_ON |= {"accept-encoding", "content-encoding", "proxy-authorization", "proxy-authenticate", "date", "server"}

#: Gives the address of every service's API, by service.
Targets = Callable[[], Mapping[str, str]]


class TooMuch(Exception):
    """The request's body is larger than any service reads."""


def problem(status: HTTPStatus, code: str, detail: str) -> Response:
    """A problem document of the edge itself, in the form the services use."""
    return _answered(problem_document(status, code, detail), status)


def _answered(document: dict[str, Any], status: int) -> Response:
    request_id = str(uuid4())
    document = {**document, "request_id": request_id}
    return JSONResponse(document, status, {REQUEST_ID_HEADER: request_id}, media_type=CONTENT_TYPE)


def not_found() -> Response:
    """Return the answer of an address that no service serves."""
    return problem(HTTPStatus.NOT_FOUND, "not-found", "未找到 / there is no such thing here; check the address")


def edge_application(targets: Targets, openapi: Path = paths.OPENAPI) -> Starlette:
    """The edge as an ASGI application."""

    @asynccontextmanager
    async def upstream(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=_TIMEOUT, limits=_CONNECTIONS, trust_env=False) as client:
            app.state.client = client
            app.state.targets = dict(targets())
            yield

    app = Starlette(
        lifespan=upstream,
        routes=[
            Route("/", lambda _request: RedirectResponse("/api/")),
            Route("/healthz", _healthz),
            Route("/api", lambda _request: RedirectResponse("/api/")),
            Route("/api/", _page(openapi)),
            Route("/api/openapi.json", _document(openapi)),
            Route("/api/{service}/{path:path}", _proxy, methods=_METHODS),
        ],
        exception_handlers={HTTPException: _refused},
        # API Gateway does so too. The fastest level takes a hundredth of the time of the request.
        middleware=[Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES, compresslevel=1)],
    )
    # A path with one slash more or less is another path, as it is at API Gateway.
    app.router.redirect_slashes = False
    return app


# ---- pages ----


def _document(openapi: Path) -> Callable[[Request], Response]:
    def answer(_request: Request) -> Response:
        return Response(openapi.read_bytes(), media_type="application/json") if openapi.is_file() else not_found()

    return answer


def _page(openapi: Path) -> Callable[[Request], Response]:
    def answer(_request: Request) -> Response:
        if not openapi.is_file():
            return not_found()
        page = HTMLResponse(api_pages.render(json.loads(openapi.read_text())))
        page.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        page.headers["X-Content-Type-Options"] = "nosniff"
        return page

    return answer


async def _healthz(request: Request) -> Response:
    """Return True if the APIs behind can be reached."""
    for url in list(request.app.state.targets.values())[:1]:
        try:
            await request.app.state.client.get(httpx.URL(url).copy_with(raw_path=b"/_ministack/health"))
        except httpx.TransportError:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "服务未就绪 / the services are not reachable")
    return JSONResponse({"status": "ok"})


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return not_found()
    status = HTTPStatus(error.status_code)
    return problem(
        status, status.phrase.lower().replace(" ", "-"), f"不支持的请求 / {status.description or status.phrase}"
    )


# ---- the proxy ----


async def _proxy(request: Request) -> Response:
    service = request.path_params["service"]
    target = request.app.state.targets.get(service)
    prefix, raw = f"/api/{service}/".encode(), _raw_path(request)
    if target is None or not raw.startswith(prefix) or _climbs(raw):
        return not_found()
    rest = raw.removeprefix(prefix)
    try:
        _check_head(request)
        sent = await _body(request)
    except Problem as refused:
        return _answered(refused.document(), refused.status)
    except TooMuch:
        limit = f"{MAX_BODY_BYTES // 1024 // 1024} MB"
        detail = f"请求超过 {limit} / larger than {limit}; send less at once"
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", detail)
    url = httpx.URL(target)
    query = request.scope["query_string"]
    # The emulator decodes the path before it chooses the route; API Gateway chooses by the path as it was sent.
    path = url.raw_path.rstrip(b"/") + b"/" + rest.replace(b"%", b"%25") + (b"?" + query if query else b"")
    try:
        answer = await request.app.state.client.request(
            request.method, url.copy_with(raw_path=path), content=sent, headers=_headers_to_service(request)
        )
    except httpx.TimeoutException:
        return problem(
            HTTPStatus.GATEWAY_TIMEOUT, "timeout", "处理超时,请重试 / it took too long; retry with the same key"
        )
    except httpx.TransportError:
        return problem(HTTPStatus.BAD_GATEWAY, "unavailable", "服务暂不可用,请重试 / not reachable just now; retry")
    return _passed_back(answer)


def _climbs(path: bytes) -> bool:
    """Return True if a path leaves its service by `..`, also when it is encoded."""
    return any(part in (b".", b"..") for part in unquote_to_bytes(path).split(b"/"))


def _check_head(request: Request) -> None:
    """Refuse what the emulator would change or fail at, and API Gateway passes on or refuses.

    Raises:
        AddressTooLong: path and query are too long.
        BadRequest: the Idempotency-Key is sent twice, which the emulator would join, or is malformed.
    """
    if len(_raw_path(request)) + len(request.scope["query_string"]) > MAX_ADDRESS:
        raise AddressTooLong(MAX_ADDRESS)
    if keys := request.headers.getlist(KEY_HEADER):
        single_key(keys)


def _raw_path(request: Request) -> bytes:
    """The path as it was sent, so that an escaped slash stays escaped."""
    raw: bytes = request.scope["raw_path"]
    return raw.split(b"?", 1)[0]


async def _body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
        raise TooMuch
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > MAX_BODY_BYTES:
            raise TooMuch
    return bytes(read)


def _headers_to_service(request: Request) -> list[tuple[bytes, bytes]]:
    """Return the headers as they were sent. The emulator takes a body as binary only if it has a type."""
    passed = [(name, value) for name, value in request.headers.raw if name.decode("latin-1") not in _NOT_PASSED_ON]
    return passed if "content-type" in request.headers else [*passed, (b"content-type", b"application/json")]


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _NOT_PASSED_ON}


def _passed_back(answer: httpx.Response) -> Response:
    """Return the answer of a service. An answer of API Gateway itself becomes a problem document."""
    if "x-amzn-errortype" in answer.headers or _is_gateways_own(answer):
        if answer.status_code in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            return not_found()
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return problem(
                HTTPStatus.BAD_GATEWAY,
                "unavailable",
                "服务暂不可用,请重试 / it failed just now; retry with the same key",
            )
    kept = {
        name: value
        for name, value in _passed_on(answer.headers).items()
        if not name.startswith(("access-control-", "x-amz"))
    }
    return Response(answer.content, answer.status_code, kept)


def _is_gateways_own(answer: httpx.Response) -> bool:
    """Return True if API Gateway answers for a crashed function. Our functions always name a content type."""
    return answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and CONTENT_TYPE not in answer.headers.get(
        "content-type", ""
    )


# ---- running it ----


class Edge:
    """The edge, served on loopback by a thread of this process. Use as a context manager."""

    def __init__(self, port: int, targets: Targets, openapi: Path = paths.OPENAPI) -> None:
        self.url = f"http://127.0.0.1:{port}"
        config = uvicorn.Config(
            edge_application(targets, openapi),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True, name="edge")

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise OSError(f"could not listen on {self.url}")
            self._thread.join(0.02)
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.should_exit = True
        self._thread.join(5)
