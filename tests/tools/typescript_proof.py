"""TypeScript that compiles only if generated types keep everything of the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PLACES = ("query", "header", "path", "cookie")
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

#: Two types are the same only if each may replace the other everywhere: `any` is no `string`.
PRELUDE = """\
import type { components, operations, paths, webhooks } from "./schema";
type Models = components["schemas"];
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
type RequiredKeys<T> = { [K in keyof T]-?: {} extends Pick<T, K> ? never : K }[keyof T];
type Proof<T extends true> = T;
"""


def proof(document: Json) -> str:
    """Return the program for a whole document."""
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    components = document["components"]
    return "".join(
        [
            PRELUDE,
            names_proof(document),
            *(path_proof(path, methods) for path, methods in document["paths"].items()),
            *(operation_proof(operation) for operation in operations),
            *(model_proof(name, schema) for name, schema in components["schemas"].items()),
            *(_example('Models["ProblemDocument"]', one["value"]) for one in components["examples"].values()),
        ]
    )


def names_proof(document: Json) -> str:
    """Return the proof that there are exactly the document's paths, operations, webhooks and models."""
    hooks = {hook["post"]["operationId"] for hook in document["webhooks"].values()}
    names = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}
    return _proofs(
        [
            f"Same<keyof paths, {_union(document['paths'])}>",
            f"Same<keyof operations, {_union(sorted(names | hooks))}>",
            f"Same<keyof webhooks, {_union(document['webhooks'])}>",
            f"Same<keyof Models, {_union(document['components']['schemas'])}>",
        ]
    )


def path_proof(path: str, methods: Json) -> str:
    """Return the proof that a path has exactly its methods, each with its operation."""
    place = f"paths[{json.dumps(path)}]"
    return _proofs(
        f"Same<{place}[{json.dumps(method)}], "
        + (f"operations[{json.dumps(methods[method]['operationId'])}]>" if method in methods else "undefined>")
        for method in _METHODS
    )


def operation_proof(operation: Json) -> str:
    """Return the proof of an operation's parameters, body, answer and problems, with their examples."""
    place = f"operations[{json.dumps(operation['operationId'])}]"
    media = operation.get("requestBody", {}).get("content", {})
    answers = operation["responses"]
    body = f"{{ content: {_content(media)} }}" if media else "undefined"
    return _proofs(
        [
            *_parameter_proofs(f'{place}["parameters"]', operation["parameters"]),
            f'Same<{place}["requestBody"], {body}>',
            f'Same<keyof {place}["responses"], {" | ".join(answers)}>',
            *(
                f'Same<{place}["responses"][{status}]["content"], {_content(answer["content"])}>'
                for status, answer in answers.items()
            ),
        ]
    ) + "".join(
        _example(typescript_type(one["schema"]), one["example"])
        for content in (media, *(answer["content"] for answer in answers.values()))
        for one in content.values()
        if "example" in one
    )


def model_proof(name: str, schema: Json) -> str:
    """Return the proof that a model has exactly its fields, those that must be there, and their types."""
    model = f"Models[{json.dumps(name)}]"
    if "properties" not in schema:
        return _proofs([f"Same<{model}, {typescript_type(schema)}>"])
    return _proofs(_field_proofs(model, schema["properties"], schema.get("required", [])))


def typescript_type(schema: Json) -> str:
    """Return the type of values that a JSON schema allows. Lengths, limits and patterns have no type."""
    if "$ref" in schema:
        return f"Models[{json.dumps(schema['$ref'].rsplit('/', 1)[1])}]"
    if "anyOf" in schema:
        return "(" + " | ".join(map(typescript_type, schema["anyOf"])) + ")"
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return _union(schema["enum"])
    if schema["type"] == "array":
        return f"({typescript_type(schema['items'])})[]"
    if schema["type"] == "object":
        others = schema["additionalProperties"]
        return f"{{ [key: string]: {'unknown' if others is True else typescript_type(others)} }}"
    return _SIMPLE[schema["type"]]


def _parameter_proofs(place: str, parameters: Iterable[Json]) -> Iterator[str]:
    for where in _PLACES:
        found = {one["name"]: one for one in parameters if one["in"] == where}
        if not found:
            yield f'Same<{place}["{where}"], undefined>'
            continue
        required = [name for name, one in found.items() if one["required"]]
        schemas = {name: one["schema"] for name, one in found.items()}
        yield from _field_proofs(f'NonNullable<{place}["{where}"]>', schemas, required)
        yield f'Same<undefined extends {place}["{where}"] ? false : true, {"true" if required else "false"}>'


def _field_proofs(place: str, schemas: Json, required: Iterable[str]) -> Iterator[str]:
    yield f"Same<keyof {place}, {_union(schemas)}>"
    yield f"Same<RequiredKeys<{place}>, {_union(required)}>"
    for name, schema in schemas.items():
        yield f"Same<Required<{place}>[{json.dumps(name)}], {typescript_type(schema)}>"


def _content(content: Json) -> str:
    return (
        "{ "
        + "; ".join(f"{json.dumps(kind)}: {typescript_type(one['schema'])}" for kind, one in content.items())
        + " }"
    )


def _union(names: Iterable[str]) -> str:
    return " | ".join(json.dumps(name) for name in names) or "never"


def _proofs(claims: Iterable[str]) -> str:
    # One line a claim: the compiler names the line of a false one.
    return "".join(f"{{ type _ = Proof<{claim}>; }}\n" for claim in claims)


def _example(kind: str, value: Any) -> str:
    return f"({json.dumps(value, ensure_ascii=False)}) satisfies {kind};\n"
