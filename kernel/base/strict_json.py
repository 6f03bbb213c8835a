"""Strict JSON (RFC 8259): refuses NaN, duplicate keys and other input that Python's parser accepts."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from kernel.base.problems import BadRequest, TooLarge

MAX_BYTES = 1_000_000
#: Below this limit a float represents every whole number exactly.
_MAX_EXACT = 2**53
#: Far deeper than any request. Later code may recurse into a parsed value without a check.
_MAX_DEPTH = 32
_CONTAINERS = frozenset({dict, list})
_BYTE_ORDER_MARK = "\ufeff"
_TOO_DEEP = "嵌套太深", f"nested more than {_MAX_DEPTH} deep"

# Python then refuses numbers of more digits; this is the lowest limit that Python allows.
sys.set_int_max_str_digits(sys.int_info.str_digits_check_threshold)


def parse(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    A byte order mark before it is left out: editors and spreadsheets write one.

    Raises:
        TooLarge: over `MAX_BYTES` bytes.
        BadRequest: `not-utf-8`, or `invalid-json`: invalid JSON, NaN or Infinity, a duplicate key, too deep, lone
            surrogates, numbers out of range.
    """
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        raise TooLarge("body-too-large", f"请求超过 {MAX_BYTES} 字节 / the body exceeds {MAX_BYTES} bytes; split it")
    try:
        decoded = raw.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise BadRequest(
            "not-utf-8",
            f"请求体不是 UTF-8 编码(第 {error.start + 1} 字节),请转换编码后重发 / "
            f"the body is not UTF-8 text (byte {error.start + 1}); convert it and send it again",
        ) from None
    try:
        value = json.loads(
            decoded,
            parse_constant=_refuse_constant,
            parse_float=_fraction,
            object_pairs_hook=_unique_keys,
        )
        if "\\u" in decoded:  # only an escape can contain a lone surrogate, which cannot be stored
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        _refuse_deep(value)
    except (ValueError, RecursionError) as error:
        chinese, english = _reason(error, decoded)
        raise BadRequest(
            "invalid-json", f"请求体不是有效的 JSON:{chinese} / the body is not valid JSON: {english}"
        ) from None
    return value


def canonical(value: Any) -> str:
    """Return the canonical text of a JSON value: sorted keys, no spaces. Equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class _NotAllowed(ValueError):
    """Something that Python's parser takes and JSON has not, in Chinese and in English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.chinese = chinese
        self.english = english


def _refuse_constant(name: str) -> NoReturn:
    raise _NotAllowed(f"{name} 不是数字", f"{name} is not a number")


def _fraction(text: str) -> float | int:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _NotAllowed(f"数字 {text[:20]} 超出范围", f"the number {text[:20]} is out of range")
    # JSON Schema counts 3.0 as an integer.
    return int(number) if number.is_integer() and abs(number) < _MAX_EXACT else number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise _NotAllowed("同一对象中有重复的字段名", "one object has the same name twice")
    return unique


def _refuse_deep(value: Any) -> None:
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _CONTAINERS
        ]
        if not level:
            return
    raise _NotAllowed(*_TOO_DEEP)


def _reason(error: BaseException, text: str) -> tuple[str, str]:
    """Return what is wrong, in Chinese and in English. It names a place, and repeats no text of the request."""
    if isinstance(error, _NotAllowed):
        return error.chinese, error.english
    if isinstance(error, json.JSONDecodeError):
        if not text.strip():
            return '请求体为空,应为对象,如 {"…": …}', 'it is empty; send an object, such as {"…": …}'
        return (
            f"第 {error.lineno} 行第 {error.colno} 列附近有误",
            f"look at line {error.lineno}, column {error.colno}",
        )
    if isinstance(error, UnicodeError):
        return "有不成对的 \\u 转义", "a \\u escape is half of a pair"
    return _TOO_DEEP if isinstance(error, RecursionError) else ("数字位数太多", "a number has too many digits")
