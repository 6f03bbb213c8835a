"""OpenAPI 3.1 document of all services, built from the declared routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kernel.base.problems import CONTENT_TYPE, FieldProblem, problem_document
from kernel.http.app import ServiceApp
from kernel.http.declarations import Operation
from kernel.messaging.events import Event, event_types
from tools.openapi.examples import example_of
from tools.openapi.refusals import refusal_codes
from tools.openapi.schema_names import with_plain_names
from tools.openapi.webhooks import webhook

_REFUSALS = {
    400: "无法读取 / the request cannot be read",
    401: "未登录 / not signed in",
    403: "无权限 / not allowed",
    404: "未找到 / no such thing, or not yours",
    409: "与规则或当前状态冲突 / against a rule or the present state",
    412: "内容已被更新 / changed since you read it",
    413: "过大 / too large",
    414: "地址过长 / the address with its query is too long",
    415: "只接受 UTF-8 / only UTF-8 is read",
    422: "字段有误 / fields are wrong",
    503: "暂时无法核实登录 / sign-in cannot be checked now",
}
_REQUEST_ID = "79104f8c-2c3b-4b8e-9d57-0f3a5c1e6b42"


class ProblemDocument(BaseModel):
    """RFC 9457 problem details: a stable `code`, advice, every wrong field, and the id of the request to quote."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[FieldProblem] = []


class _Schemas:
    """Schemas of all models, and references to them."""

    def __init__(self, operations: Iterable[Operation], events: Iterable[type[Event]]) -> None:
        models: list[tuple[type[BaseModel], Any]] = [(ProblemDocument, "serialization")]
        for operation in operations:
            models.append((operation.answer, "serialization"))
            models += [(model, "validation") for model in (operation.body, operation.query) if model]
        models += [(event, "serialization") for event in events]
        self._references, made = models_json_schema(
            list(dict.fromkeys(models)), ref_template="#/components/schemas/{model}"
        )
        self.by_name: dict[str, Any] = made.get("$defs", {})

    def read(self, model: type[BaseModel]) -> Any:
        """Return the reference to a model as it is received."""
        return self._references[(model, "validation")]

    def written(self, model: type[BaseModel]) -> Any:
        """Return the reference to a model as it is answered."""
        return self._references[(model, "serialization")]

    def media(self, reference: Any, *, every_field: bool = True) -> dict[str, Any]:
        """Return a model with an example, as the content of a body."""
        return {"schema": reference, "example": example_of(reference, self.by_name, every_field=every_field)}


def build_document(apps: Iterable[ServiceApp]) -> dict[str, Any]:
    """Return the document of these services, with public paths: `/api/<service>/…`."""
    served = sorted(apps, key=lambda app: app.service)
    operations = [(app.service, operation) for app in served for operation in app.operations]
    events = {name: event for name, event in sorted(event_types().items()) if event.PUBLIC}
    schemas = _Schemas((operation for _, operation in operations), events.values())
    codes = {operation: refusal_codes(operation) for _, operation in operations}
    paths: dict[str, Any] = {}
    for service, operation in operations:
        described = _operation(service, operation, codes[operation], schemas)
        paths.setdefault(f"/api/{service}{operation.path}", {})[operation.method.lower()] = described
    return with_plain_names(
        {
            "openapi": "3.1.1",
            "info": {
                "title": "渠道 Qudao",
                "version": "1",
                "description": "订货、发货、对账、通知与售后 / ordering, shipping, statements, notices, service",
            },
            "servers": _SERVERS,
            "tags": [{"name": app.service} for app in served],
            "security": [{"token": []}],
            "paths": dict(sorted(paths.items())),
            "webhooks": {
                name: webhook(event, schemas.written(event), schemas.by_name) for name, event in events.items()
            },
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "OpenID Connect ID token"}
                },
                "examples": _problem_examples(codes.values()),
                "schemas": schemas.by_name,
            },
        }
    )


_SERVERS = [
    {
        "url": "https://{stage}.{domain}",
        "description": "自有域名,见 docs/operating.md / the domain of your deployment, see docs/operating.md",
        "variables": {
            "stage": {"default": "prod", "description": "环境 / stage, such as prod or dev"},
            "domain": {"default": "qudao.example.com", "description": "域名 / domain"},
        },
    },
    {"url": "http://127.0.0.1:8080", "description": "本机 / the local run"},
]


def _operation(
    service: str, operation: Operation, codes: Mapping[int, Iterable[str]], schemas: _Schemas
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{service}_{operation.name}",
        "tags": [service],
        "summary": operation.summary,
        "description": "公开,无需登录 / public, without a token"
        if operation.public
        else "角色 / roles: " + ", ".join(sorted(operation.roles)),
        "security": [] if operation.public else [{"token": []}],
        "parameters": _parameters(operation, schemas),
        "responses": {
            str(operation.status): {
                "description": "成功 / success",
                "content": {"application/json": schemas.media(schemas.written(operation.answer))},
            },
            **{str(status): _refusal(status, found, schemas) for status, found in codes.items()},
        },
    }
    if operation.body:
        # A field that may be left out means "unchanged" or a default: an example names what has to be there.
        media = schemas.media(schemas.read(operation.body), every_field=False)
        described["requestBody"] = {"required": True, "content": {"application/json": media}}
    return described


def _refusal(status: int, codes: Iterable[str], schemas: _Schemas) -> dict[str, Any]:
    named = list(codes)
    return {
        "description": f"{_REFUSALS[status]}: {', '.join(named)}",
        "content": {
            CONTENT_TYPE: {
                "schema": schemas.written(ProblemDocument),
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in named},
            }
        },
    }


def _problem_examples(codes: Iterable[Mapping[int, Iterable[str]]]) -> dict[str, Any]:
    found = {code: status for by_status in codes for status, named in by_status.items() for code in named}
    examples = {}
    for code, status in sorted(found.items()):
        value = problem_document(HTTPStatus(status), code, _REFUSALS[status]) | {"request_id": _REQUEST_ID}
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            detail = "与 lines.0 重复 / the same as lines.0"
            problem = FieldProblem(field="lines.1.sku", code="repeated", detail=detail, row="QP3-03-E2730")
            value["errors"] = [problem.model_dump()]
        examples[code] = {"summary": f"{status} {code}", "value": value}
    return examples


def _parameters(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [_path_parameter(name) for name in operation.path_names]
    if operation.takes_key:
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema}
        found.append({**key, "example": "po-20261123-1"})
    if operation.query:
        described = schemas.by_name[schemas.read(operation.query)["$ref"].rsplit("/", 1)[1]]
        required = described.get("required", [])
        for name, schema in described.get("properties", {}).items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": schema})
    return found


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema,
        "example": example_of(schema, {}, named=name),
    }
