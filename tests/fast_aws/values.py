"""Operators and functions of expressions, over DynamoDB's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.fast_aws.items import Item, Value, add_numbers, is_equal, number, validation_error

Values = Mapping[str, Value]


Path = tuple[str | int, ...]


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"


NO_PATH = "The document path provided in the update expression is invalid for update"


WRONG_TYPE = "An operand in the update expression has an incorrect data type"


def value_at(item: Item, path: Path) -> Value | None:
    found: Value | None = item.get(path[0])  # type: ignore[arg-type]
    for step in path[1:]:
        if found is None:
            return None
        if isinstance(step, int):
            row = found.get("L", ())
            found = row[step] if step < len(row) else None
        else:
            found = found.get("M", {}).get(step)
    return found


def value_of(values: Values, name: str) -> Value:
    if name not in values:
        raise validation_error(
            f"An expression attribute value used in expression is not defined; attribute value: {name}"
        )
    return values[name]


def required(value: Value | None) -> Value:
    if value is None:
        raise validation_error(NO_ATTRIBUTE)
    return value


def is_same(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and (left == right or is_equal(left, right))


def ordered(sign: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    [(kind, first)], [(other_kind, second)] = left.items(), right.items()
    if kind != other_kind or kind not in ("S", "N", "B"):
        return False
    if kind == "N":
        return COMPARISONS[sign](number(first), number(second))
    if kind == "S" and not (first.isascii() and second.isascii()):
        # The service compares UTF-8 bytes.
        return COMPARISONS[sign](first.encode(), second.encode())
    return COMPARISONS[sign](first, second)


def begins_with(value: Value | None, prefix: Value) -> bool:
    for kind in ("S", "B"):
        if value is not None and kind in value and kind in prefix:
            return bool(value[kind].startswith(prefix[kind]))
    return False


def contains(value: Value | None, part: Value) -> bool:
    if value is None:
        return False
    [(kind, content)] = value.items()
    [(part_kind, wanted)] = part.items()
    if kind == part_kind == "S":
        return wanted in content
    if kind == "L":
        return any(is_equal(element, part) for element in content)
    return kind == f"{part_kind}S" and wanted in content


FUNCTIONS: Mapping[str, Callable[..., bool]] = {
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "attribute_type": lambda value, kind: value is not None and next(iter(value)) == kind["S"],
    "begins_with": begins_with,
    "contains": contains,
}


def size_of(value: Value | None) -> Value | None:
    if value is None:
        return None
    [(kind, content)] = value.items()
    return {"N": str(len(content.encode() if kind == "S" else content))} if kind not in ("N", "BOOL", "NULL") else None


def amount(value: Value | None) -> str:
    if value is None or "N" not in value:
        raise validation_error(WRONG_TYPE)
    amount: str = value["N"]
    return amount


def list_of(value: Value | None) -> list[Value]:
    if value is None or "L" not in value:
        raise validation_error(WRONG_TYPE)
    row: list[Value] = value["L"]
    return row


def sum_of(old: Value | None, added: Value | None) -> Value:
    assert added is not None
    [(kind, more)] = added.items()
    if kind not in ("N", "SS", "NS", "BS"):
        raise validation_error(
            f"Invalid UpdateExpression: Incorrect operand type for operator or function; ADD, {kind}"
        )
    if old is None:
        return added
    if kind not in old:
        raise validation_error(WRONG_TYPE)
    return {"N": add_numbers(old["N"], more, 1)} if kind == "N" else {kind: list(dict.fromkeys([*old[kind], *more]))}


class ItemCopy:
    """A changed copy of an item. Nested lists and maps are copied once, and only if they change."""

    def __init__(self, item: Item) -> None:
        self.item = dict(item)
        self._copies: dict[Path, Any] = {}

    def set(self, path: Path, value: Value) -> None:
        if len(path) == 1:
            self.item[path[0]] = value  # type: ignore[index]
            return
        within, last = self._container(path[:-1]), path[-1]
        if isinstance(last, int):
            if not isinstance(within, list):
                raise validation_error(NO_PATH)
            if last < len(within):
                within[last] = value
            else:
                within.append(value)
        else:
            if not isinstance(within, dict):
                raise validation_error(NO_PATH)
            within[last] = value

    def remove(self, path: Path) -> None:
        if len(path) == 1:
            self.item.pop(path[0], None)  # type: ignore[arg-type]
            return
        within, last = self._container(path[:-1]), path[-1]
        if isinstance(last, int) and isinstance(within, list):
            del within[last : last + 1]
        elif isinstance(last, str) and isinstance(within, dict):
            within.pop(last, None)
        else:
            raise validation_error(NO_PATH)

    def _container(self, path: Path) -> Any:
        """Return a list or map that may be changed."""
        if path in self._copies:
            return self._copies[path]
        value = value_at(self.item, path)
        if value is None or not ("L" in value or "M" in value):
            raise validation_error(NO_PATH)
        [(kind, content)] = value.items()
        copied = list(content) if kind == "L" else dict(content)
        self._copies[path] = copied
        if len(path) == 1:
            self.item[path[0]] = {kind: copied}  # type: ignore[index]
        else:
            self._container(path[:-1])[path[-1]] = {kind: copied}
        return copied
