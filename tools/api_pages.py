"""OpenAPI document as an HTML page: rendered on the server, without scripts or external resources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

Json = dict[str, Any]

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("pages")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(document: Json) -> str:
    """Return the page. Every value of the document is escaped."""
    services: dict[str, list[Json]] = {tag["name"]: [] for tag in document.get("tags", [])}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            services.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    schemas = document.get("components", {}).get("schemas", {})
    return _templates.get_template("api.html").render(
        title=document["info"]["title"],
        description=document["info"].get("description", ""),
        services=services,
        events=[_event(name, hook["post"]) for name, hook in document.get("webhooks", {}).items()],
        models=[{"name": name, **_model(schema)} for name, schema in sorted(schemas.items())],
    )


def _operation(method: str, path: str, operation: Json) -> Json:
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [
            {
                "name": parameter["name"],
                "place": parameter["in"],
                "required": parameter.get("required", False),
                "kind": _kind(parameter["schema"]),
                "limits": _limits(parameter["schema"]),
            }
            for parameter in operation.get("parameters", [])
        ],
        "body": _content_kind(operation.get("requestBody", {})),
        "answers": [
            {"status": status, "description": answer["description"], "kind": _content_kind(answer)}
            for status, answer in operation["responses"].items()
        ],
    }


def _event(name: str, post: Json) -> Json:
    envelope = next(iter(post["requestBody"]["content"].values()))["schema"]
    return {"name": name, "summary": post.get("summary", ""), "kind": _kind(envelope["properties"]["data"])}


def _content_kind(holder: Json) -> Json | None:
    for content in holder.get("content", {}).values():
        return _kind(content["schema"])
    return None


def _model(schema: Json) -> Json:
    required = schema.get("required", [])
    return {
        "description": schema.get("description", ""),
        "values": schema.get("enum", []),
        "fields": [
            {
                "name": name,
                "required": name in required,
                "kind": _kind(field),
                "limits": _limits(field),
                "description": field.get("description", ""),
            }
            for name, field in schema.get("properties", {}).items()
        ],
    }


def _kind(schema: Json) -> Json:
    """Return the type of a value in words, and the name of its model, None without a model."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return {"words": name, "model": name}
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            kinds = [_kind(alternative) for alternative in schema[choice]]
            model = next((kind["model"] for kind in kinds if kind["model"]), None)
            return {"words": " | ".join(kind["words"] for kind in kinds), "model": model}
    if schema.get("type") == "array":
        inner = _kind(schema.get("items", {}))
        return {"words": f"{inner['words']}[]", "model": inner["model"]}
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return {"words": " | ".join(repr(value) for value in values), "model": None}
    words = schema.get("format") or schema.get("type") or "any"
    return {"words": str(words), "model": None}


_LIMITS = {
    "minLength": "≥ {} 字符 / characters",
    "maxLength": "≤ {} 字符 / characters",
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "exclusiveMinimum": "> {}",
    "exclusiveMaximum": "< {}",
    "minItems": "≥ {} 项 / items",
    "maxItems": "≤ {} 项 / items",
    "pattern": "{}",
    "default": "默认 / default {}",
}


def _limits(schema: Json) -> str:
    inner: Json = next((choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"), {})
    found = {**inner, **schema}
    return ", ".join(words.format(found[name]) for name, words in _LIMITS.items() if found.get(name) is not None)
