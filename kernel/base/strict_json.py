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

# Python then refuses numbers of more digits; this is the lowest limit that Python allows.
sys.set_int_max_str_digits(sys.int_info.str_digits_check_threshold)


def parse(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        TooLarge: over `MAX_BYTES` bytes.
        BadRequest: invalid JSON, NaN or Infinity, a duplicate key, too deep, lone surrogates, numbers out of range.
    """
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        raise TooLarge("body-too-large", f"请求超过 {MAX_BYTES} 字节 / the body exceeds {MAX_BYTES} bytes; split it")
    try:
        decoded = raw.decode("utf-8")
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
        raise BadRequest(
            "invalid-json", f"请求体不是有效的 JSON / the body is not valid JSON: {_short(error)}"
        ) from None
    return value


def canonical(value: Any) -> str:
    """Return the canonical text of a JSON value: sorted keys, no spaces. Equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _fraction(text: str) -> float | int:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is out of range")
    # JSON Schema counts 3.0 as an integer.
    return int(number) if number.is_integer() and abs(number) < _MAX_EXACT else number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise ValueError("duplicate key in one object")
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
    raise ValueError("nested too deeply")


def _short(error: BaseException) -> str:
    # Only the reason: an error must not contain text of the request.
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    if isinstance(error, UnicodeError):
        return "not UTF-8 text"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).partition(":")[0]
