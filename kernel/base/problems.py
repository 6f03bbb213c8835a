"""Refusals as RFC 9457 problem documents. The class of a problem decides its HTTP status."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict

CONTENT_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """Problem of one field: its path (`lines.3.quantity`), a stable code, and advice in Chinese and English.

    `row`: what the row of the field is called by people: its SKU, user name or dealer id.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    field: str
    code: str
    detail: str
    row: str | None = None


class Problem(Exception):
    """Refusal with a stable code and advice for the user. Subclasses set the HTTP status.

    Args:
        code: stable, lower case with dashes; clients may test it.
        detail: problem and advice, Chinese first: "库存不足 / not enough stock".
        fields: problems of single fields.
        facts: further members of the problem document.
    """

    status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR
    #: Further headers of the answer.
    headers: Mapping[str, str] = {}

    def __init__(self, code: str, detail: str, fields: Iterable[FieldProblem] = (), **facts: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.fields = tuple(fields)
        self.facts = facts

    def document(self) -> dict[str, Any]:
        """Return the RFC 9457 document."""
        document = problem_document(self.status, self.code, self.detail) | self.facts
        if self.fields:
            document["errors"] = [problem.model_dump(exclude_none=True) for problem in self.fields]
        return document


def problem_document(status: HTTPStatus, code: str, detail: str) -> dict[str, Any]:
    """Return the members that every problem document has."""
    return {
        "type": f"urn:qudao:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
    }


class BadRequest(Problem):
    """The request cannot be read: invalid JSON, a missing header, a forged cursor."""

    status = HTTPStatus.BAD_REQUEST


class NotSignedIn(Problem):
    """No token, or an invalid one. One message for every cause, so that an attacker learns nothing."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__("not-signed-in", "请先登录 / sign in and send a valid token as 'Authorization: Bearer …'")


class SignInUnavailable(Problem):
    """The token cannot be checked now, because the issuer does not answer. It may well be valid."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            "sign-in-unavailable",
            "登录服务暂时无法访问,无需重新登录,请半分钟后重试 / the sign-in service cannot be reached; "
            "retry in half a minute, you need not sign in anew",
        )
        self.headers = {"Retry-After": str(retry_after_seconds)}


class NotAllowed(Problem):
    """The role of the caller does not allow the request."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("not-allowed", "您的角色不能执行此操作 / your role may not do this; ask your administrator")


class NotFound(Problem):
    """The object does not exist, or belongs to another dealer: the answer is the same.

    Args:
        fields: path variables that name nothing, where every user may read what they could name.
    """

    status = HTTPStatus.NOT_FOUND

    def __init__(self, fields: Iterable[FieldProblem] = ()) -> None:
        super().__init__("not-found", "未找到 / there is no such thing here; check the address", fields)


class Refusal(Problem):
    """A rule or the present state does not allow the request."""

    status = HTTPStatus.CONFLICT


class TooLarge(Problem):
    """The body is too large."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class AddressTooLong(Problem):
    """The address with its query is longer than API Gateway takes."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG

    def __init__(self, most: int) -> None:
        super().__init__(
            "address-too-long",
            f"地址和查询参数合计超过 {most} 字节,请缩短 / address and query exceed {most} bytes; ask for less at once",
        )


class UnsupportedCharset(Problem):
    """The request declares another charset than UTF-8."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE

    def __init__(self) -> None:
        super().__init__(
            "unsupported-charset",
            "只接受 UTF-8,请转换编码后重发,如 Content-Type: application/json; charset=utf-8 / "
            "only UTF-8 is read; convert the text and send it again, such as 'application/json; charset=utf-8'",
        )


class Stale(Problem):
    """The request names a version that is no longer stored."""

    status = HTTPStatus.PRECONDITION_FAILED

    def __init__(self) -> None:
        super().__init__("stale", "内容已被更新,请刷新后重试 / changed since you read it; read it again and retry")


class Invalid(Problem):
    """Fields of the request are wrong; `errors` names all of them."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, fields: Iterable[FieldProblem], code: str = "invalid-fields") -> None:
        super().__init__(code, "请更正标出的字段 / correct the fields named in 'errors' and send again", fields)


def raise_together(*checks: Callable[[], Any]) -> list[Any]:
    """Return the results of all checks.

    Raises:
        Invalid: names the wrong fields that any check found.
    """
    results: list[Any] = []
    problems: list[FieldProblem] = []
    for check in checks:
        try:
            results.append(check())
        except Invalid as invalid:
            problems += invalid.fields
    if problems:
        raise Invalid(problems)
    return results


class KeyReused(Problem):
    """An idempotency key was used before with another request."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self) -> None:
        super().__init__(
            "idempotency-key-reused",
            "此幂等键已用于另一请求 / this Idempotency-Key belongs to another request; use a new key",
            [FieldProblem(field="Idempotency-Key", code="reused", detail="使用新键 / use a new key")],
        )


class Busy(Problem):
    """Others are changing the same items; the same request may be sent again."""

    status = HTTPStatus.CONFLICT

    def __init__(self) -> None:
        super().__init__("busy", "正在处理,请稍后用同一幂等键重试 / in flight; retry with the same Idempotency-Key")
