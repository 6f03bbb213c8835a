"""Every refusal in any test must be one that the API document names for its operation."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus

from kernel.http.app import ServiceApp
from kernel.http.declarations import Operation
from tests.support.gateway import Response
from tools import paths
from tools.openapi.refusals import refusal_codes


def require_declared(app: ServiceApp, operation: Operation, response: Response) -> None:
    """Fail the test if a service refuses with a status or code that its operation does not declare."""
    if not HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR or not _is_shipped(app.service):
        return
    declared = _codes(operation).get(response.status, ())
    assert response.json["code"] in declared, (
        f"{app.service} {operation.method} {operation.path} answers {response.status} {response.json['code']}, which "
        f"docs/openapi.json does not name: name the code in a 'Raises' section of a function that the handler calls"
    )


@cache
def _is_shipped(service: str) -> bool:
    return service in paths.services()


@cache
def _codes(operation: Operation) -> dict[int, tuple[str, ...]]:
    return refusal_codes(operation)
