"""Request bodies that differ from a valid body in one field."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support.declarations import operation_of, scenarios_file
from tests.support.trigger import Case

#: Keys and indexes from the body to a field.
FieldPath = tuple[Any, ...]

LONG = "x" * 100_000
#: Values no field of this JSON type accepts.
WRONG_VALUES: dict[type, list[Any]] = {
    str: [5, True, 1.5, [], {}, ["x"], LONG, "a\u0000b", "a\u202eb"],
    int: ["5", True, False, 1.5, [], {}, [1], "", -1, 10**18, 10**39, 1e300],
    bool: [1, 0, "true", [], {}],
    list: [{}, "x", 5, True, [5], [[]], ["x", 5], [None]],
    dict: [[], "x", 5, True],
}
_FORBIDDEN = ("canary", "pk", "kind", "version", "expires_at", "status", "gross_fen", "dealer_id", "role")


def fields_of(value: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Yield every field of a valid body with its path; of a list only the first entry."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from fields_of(inner, (*path, name))
    if isinstance(value, list) and value:
        yield from fields_of(value[0], (*path, 0))


def changed(body: Any, path: FieldPath, value: Any) -> Any:
    """Return the body with another value at the path."""
    body = copy.deepcopy(body)
    _parent(body, path)[path[-1]] = value
    return body


def without(body: Any, path: FieldPath) -> Any:
    """Return the body without the field at the path."""
    body = copy.deepcopy(body)
    del _parent(body, path)[path[-1]]
    return body


def _parent(body: Any, path: FieldPath) -> Any:
    for step in path[:-1]:
        body = body[step]
    return body


class BodySchema:
    """JSON schema of the body of a case's route."""

    def __init__(self, case: Case) -> None:
        model = operation_of(case).body
        assert model is not None
        self._schema = model.model_json_schema()

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while True:
            if "$ref" in schema:
                schema = self._schema["$defs"][schema["$ref"].rpartition("/")[2]]
            elif "anyOf" in schema:
                schema = next(option for option in schema["anyOf"] if option.get("type") != "null")
            else:
                return schema

    def _at(self, path: FieldPath) -> dict[str, Any]:
        schema = self._schema
        for step in path:
            schema = self._resolved(schema)
            if step == 0:
                schema = schema.get("items") or schema["prefixItems"][0]
            else:
                schema = schema.get("properties", {}).get(step) or schema["additionalProperties"]
        return schema

    def may_be_null(self, path: FieldPath) -> bool:
        return any(option.get("type") == "null" for option in self._at(path).get("anyOf", []))

    def is_required(self, path: FieldPath) -> bool:
        return path[-1] in self._resolved(self._at(path[:-1])).get("required", [])

    def has_free_names(self, path: FieldPath) -> bool:
        """Return True for an object whose field names the client chooses."""
        return bool(self._resolved(self._at(path)).get("additionalProperties"))

    def takes_numbers(self, path: FieldPath) -> bool:
        """Return True for an exact number, which may be sent as text or as a number."""
        options = self._at(path).get("anyOf", [])
        # An exact number that may also be null has its own choice inside.
        kinds = {inner.get("type") for option in options for inner in option.get("anyOf", [option])}
        return {"number", "string"} <= kinds


def bad_bodies(case: Case, body: dict[str, Any]) -> Iterator[tuple[Any, FieldPath]]:
    """Yield every body that is wrong in one field, with the path of that field."""
    schema = BodySchema(case)
    for path, value in fields_of(body):
        wrong = list(WRONG_VALUES[type(value)])
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            wrong += ["0001-01-01", "9999-12-31"]
        if isinstance(value, str) and schema.takes_numbers(path):
            texts = [entry for entry in wrong if isinstance(entry, bool) or not isinstance(entry, int | float)]
            wrong = [*texts, -1, "-1", "NaN"]
        if not schema.may_be_null(path):
            wrong.append(None)
        for entry in wrong:
            yield changed(body, path, entry), path
        if isinstance(value, list) and value:
            yield changed(body, path, value[:1] * 10_000), path
        if isinstance(value, dict) and not schema.has_free_names(path):
            yield changed(body, (*path, "canary"), 1), (*path, "canary")
        if isinstance(path[-1], str) and not schema.has_free_names(path[:-1]) and schema.is_required(path):
            yield without(body, path), path
    for forbidden in _FORBIDDEN:
        if forbidden not in body:
            yield body | {forbidden: body.get(forbidden, "x")}, (forbidden,)


def other_body(case: Case, dealer: str) -> dict[str, Any]:
    """Return a valid body that is not the body of the case: one field has another value."""
    if case.other_body is not None:
        return case.other_body(dealer) if callable(case.other_body) else dict(case.other_body)
    model = operation_of(case).body
    body = case.body_for(dealer)
    assert model is not None and body is not None
    # Numbers first: another quantity concerns the same objects, another text may name a new one.
    for path, value in sorted(fields_of(body), key=lambda entry: not isinstance(entry[1], int)):
        for other in _other_values(value):
            candidate: dict[str, Any] = changed(body, path, other)
            try:
                model.model_validate_json(json.dumps(candidate))
            except ValueError:
                continue
            if not model.problems_across(candidate):
                return candidate
    raise AssertionError(f"add other_body= to the Trigger of {case} in {scenarios_file(case.service)}")


def _other_values(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    return [f"{value}1", "另一个", "9.99", "2026-10"] if isinstance(value, str) else []
