"""Checks and readers of a request. Each reads one part, and raises the problem that answers a wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from kernel.base import strict_json
from kernel.base.problems import BadRequest, FieldProblem, Invalid, NotAllowed, NotFound
from kernel.http.declarations import Operation
from kernel.http.field_messages import field_problem
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import Body, Query
from kernel.http.principal import Principal

KEY_HEADER = "Idempotency-Key"

_MAX_KEY = 255
_MAX_PATH_VALUE = 200
#: The number of rows of the longest list we take: enough to correct a file in one go, and no endless answer.
_MAX_PROBLEMS = 1_000


def check_role(operation: Operation, caller: Principal | None) -> None:
    """Refuse a caller who has none of the route's roles. Only a public route has no caller.

    Raises:
        NotAllowed: always the same, before anything of the request is read.
    """
    if not operation.public and not (caller and caller.roles & operation.roles):
        raise NotAllowed


def check_path_values(path_values: dict[str, str]) -> None:
    """Refuse a path value that cannot be part of a key.

    Raises:
        NotFound: such a value names nothing.
    """
    if not all(_is_valid_path_value(value) for value in path_values.values()):
        raise NotFound


def _is_valid_path_value(value: str) -> bool:
    """True for a value within the database's bounds of a key, and without the mark between the parts of a key."""
    return 0 < len(value) <= _MAX_PATH_VALUE and "#" not in value and value.isprintable()


def read_query(operation: Operation, request: Any) -> Query | None:
    """Return the query parameters as the route's model, None for a route without one.

    Raises:
        Invalid: names every wrong parameter.
    """
    if operation.query is None:
        return None
    sent = request.query_params or {}
    try:
        return operation.query.model_validate({name: sent[name] for name in sent})
    except ValidationError as error:
        raise Invalid(_field_problems(error)) from None


def read_body(operation: Operation, request: Any) -> Body | None:
    """Return the body as the route's model, None for a route without one.

    Raises:
        BadRequest: the body is not strict JSON.
        Invalid: names every wrong field.
    """
    if operation.body is None:
        return None
    value = strict_json.parse(request.raw_body)
    try:
        # Serialized once more: from Python values, a strict model takes no text for a date or a choice.
        body, problems = operation.body.model_validate_json(to_json(value)), []
    except ValidationError as error:
        body, problems = None, _field_problems(error)
    problems += operation.body.problems_across(value)
    if body is None or problems:
        raise Invalid(problems[:_MAX_PROBLEMS])
    return body


def idempotency_key_of(
    operation: Operation,
    headers: Mapping[str, str],
    caller: Principal | None,
    path_values: dict[str, str],
    body: Body | None,
) -> IdempotencyKey | None:
    """Return the Idempotency-Key bound to caller, route and content, None for a route that takes none.

    Raises:
        BadRequest: the header is missing or malformed.
    """
    if not operation.takes_key or caller is None:
        return None
    sent = headers.get(KEY_HEADER, "")
    if not 1 <= len(sent) <= _MAX_KEY or not sent.isascii() or not sent.isprintable() or "#" in sent:
        detail = f"请提供 1–{_MAX_KEY} 个字符的 {KEY_HEADER} / send an {KEY_HEADER} header of 1-{_MAX_KEY} characters"
        problem = FieldProblem(field=KEY_HEADER, code="missing-or-malformed", detail=detail)
        raise BadRequest("idempotency-key-required", detail, [problem])
    return IdempotencyKey.of(
        who=caller.scope,
        route=f"{operation.method} {operation.path}",
        key=sent,
        path=path_values,
        body=body,
        status=operation.status,
    )


def _field_problems(error: ValidationError) -> list[FieldProblem]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [field_problem(one) for one in found[:_MAX_PROBLEMS]]
