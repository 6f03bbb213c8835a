"""Requests and answers of API Gateway."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from kernel.http.app import ServiceApp
from kernel.http.declarations import Operation
from tests.fast_aws.cloud import ACCOUNT


@dataclass(frozen=True)
class Response:
    """Answer of a route; `json` is None for a body that is not JSON.

    Headers and body are without the id of the request, which no two answers share. `request_ids`: those that the header
    and the problem document have, None without a problem.
    """

    status: int
    json: Any
    headers: dict[str, str]
    text: str
    request_ids: tuple[str, str | None] = field(compare=False)


def route(app: ServiceApp, method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation API Gateway chooses, the most literal first, and the values of its path variables.

    A REST API chooses by the path as it was sent, and passes the values on as they were sent.

    Raises:
        LookupError: no route of the service matches.
    """
    sent = _parts(path)
    matching = [
        (operation, template)
        for operation in app.operations
        if operation.method == method and len(template := _parts(operation.path)) == len(sent)
        if all(wanted == given or wanted[:1] == "{" for wanted, given in zip(template, sent, strict=True))
    ]
    if not matching:
        raise LookupError(f"{app.service} has no {method} {path}")
    operation, template = min(matching, key=lambda match: [part[:1] == "{" for part in match[1]])
    pairs = zip(template, sent, strict=True)
    return operation, {w[1:-1]: g for w, g in pairs if w[:1] == "{"}


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def proxy_event(
    resource: str,
    method: str,
    path: str,
    path_values: dict[str, str],
    headers: list[tuple[str, str]],
    query: list[tuple[str, str]],
    body: str | bytes | None,
) -> dict[str, Any]:
    """Return the REST proxy event of a request; `resource` is the path of its route.

    Every body is binary for the deployed API, so it comes in base64.
    """
    sent: dict[str, list[str]] = {}
    for name, value in headers:
        sent.setdefault(name, []).append(value)
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    many: dict[str, list[str]] = {}
    for name, value in query:
        many.setdefault(name, []).append(value)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in sent.items()},
        "multiValueHeaders": sent,
        "queryStringParameters": {name: values[-1] for name, values in many.items()} or None,
        "multiValueQueryStringParameters": many or None,
        "pathParameters": path_values or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/api{path}",
            "stage": "api",
            "accountId": ACCOUNT,
            "apiId": "testapi",
            "requestId": "00000000-0000-4000-8000-000000000001",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "tests"},
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }
