"""DynamoDB's values in wire form, such as `{"N": "5"}`: sizes, numbers and validation."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from math import ceil
from typing import Any

Value = Mapping[str, Any]
Item = dict[str, Any]
Key = tuple[str, str]

MAX_ITEM_BYTES = 400 * 1024
KEYS = ("pk", "sk")
INDEX_KEYS = ("gsi1pk", "gsi1sk")

_MAX_KEY_BYTES = {"pk": 2048, "sk": 1024}
#: Overhead of a list or a map.
_CONTAINER_BYTES = 3
#: 38 significant digits, from 1E-130 to 9.9E+125.
_MAX_DIGITS = 38
_EXACT = Context(prec=_MAX_DIGITS, Emax=125, Emin=-130, traps=[Inexact, InvalidOperation])


class ServiceError(Exception):
    """Error answer of a service: a code, a message and further members of the answer."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.more = more


def validation_error(message: str) -> ServiceError:
    """Return the error of an invalid request."""
    return ServiceError("ValidationException", message)


def check_item(item: Item) -> None:
    """Check that an item may be stored.

    Raises:
        ServiceError: its keys, a number or its size are invalid.
    """
    key_of(item)
    for name in INDEX_KEYS:
        if name in item:
            _check_key_text(item[name], "Type mismatch for Index Key", name)
    if item_bytes(item) > MAX_ITEM_BYTES:
        raise validation_error("Item size has exceeded the maximum allowed size")


def key_of(item: Mapping[str, Value]) -> Key:
    """Return the key of an item or of a request's `Key`.

    Raises:
        ServiceError: a part is missing, not text, empty or too long.
    """
    for name in KEYS:
        if name not in item:
            raise validation_error(f"One or more parameter values were invalid: Missing the key {name} in the item")
        if _text_bytes(_check_key_text(item[name], "Type mismatch for key", name)) > _MAX_KEY_BYTES[name]:
            raise validation_error(
                f"One or more parameter values were invalid: Size of {name} has exceeded the maximum"
            )
    return item["pk"]["S"], item["sk"]["S"]


def request_key(key: Mapping[str, Value]) -> Key:
    """Return the key of a request's `Key`.

    Raises:
        ServiceError: `Key` has other attributes, or its key is invalid.
    """
    if len(key) != len(KEYS) or any(name not in key for name in KEYS):
        raise validation_error("The provided key element does not match the schema")
    return key_of(key)


def item_bytes(item: Mapping[str, Value]) -> int:
    """Return the size in bytes by which an item is limited and billed.

    Raises:
        ServiceError: a number or a set is invalid.
    """
    return sum(map(_text_bytes, item)) + sum(map(value_bytes, item.values()))


def _text_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def value_bytes(value: Value) -> int:
    """Return the size of one value in bytes.

    Raises:
        ServiceError: as `item_bytes`.
    """
    [(kind, content)] = value.items()
    if kind == "S":
        return _text_bytes(content)
    if kind == "N":
        return _number_bytes(content)
    if kind == "B":
        return len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return _CONTAINER_BYTES + len(content) + sum(map(value_bytes, content))
    if kind == "M":
        return _CONTAINER_BYTES + len(content) + item_bytes(content)
    if kind in ("SS", "NS", "BS"):
        if not content or len(set(content)) < len(content):
            raise validation_error(
                "One or more parameter values were invalid: An set may not be empty or have duplicates"
            )
        return sum(value_bytes({kind[0]: part}) for part in content)
    raise validation_error("Supplied AttributeValue has more than one datatypes set, or an unknown one")


@lru_cache(maxsize=100_000)
def number(text: str) -> int | Decimal:
    """Return the number that a value contains.

    Raises:
        ServiceError: the text is no number, has more than 38 digits, or is beyond 9.9E+125.
    """
    try:
        exact = _EXACT.create_decimal(text)
    except (InvalidOperation, Inexact, ValueError) as error:
        raise validation_error(f"The parameter cannot be converted to a numeric value, exactly: {text}") from error
    if not exact.is_finite():
        raise validation_error(f"The parameter cannot be converted to a numeric value: {text}")
    return int(exact) if exact.adjusted() < _MAX_DIGITS and exact == exact.to_integral_value() else exact


def add_numbers(left: str, right: str, sign: int) -> str:
    """Return `left + sign x right` in wire form.

    Raises:
        ServiceError: the sum has more than 38 digits.
    """
    first, second = number(left), number(right)
    if isinstance(first, int) and isinstance(second, int):
        text = str(first + sign * second)
        number(text)
        return text
    try:
        return format(_EXACT.normalize(_EXACT.fma(Decimal(second), Decimal(sign), Decimal(first))), "f")
    except Inexact as error:
        raise validation_error("Number overflow or loss of precision") from error


@lru_cache(maxsize=100_000)
def _number_bytes(text: str) -> int:
    number(text)
    return ceil(len(text.lstrip("-").replace(".", "")) / 2) + 1


def is_equal(left: Value, right: Value) -> bool:
    """Compare two values as the service does: numbers by value, sets without order."""
    [(kind, first)], [(other_kind, second)] = left.items(), right.items()
    if kind != other_kind:
        return False
    if kind == "N":
        return number(first) == number(second)
    if kind == "L":
        return len(first) == len(second) and all(map(is_equal, first, second))
    if kind == "M":
        return bool(first.keys() == second.keys()) and all(
            is_equal(value, second[name]) for name, value in first.items()
        )
    if kind in ("SS", "BS"):
        return set(first) == set(second)
    if kind == "NS":
        return set(map(number, first)) == set(map(number, second))
    return bool(first == second)


def _check_key_text(value: Value, mismatch: str, name: str) -> str:
    text: str | None = value.get("S")
    if text:
        return text
    if text is None:
        raise validation_error(
            f"One or more parameter values were invalid: {mismatch} {name} Expected: S Actual: {next(iter(value))}"
        )
    raise validation_error(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
        f"empty string value. Key: {name}"
    )
