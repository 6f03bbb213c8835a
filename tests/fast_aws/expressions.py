"""DynamoDB's expressions, compiled once per text and names into functions over an item.

Supported are conditions with comparisons, `BETWEEN`, `IN` and functions; updates with SET (`+`, `-`, `if_not_exists`,
`list_append`), REMOVE and ADD; paths into maps and lists. Everything else raises a syntax error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tests.fast_aws.items import KEYS, Item, validation_error
from tests.fast_aws.parser import Names, Operand, Parser, Test
from tests.fast_aws.values import (
    ItemCopy,
    Path,
    Values,
    sum_of,
    value_at,
)


@dataclass(frozen=True)
class Condition:
    """A condition. `equals`: of a key condition, attribute names and the values they are compared with."""

    is_true: Test
    used: frozenset[str]
    equals: Mapping[str, str]


@dataclass(frozen=True)
class Update:
    """A change of an item. `apply` returns a new item and leaves the old one unchanged."""

    apply: Callable[[Item, Values], Item]
    used: frozenset[str]


def condition(text: str, names: Names) -> Condition:
    """Compile a condition, filter or key condition.

    Raises:
        ServiceError: the expression is not understood.
    """
    return _condition(text, tuple(names.items()))


def update(text: str, names: Names) -> Update:
    """Compile an update.

    Raises:
        ServiceError: the expression is not understood, changes a key, or two of its paths overlap.
    """
    return _update(text, tuple(names.items()))


@lru_cache(maxsize=20_000)
def _condition(text: str, names: tuple[tuple[str, str], ...]) -> Condition:
    parser = Parser(text, dict(names))
    is_true = parser.disjunction()
    parser.end()
    return Condition(is_true, frozenset(parser.used), parser.equals)


@lru_cache(maxsize=20_000)
def _update(text: str, names: tuple[tuple[str, str], ...]) -> Update:
    parser = Parser(text, dict(names))
    clauses: dict[str, list[tuple[Path, Operand]]] = {}
    while not parser.at_end:
        word = parser.word().upper()
        if word not in ("SET", "REMOVE", "ADD") or word in clauses:
            raise validation_error(f"Invalid UpdateExpression: Syntax error; token: {word}")
        clauses[word] = parser.comma_separated(getattr(parser, f"{word.lower()}_action"))
    paths = [path for clause in clauses.values() for path, _ in clause]
    _check_paths(paths)

    def apply(item: Item, values: Values) -> Item:
        # All operands read the item before the update.
        sets = [(path, operand(item, values)) for path, operand in clauses.get("SET", [])]
        adds = [(path, sum_of(value_at(item, path), operand(item, values))) for path, operand in clauses.get("ADD", [])]
        changed = ItemCopy(item)
        for path, value in [*sets, *adds]:
            assert value is not None
            changed.set(path, value)
        for path, _ in sorted(clauses.get("REMOVE", []), key=lambda action: _last_index(action[0]), reverse=True):
            changed.remove(path)
        return changed.item

    return Update(apply, frozenset(parser.used))


def _check_paths(paths: list[Path]) -> None:
    for count, path in enumerate(paths):
        if path[0] in KEYS:
            raise validation_error(
                f"One or more parameter values were invalid: Cannot update attribute {path[0]}. "
                "This attribute is part of the key"
            )
        for other in paths[:count]:
            short = min(len(path), len(other))
            if path[:short] == other[:short]:
                raise validation_error("Invalid UpdateExpression: Two document paths overlap with each other")


def _last_index(path: Path) -> int:
    return path[-1] if isinstance(path[-1], int) else -1
