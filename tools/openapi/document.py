"""OpenAPI 3.1 document of all services, built from the declared routes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kernel.base.problems import CONTENT_TYPE, FieldProblem
from kernel.http.app import ServiceApp
from kernel.http.declarations import Operation
from kernel.messaging.events import event_types

_REFUSALS = {
    "400": "无法读取 / the request cannot be read",
    "401": "未登录 / not signed in",
    "403": "无权限 / not allowed",
    "404": "未找到 / no such thing, or not yours",
    "409": "与规则或当前状态冲突 / against a rule or the present state",
    "413": "过大 / too large",
    "414": "地址过长 / the address with its query is too long",
    "415": "只接受 UTF-8 / only UTF-8 is read",
    "422": "字段有误 / fields are wrong",
}


class ProblemDocument(BaseModel):
    """RFC 9457 problem details: a stable `code`, advice, every wrong field, and the id of the request to quote."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[FieldProblem] = []


def build_document(apps: Iterable[ServiceApp]) -> dict[str, Any]:
    """Return the document of these services, with public paths: `/api/<service>/…`."""
    served = sorted(apps, key=lambda app: app.service)
    operations = [(app.service, operation) for app in served for operation in app.operations]
    events = event_types()
    models: list[tuple[type[BaseModel], Any]] = [(ProblemDocument, "serialization")]
    for _, operation in operations:
        models.append((operation.answer, "serialization"))
        models += [(model, "validation") for model in (operation.body, operation.query) if model]
    models += [(event, "serialization") for event in events.values()]
    names, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template="#/components/schemas/{model}")
    paths: dict[str, Any] = {}
    for service, operation in operations:
        described = _operation(service, operation, names, definitions.get("$defs", {}))
        paths.setdefault(f"/api/{service}{operation.path}", {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "渠道 Qudao",
            "version": "1",
            "description": "订货、发货、对账、通知与售后 / ordering, shipping, statements, notices, service tickets.",
        },
        "tags": [{"name": app.service} for app in served],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "webhooks": {
            name: _webhook(name, names[(event, "serialization")], event.__doc__)
            for name, event in sorted(events.items())
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "OpenID Connect ID token"}
            },
            "schemas": definitions.get("$defs", {}),
        },
    }


def _operation(service: str, operation: Operation, names: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{service}_{operation.name}",
        "tags": [service],
        "summary": operation.summary,
        "description": "公开,无需登录 / public, without a token"
        if operation.public
        else "角色 / roles: " + ", ".join(sorted(operation.roles)),
        "parameters": _parameters(operation, names, schemas),
        "responses": {
            str(operation.status): {
                "description": "成功 / success",
                "content": {"application/json": {"schema": names[(operation.answer, "serialization")]}},
            },
            **{status: _refusal(text, names) for status, text in _REFUSALS.items()},
        },
    }
    if operation.public:
        described["security"] = []
    if operation.body:
        schema = names[(operation.body, "validation")]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _refusal(text: str, names: Any) -> dict[str, Any]:
    return {"description": text, "content": {CONTENT_TYPE: {"schema": names[(ProblemDocument, "serialization")]}}}


def _parameters(operation: Operation, names: Any, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in operation.path_names
    ]
    if operation.takes_key:
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema})
    if operation.query:
        described = schemas[names[(operation.query, "validation")]["$ref"].rsplit("/", 1)[1]]
        required = described.get("required", [])
        for name, schema in described.get("properties", {}).items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": schema})
    return found


def _webhook(name: str, schema: Any, docstring: str | None) -> dict[str, Any]:
    envelope = {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "sequence", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string"},
            "source": {"type": "string"},
            "type": {"const": name},
            "subject": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "sequence": {"type": "integer", "minimum": 1},
            "dealerid": {"type": "string"},
            "data": schema,
        },
    }
    return {
        "post": {
            "operationId": f"event_{name.replace('.', '_')}",
            "summary": (docstring or name).strip().splitlines()[0],
            "requestBody": {"content": {"application/cloudevents+json": {"schema": envelope}}},
            "responses": {"2XX": {"description": "收到 / received"}},
        }
    }
