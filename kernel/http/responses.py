"""Responses: an answer as JSON, a refusal or a fault as an RFC 9457 problem document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Response

from kernel.base import observability, strict_json
from kernel.base.problems import CONTENT_TYPE, Busy, Problem
from kernel.http.declarations import Operation
from kernel.store.transaction import TransactionRefused

#: Header with the id of the request, which finds its log lines.
REQUEST_ID_HEADER = "X-Request-Id"

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_response(status: int, text: str) -> Response:
    """Return an answer that is JSON already."""
    return Response(text, {"Content-Type": "application/json", **_HEADERS}, status)


def problem_response(status: int, document: dict[str, Any], headers: Mapping[str, str] = {}) -> Response:
    """Return a problem document, with the id of the request that people can quote."""
    if request_id := observability.request_id():
        document = document | {"request_id": request_id}
    return Response(strict_json.canonical(document), {"Content-Type": CONTENT_TYPE, **_HEADERS, **headers}, status)


def error_response(operation: Operation, error: Exception) -> Response:
    """Log the error that is being handled, and return the problem document that answers it."""
    if isinstance(error, Problem):
        problem = error
        observability.logger().info("refused", operation=operation.name, code=problem.code, status=int(problem.status))
    elif isinstance(error, TransactionRefused):
        # Another request changed the same items between our read and our write; nothing was written.
        problem = Busy()
        observability.logger().info("overtaken", operation=operation.name, conditions=str(error))
    else:
        # The answer hides the cause; the log line has it, under the id that the caller can quote.
        problem = Problem(
            "internal-error",
            "系统错误,已记录,请稍后重试 / our fault and recorded; retry later",
        )
        observability.logger().exception("failed", operation=operation.name)
        observability.count("RequestFailed")
    return problem_response(int(problem.status), problem.document(), problem.headers)
