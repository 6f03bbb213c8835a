"""Words and values that a field of a request model takes: for refusals, and to replace a wrong value.

Only refusals come here. The JSON schema of a model is made at the first one and then kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from kernel.http.text_forms import form_of

Schema = dict[str, Any]
Path = Sequence[str | int]

_DAYS = ("2026-11-23", "2036-11-23")
_MOMENTS = ("2026-11-23T10:00:00+08:00", "2036-11-23T10:00:00+08:00")
_MOST_NAMES = 40


@cache
def _schema_of(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def schema_at(model: type[BaseModel], path: Path) -> Schema:
    """Return the schema of the field at a path, without references and null; empty where the model has no field."""
    root = _schema_of(model)
    schema = _resolved(root, root)
    for step in path:
        if isinstance(step, int):
            inner = schema.get("items", {})
        else:
            inner = schema.get("properties", {}).get(step) or schema.get("additionalProperties", {})
        schema = _resolved(root, inner) if isinstance(inner, dict) else {}
    return schema


def _resolved(root: Schema, schema: Schema) -> Schema:
    """Follow references, and take the only option beside null."""
    while True:
        options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
        elif len(options) == 1:
            schema = options[0]
        else:
            return schema


def words_for(schema: Schema) -> tuple[str, str]:
    """Return what a field takes, with an example or the allowed values, in Chinese and in English."""
    if choices := _choices(schema):
        named = [str(choice) for choice in choices]
        return f"可选:{'、'.join(named)}", f"one of: {', '.join(named)}"
    if (form := form_of(schema)) is not None:
        return f"应为{form.chinese},如 {form.example}", f"must be {form.english}, such as {form.example}"
    kind = schema.get("format") or schema.get("type") or ("decimal" if "anyOf" in schema else "")
    return _WORDS[kind](schema) if kind in _WORDS else ("", "")


def field_names(schema: Schema) -> list[str]:
    """Return the names of the fields of an object."""
    return list(schema.get("properties", ()))[:_MOST_NAMES]


def _choices(schema: Schema) -> list[Any]:
    return list(schema["enum"]) if "enum" in schema else [schema["const"]] if "const" in schema else []


def _integer(schema: Schema) -> tuple[str, str]:
    low, high = _bounds(schema)
    if high is None:
        return f"应为不小于 {low} 的整数,如 {low}", f"must be a whole number of at least {low}, such as {low}"
    return f"应为 {low} 到 {high} 的整数,如 {low}", f"must be a whole number from {low} to {high}, such as {low}"


def _bounds(schema: Schema) -> tuple[int, int | None]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    high = schema.get("maximum")
    return int(low), None if high is None else int(high)


def _decimal(schema: Schema) -> tuple[str, str]:
    positive = any("exclusiveMinimum" in option for option in schema.get("anyOf", ()))
    chinese, english = ("大于 0", "above 0") if positive else ("不小于 0", "of at least 0")
    return (
        f'应为{chinese}、最多 9 位整数和 6 位小数的数字,如 "12.5"',
        f'must be a number {english} with at most 9 digits before and 6 after the point, such as "12.5"',
    )


def _text(schema: Schema) -> tuple[str, str]:
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    chinese, english = schema.get("examples", ("甲", "A"))[0], schema.get("examples", ("A",))[0]
    if high is None:
        return f'应为文字,如 "{chinese}"', f'must be text, such as "{english}"'
    return (
        f'应为 {low} 到 {high} 个字的文字,如 "{chinese}"',
        f'must be text of {low} to {high} characters, such as "{english}"',
    )


def _list(schema: Schema) -> tuple[str, str]:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if high is None:
        return "应为列表,如 […, …]", "must be a list, such as […, …]"
    return f"应为 {low} 到 {high} 项的列表,如 […, …]", f"must be a list of {low} to {high} entries, such as […, …]"


def _object(schema: Schema) -> tuple[str, str]:
    names = ", ".join(f'"{name}": …' for name in field_names(schema)) or '"…": …'
    return f"应为对象,如 {{{names}}}", f"must be an object, such as {{{names}}}"


_WORDS: dict[str, Callable[[Schema], tuple[str, str]]] = {
    "integer": _integer,
    "decimal": _decimal,
    "string": _text,
    "array": _list,
    "object": _object,
    "boolean": lambda _: ("应为 true 或 false", "must be true or false"),
    "date": lambda _: (f"应为日期,如 {_DAYS[0]}", f"must be a date, such as {_DAYS[0]}"),
    "date-time": lambda _: (
        f"应为带时区的时间,如 {_MOMENTS[0]}",
        f"must be a time with its zone, such as {_MOMENTS[0]}",
    ),
}


def stand_in(model: type[BaseModel], path: Path, *, high: bool) -> Any:
    """Return a value that the field at a path takes: a small or early one, or a large or late one."""
    return _value(_schema_of(model), schema_at(model, path), -1 if high else 0)


def _value(root: Schema, schema: Schema, which: int) -> Any:
    schema = _resolved(root, schema)
    if choices := _choices(schema):
        return choices[which]
    if (form := form_of(schema)) is not None:
        return form.example
    kind = schema.get("format") or schema.get("type") or ("decimal" if "anyOf" in schema else "")
    if kind == "integer":
        low, most = _bounds(schema)
        return low if which == 0 or most is None else most
    if kind == "array":
        return [_value(root, schema["items"], which)] * schema.get("minItems", 0)
    if kind == "object":
        return dict(_required(root, schema, which))
    if kind == "string":
        return schema["examples"][0] if schema.get("examples") else "x" * max(1, schema.get("minLength", 1))
    return {"date": _DAYS, "date-time": _MOMENTS, "boolean": (False, True), "decimal": ("0.000001", "100000000")}.get(
        kind, (None, None)
    )[which]


def _required(root: Schema, schema: Schema, which: int) -> Iterator[tuple[str, Any]]:
    for name in schema.get("required", ()):
        yield name, _value(root, schema["properties"][name], which)
