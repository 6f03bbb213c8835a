"""Refusals speak the trade and travel as RFC 9457 problem details; nobody picks a status by reading a message."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict

CONTENT_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One thing wrong with one field: `lines.3.quantity`, a stable code, and what to do, Chinese beside English."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    field: str
    code: str
    detail: str


class Problem(Exception):
    """A refusal with a stable code and a sentence the reader can act on. Subclasses fix the family's status.

    Args:
        code: stable, lower case with dashes; clients branch on it.
        detail: what is wrong and what to do, Chinese first: "库存不足 / not enough stock".
        fields: everything wrong with single fields, all at once.
        facts: further machine-readable members of the problem document.
    """

    status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, code: str, detail: str, fields: Iterable[FieldProblem] = (), **facts: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.fields = tuple(fields)
        self.facts = facts

    def document(self) -> dict[str, Any]:
        """The RFC 9457 document."""
        document = problem_document(self.status, self.code, self.detail) | self.facts
        if self.fields:
            document["errors"] = [problem.model_dump() for problem in self.fields]
        return document


def problem_document(status: HTTPStatus, code: str, detail: str) -> dict[str, Any]:
    """The members every RFC 9457 document of ours has."""
    return {
        "type": f"urn:qudao:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
    }


class BadRequest(Problem):
    """The request cannot be read: broken JSON, a missing header, a forged cursor."""

    status = HTTPStatus.BAD_REQUEST


class NotSignedIn(Problem):
    """No token, or one we do not trust. One message for every cause, so that nothing can be learnt from it."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__("not-signed-in", "请先登录 / sign in and send a valid token as 'Authorization: Bearer …'")


class NotAllowed(Problem):
    """Signed in, but this role may not do this."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("not-allowed", "您的角色不能执行此操作 / your role may not do this; ask your administrator")


class NotFound(Problem):
    """No such thing, or not the caller's: the two are indistinguishable."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("not-found", "未找到 / there is no such thing here; check the address")


class Refusal(Problem):
    """Understood, but against a rule or the present state."""

    status = HTTPStatus.CONFLICT


class TooLarge(Problem):
    """More bytes than we read."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Stale(Problem):
    """`If-Match` names a version that is no longer the current one."""

    status = HTTPStatus.PRECONDITION_FAILED

    def __init__(self) -> None:
        super().__init__("stale", "内容已被更新,请刷新后重试 / changed since you read it; read it again and retry")


class Invalid(Problem):
    """The request is readable but fields are wrong; `errors` names every one of them."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, fields: Iterable[FieldProblem], code: str = "invalid-fields") -> None:
        super().__init__(code, "请更正标出的字段 / correct the fields named in 'errors' and send again", fields)


class KeyReused(Problem):
    """An idempotency key came back with another request."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self) -> None:
        super().__init__(
            "idempotency-key-reused",
            "此幂等键已用于另一请求 / this Idempotency-Key belongs to another request; use a new key",
            [FieldProblem(field="Idempotency-Key", code="reused", detail="使用新键 / use a new key")],
        )


class Busy(Problem):
    """Others are changing the same things just now; the same request may be sent again."""

    status = HTTPStatus.CONFLICT

    def __init__(self) -> None:
        super().__init__("busy", "正在处理,请稍后用同一幂等键重试 / in flight; retry with the same Idempotency-Key")
