"""Problems of fields in words: what is wrong and what the field takes, Chinese first, never a library's English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from kernel.base.problems import FieldProblem
from kernel.http.field_schemas import field_names, schema_at, words_for

#: What is wrong, by the code of the problem.
_FAULTS = {
    "missing": ("必填", "required"),
    "extra_forbidden": ("没有此字段,请删除", "there is no such field; leave it out"),
    "string_too_short": ("太短", "too short"),
    "string_too_long": ("太长", "too long"),
    "string_pattern_mismatch": ("格式不对", "not of the right form"),
    "int_from_float": ("不是整数", "not a whole number"),
    "int_parsing_size": ("数字太大", "too large"),
    "greater_than_equal": ("太小", "too small"),
    "greater_than": ("太小", "too small"),
    "less_than_equal": ("太大", "too large"),
    "less_than": ("太大", "too large"),
    "too_short": ("条目太少", "too few entries"),
    "too_long": ("条目太多", "too many entries"),
    "enum": ("不在可选值之中", "not one of the allowed values"),
    "literal_error": ("不在可选值之中", "not one of the allowed values"),
    "decimal_max_digits": ("位数太多", "too many digits"),
    "decimal_max_places": ("小数位太多", "too many digits after the point"),
    "decimal_whole_digits": ("整数位太多", "too many digits before the point"),
    "finite_number": ("不是有限的数字", "not a finite number"),
    "timezone_aware": ("缺少时区", "without its time zone"),
    "date_from_datetime_inexact": ("日期不应带时间", "a date has no time of day"),
}
_OTHER_FAULT = ("内容不正确", "not valid")
#: Code of the problem of a text that is no code, phone number or the like; its message is bilingual already.
MALFORMED = "malformed"
_BILINGUAL = frozenset({"value_error", MALFORMED})
#: A refusal repeats the field names of the request, but never a very long one.
_MAX_NAME = 200
_MAX_ROW_NAME = 80
#: The character in place of one that was lost in a conversion.
DAMAGED = "\ufffd"
#: Fields by which people know a row, the better one first.
ROW_NAMES = ("sku", "username", "dealer_id")


def form_problems(model: type[BaseModel], error: ValidationError, most: int) -> list[FieldProblem]:
    """Return the problems that pydantic found, at most `most`."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [_problem(model, one) for one in found[:most]]


def _problem(model: type[BaseModel], error: Mapping[str, Any]) -> FieldProblem:
    code, path = error["type"], error["loc"]
    # Codes of our own have dashes, those of pydantic underscores; our own texts are bilingual already.
    if code in _BILINGUAL or "-" in code:
        detail = error["msg"].removeprefix("Value error, ")
    else:
        fault = _FAULTS.get(code, _OTHER_FAULT)
        detail = " / ".join(_joined(one, what) for one, what in zip(fault, _words(model, code, path), strict=True))
    return FieldProblem(field=field_name(path), code=code, detail=detail)


def _joined(fault: str, takes: str) -> str:
    return f"{fault};{takes}" if takes and not takes.isascii() else f"{fault}; {takes}" if takes else fault


def _words(model: type[BaseModel], code: str, path: tuple[str | int, ...]) -> tuple[str, str]:
    if code != "extra_forbidden":
        return words_for(schema_at(model, path))
    names = field_names(schema_at(model, path[:-1]))
    if not names:
        return "此处没有任何字段", "there are no fields here"
    return f"可用的字段:{'、'.join(names)}", f"those that exist: {', '.join(names)}"


def field_name(path: Iterable[str | int]) -> str:
    """Return the name of a field in a problem: `lines.3.quantity`."""
    return ".".join(map(str, path))[:_MAX_NAME] or "body"


# ---- damaged text ----


def damaged_text_problem(path: Iterable[str | int]) -> FieldProblem:
    """Return the problem of a field whose text lost characters."""
    return FieldProblem(
        field=field_name(path),
        code="damaged-text",
        detail="文字已损坏(如 测试 成了 \ufffd\ufffd),请以 UTF-8 重新发送 / "
        "characters were lost on the way, such as \ufffd\ufffd for 测试; send the text again as UTF-8",
    )


def damaged_text_problems(value: Any) -> list[FieldProblem]:
    """Return a problem for every text of a parsed body that lost characters. An object's key counts as its field."""
    return [damaged_text_problem(path) for path in _damaged(value, ())]


def _damaged(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str):
        if DAMAGED in value:
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if DAMAGED in name:
                yield (*path, name)
            yield from _damaged(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _damaged(inner, (*path, index))


# ---- names of rows ----


def with_row_names(problems: Iterable[FieldProblem], value: Any) -> tuple[FieldProblem, ...]:
    """Return the problems with the names of their rows.

    Args:
        value: the parsed body, of any shape.
    """
    return tuple(
        problem.model_copy(update={"row": name}) if (name := _row_name(problem.field, value)) else problem
        for problem in problems
    )


def _row_name(field: str, value: Any) -> str | None:
    """Return the name of the innermost row on the way to a field that has one; None if no row has."""
    name = None
    for step in field.split("."):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
            name = _own_name(value) or name
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            break
    return name


def _own_name(row: Any) -> str | None:
    names = (row.get(field) for field in ROW_NAMES) if isinstance(row, dict) else ()
    return next((name[:_MAX_ROW_NAME] for name in names if isinstance(name, str) and name), None)
