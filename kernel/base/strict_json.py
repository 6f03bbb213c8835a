"""JSON as the standard means it: what Python's reader lets through by default is refused here (reliability.md L11)."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from kernel.base.problems import BadRequest, TooLarge

MAX_BYTES = 1_000_000
#: Below this a float tells every whole number from the next.
_MAX_EXACT = 2**53
#: No request of ours comes near it; everything that walks a value later may rely on it.
_MAX_DEPTH = 32
_CONTAINERS = frozenset({dict, list})

# Python reads no number of more digits than this, the least it can be told.
sys.set_int_max_str_digits(sys.int_info.str_digits_check_threshold)


def parse(text: str | bytes) -> Any:
    """The value a JSON text stands for.

    Raises:
        TooLarge: over `MAX_BYTES` bytes.
        BadRequest: not JSON, NaN or Infinity, a key twice, nested beyond reason, lone surrogates, absurd numbers.
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
        if "\\u" in decoded:  # only an escape can smuggle in half a surrogate pair, which nothing downstream can store
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        _refuse_deep(value)
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            "invalid-json", f"请求体不是有效的 JSON / the body is not valid JSON: {_short(error)}"
        ) from None
    return value


def canonical(value: Any) -> str:
    """One spelling for equal JSON values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _fraction(text: str) -> float | int:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is out of range")
    # JSON Schema calls 3.0 an integer; so do we.
    return int(number) if number.is_integer() and abs(number) < _MAX_EXACT else number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


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
    # Only the reason, never the body: an error must not echo what it was sent.
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    if isinstance(error, UnicodeError):
        return "not UTF-8 text"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).partition(":")[0]
