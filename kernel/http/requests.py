"""Checks and readers of a request. Each reads one part, and raises the problem that answers a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from pydantic import ValidationError
from pydantic_core import to_json

from kernel.base import strict_json
from kernel.base.codes import fold
from kernel.base.problems import (
    AddressTooLong,
    BadRequest,
    FieldProblem,
    Invalid,
    NotAllowed,
    NotFound,
    Problem,
    UnsupportedCharset,
)
from kernel.http import field_messages
from kernel.http.declarations import Operation
from kernel.http.field_messages import DAMAGED, damaged_text_problem, damaged_text_problems, form_problems
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import Body, Query
from kernel.http.principal import Principal

KEY_HEADER = "Idempotency-Key"
#: Bytes of a path and its query. API Gateway takes 10,240 with all headers.
MAX_ADDRESS = 8_192

_MAX_KEY = 255
_MAX_PATH_VALUE = 200
#: The number of rows of the longest list we take: enough to correct a file in one go, and no endless answer.
_MAX_PROBLEMS = 1_000
_UTF_8 = frozenset({"utf-8", "utf8"})
_DAMAGED_BYTES = DAMAGED.encode()


def check_role(operation: Operation, caller: Principal | None) -> None:
    """Refuse a caller who has none of the route's roles. Only a public route has no caller.

    Raises:
        NotAllowed: always the same, before anything of the request is read.
    """
    if not operation.public and not (caller and caller.roles & operation.roles):
        raise NotAllowed


def check_charset(request: Any) -> None:
    """Refuse a request that declares another charset than UTF-8; without a declaration it is UTF-8 (RFC 8259).

    Raises:
        UnsupportedCharset: always the same.
    """
    for content_type in sent_values(request, "content-type"):
        if "charset" in content_type.lower() and not _charsets(content_type) <= _UTF_8:
            raise UnsupportedCharset


def _charsets(content_type: str) -> set[str]:
    parameters = (part.partition("=") for part in content_type.lower().split(";")[1:])
    return {value.strip().strip("\"'") for name, _, value in parameters if name.strip().startswith("charset")}


def sent_values(request: Any, name: str) -> list[str]:
    """Return all values of a header, in the order in which they were sent. `name` is in lower case."""
    sent: Mapping[str, Sequence[str]] = request.to_original_event().get("multiValueHeaders") or {}
    return [value for header, values in sent.items() if header.lower() == name for value in values]


def read_path_values(operation: Operation, path_values: dict[str, str]) -> dict[str, str]:
    """Return the path variables as the client meant them: "A%2FB-1" is "A/B-1", and codes in their folded form.

    API Gateway chooses the route by the path as it was sent and passes its parts on as they are.

    Raises:
        Invalid: the text of a variable lost characters.
        NotFound: a value cannot be part of a key, so it names nothing.
    """
    values = {name: unquote(value) if "%" in value else value for name, value in path_values.items()}
    damaged = [damaged_text_problem([name]) for name, value in values.items() if DAMAGED in value]
    if damaged:
        raise Invalid(damaged)
    # A longer value names nothing.
    values |= {name: fold(values[name]) for name in operation.path_codes if len(values[name]) <= _MAX_PATH_VALUE}
    if not all(_is_valid_path_value(value) for value in values.values()):
        raise NotFound
    return values


def _is_valid_path_value(value: str) -> bool:
    """True for a value within the database's bounds of a key, and without the mark between the parts of a key."""
    return 0 < len(value) <= _MAX_PATH_VALUE and "#" not in value and value.isprintable()


def read_query(operation: Operation, request: Any) -> Query | None:
    """Return the query parameters as the route's model, None for a route without one.

    Raises:
        AddressTooLong: no route needs as much.
        Invalid: names every parameter that is wrong, unknown, sent twice or damaged.
    """
    sent: Mapping[str, Sequence[str]] = request.to_original_event().get("multiValueQueryStringParameters") or {}
    if operation.query is None and not sent:
        return None
    if sum(len(name) + len(value) for name, values in sent.items() for value in values) > MAX_ADDRESS:
        raise AddressTooLong(MAX_ADDRESS)
    model = operation.query or _NoQuery
    problems = [_repeated(name) for name, values in sent.items() if len(values) > 1]
    problems += [damaged_text_problem([name]) for name, values in sent.items() if DAMAGED in name + "".join(values)]
    try:
        query = model.model_validate({name: values[-1] for name, values in sent.items()})
    except ValidationError as error:
        known = {problem.field for problem in problems}
        problems += [problem for problem in form_problems(model, error, _MAX_PROBLEMS) if problem.field not in known]
    if problems:
        raise Invalid(problems)
    return query


class _NoQuery(Query):
    """No parameters, for a route that takes none."""


def _repeated(name: str) -> FieldProblem:
    detail = "参数只能出现一次,如 ?a=1,请删除多余的 / sent more than once; send it once, such as ?a=1"
    return FieldProblem(field=field_messages.field_name([name]), code="repeated", detail=detail)


def read_body(
    operation: Operation, request: Any, caller: Principal | None, path_values: Mapping[str, str]
) -> Body | None:
    """Return the body as the route's model, None for a route without one.

    Raises:
        BadRequest: the body is not strict JSON.
        Invalid: names every wrong field, those of wrong content too if the route has a check of content.
    """
    if operation.body is None:
        return None
    value = strict_json.parse(request.raw_body)
    # Serialized once more: from Python values, a strict model takes no text for a date or a choice.
    serialized = to_json(value)
    problems = damaged_text_problems(value) if _DAMAGED_BYTES in serialized else []
    try:
        body = operation.body.model_validate_json(serialized)
    except ValidationError as error:
        body = None
        problems += form_problems(operation.body, error, _MAX_PROBLEMS)
    problems += operation.body.problems_across(value)
    if body is None or problems:
        raise Invalid([*problems, *_content_problems(operation, value, problems, caller, path_values)][:_MAX_PROBLEMS])
    return body


def _content_problems(
    operation: Operation,
    value: Any,
    form: Sequence[FieldProblem],
    caller: Principal | None,
    path_values: Mapping[str, str],
) -> list[FieldProblem]:
    check = operation.check
    if check is None or operation.body is None or not isinstance(value, dict):
        return []
    from kernel.http.content_checks import content_problems  # only refusals need it

    given = {"caller": caller, **path_values}
    taken = {name: given[name] for name in operation.check_takes if name != "body"}
    return content_problems(operation.body, value, form, lambda body: check(body=body, **taken))


def with_row_names(operation: Operation, request: Any, error: Exception) -> Exception:
    """Return a refusal with the names of the rows that its problems are about; any other error as it is."""
    if isinstance(error, Problem) and error.fields and operation.body is not None:
        try:
            value = strict_json.parse(request.raw_body)
        except Problem:
            return error
        error.fields = field_messages.with_row_names(error.fields, value)
    return error


def idempotency_key_of(
    operation: Operation,
    request: Any,
    caller: Principal | None,
    path_values: dict[str, str],
    body: Body | None,
) -> IdempotencyKey | None:
    """Return the Idempotency-Key bound to caller, route and content, None for a route that takes none.

    Raises:
        BadRequest: the header is missing, malformed, or sent more than once.
    """
    if not operation.takes_key or caller is None:
        return None
    return IdempotencyKey.of(
        who=caller.scope,
        route=f"{operation.method} {operation.path}",
        key=single_key(sent_values(request, KEY_HEADER.lower())),
        path=path_values,
        body=body,
        status=operation.status,
    )


def single_key(sent: Iterable[str]) -> str:
    """Return the one value of the Idempotency-Key header.

    Raises:
        BadRequest: there is none or more than one, or it contains other than printable ASCII or a #.
    """
    values = list(sent)
    if len(values) > 1:
        detail = f"{KEY_HEADER} 只能出现一次,如 po-20261123-1 / send {KEY_HEADER} once, such as po-20261123-1"
        raise _bad_key("idempotency-key-repeated", "repeated", detail)
    key = values[0] if values else ""
    if not 1 <= len(key) <= _MAX_KEY or not key.isascii() or not key.isprintable() or "#" in key:
        detail = (
            f"请提供 {KEY_HEADER}:1–{_MAX_KEY} 个半角字母、数字或符号(# 除外),如 po-20261123-1 / "
            f"send an {KEY_HEADER} header of 1-{_MAX_KEY} ASCII characters other than #, such as po-20261123-1"
        )
        raise _bad_key("idempotency-key-required", "missing-or-malformed", detail)
    return key


def _bad_key(code: str, field_code: str, detail: str) -> BadRequest:
    return BadRequest(code, detail, [FieldProblem(field=KEY_HEADER, code=field_code, detail=detail)])
