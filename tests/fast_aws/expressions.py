"""DynamoDB's expressions, compiled once per text and names into functions over an item.

Supported are conditions with comparisons, `BETWEEN`, `IN` and functions; updates with SET (`+`, `-`, `if_not_exists`,
`list_append`), REMOVE and ADD; paths into maps and lists. Everything else raises a syntax error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.fast_aws.items import KEYS, Item, Value, add_numbers, is_equal, number, validation_error

Names = Mapping[str, str]
Values = Mapping[str, Value]
Path = tuple[str | int, ...]

_Operand = Callable[[Item, Values], Value | None]
_Test = Callable[[Item, Values], bool]

_TOKEN = re.compile(r"\s*(?:([#:]?\w+)|(<=|>=|<>|[=<>()\[\],.+-]))")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
_NO_PATH = "The document path provided in the update expression is invalid for update"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"


@dataclass(frozen=True)
class Condition:
    """A condition. `equals`: of a key condition, attribute names and the values they are compared with."""

    is_true: _Test
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
    parser = _Parser(text, dict(names))
    is_true = parser.disjunction()
    parser.end()
    return Condition(is_true, frozenset(parser.used), parser.equals)


@lru_cache(maxsize=20_000)
def _update(text: str, names: tuple[tuple[str, str], ...]) -> Update:
    parser = _Parser(text, dict(names))
    clauses: dict[str, list[tuple[Path, _Operand]]] = {}
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
        adds = [(path, _sum(_at(item, path), operand(item, values))) for path, operand in clauses.get("ADD", [])]
        changed = _ItemCopy(item)
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


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str, names: Names) -> None:
        self._tokens = _tokens(text)
        self._text = text
        self._at = 0
        self._names = names
        self.used: set[str] = set()
        self.equals: dict[str, str] = {}

    # ---- tokens ----

    @property
    def at_end(self) -> bool:
        return self._at == len(self._tokens)

    def _peek(self, ahead: int = 0) -> str:
        return self._tokens[self._at + ahead] if self._at + ahead < len(self._tokens) else ""

    def word(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, *wanted: str) -> bool:
        if self._peek().upper() in wanted:
            self._at += 1
            return True
        return False

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._syntax_error()

    def _syntax_error(self) -> Exception:
        return validation_error(
            f'Invalid expression: Syntax error; token: "{self._peek() or "<EOF>"}", in: "{self._text}"'
        )

    def end(self) -> None:
        if not self.at_end:
            raise self._syntax_error()

    def comma_separated(self, parse: Callable[[], Any]) -> list[Any]:
        parsed = [parse()]
        while self._take(","):
            parsed.append(parse())
        return parsed

    # ---- conditions ----

    def disjunction(self) -> _Test:
        tests = [self._conjunction()]
        while self._take("OR"):
            tests.append(self._conjunction())
        return tests[0] if len(tests) == 1 else lambda item, values: any(test(item, values) for test in tests)

    def _conjunction(self) -> _Test:
        tests = [self._test()]
        while self._take("AND"):
            tests.append(self._test())
        return tests[0] if len(tests) == 1 else lambda item, values: all(test(item, values) for test in tests)

    def _test(self) -> _Test:
        if self._take("NOT"):
            test = self._test()
            return lambda item, values: not test(item, values)
        if self._take("("):
            test = self.disjunction()
            self._expect(")")
            return test
        if self._peek(1) == "(" and self._peek().lower() in _FUNCTIONS:
            function = _FUNCTIONS[self.word().lower()]
            self._expect("(")
            arguments = self.comma_separated(self._operand)
            self._expect(")")
            return lambda item, values: function(*(argument(item, values) for argument in arguments))
        return self._comparison()

    def _comparison(self) -> _Test:
        name, left = self._peek(), self._operand()
        if self._take("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda item, values: (
                _ordered(">=", left(item, values), low(item, values))
                and _ordered("<=", left(item, values), high(item, values))
            )
        if self._take("IN"):
            self._expect("(")
            choices = self.comma_separated(self._operand)
            self._expect(")")
            return lambda item, values: any(_same(left(item, values), choice(item, values)) for choice in choices)
        sign = self.word()
        if sign == "=":
            self.equals[self._names.get(name, name)] = self._peek()
            right = self._operand()
            return lambda item, values: _same(left(item, values), right(item, values))
        right = self._operand()
        if sign == "<>":
            return lambda item, values: not _same(left(item, values), right(item, values))
        if sign not in _COMPARISONS:
            raise self._syntax_error()
        return lambda item, values: _ordered(sign, left(item, values), right(item, values))

    # ---- operands ----

    def _operand(self) -> _Operand:
        token = self._peek()
        if token.startswith(":"):
            self._at += 1
            self.used.add(token)
            return lambda item, values: _value_of(values, token)
        if self._peek(1) == "(" and token.lower() == "size":
            self._at += 2
            path = self._path()
            self._expect(")")
            return lambda item, values: _size(_at(item, path))
        path = self._path()
        if len(path) == 1:
            name = path[0]
            return lambda item, values: item.get(name)  # type: ignore[arg-type]
        return lambda item, values: _at(item, path)

    def _path(self) -> Path:
        path: list[str | int] = [self._name()]
        while True:
            if self._take("."):
                path.append(self._name())
            elif self._take("["):
                path.append(int(self.word()))
                self._expect("]")
            else:
                return tuple(path)

    def _name(self) -> str:
        token = self.word()
        if token.startswith("#"):
            self.used.add(token)
            if token not in self._names:
                raise validation_error(
                    f"An expression attribute name used in the document path is not defined: {token}"
                )
            return self._names[token]
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            self._at -= 1
            raise self._syntax_error()
        return token

    # ---- updates ----

    def set_action(self) -> tuple[Path, _Operand]:
        path = self._path()
        self._expect("=")
        return path, self._sum()

    def remove_action(self) -> tuple[Path, _Operand]:
        return self._path(), lambda item, values: None

    def add_action(self) -> tuple[Path, _Operand]:
        return self._path(), self._operand()

    def _sum(self) -> _Operand:
        left = self._assigned()
        if self._peek() not in ("+", "-"):
            return left
        sign = 1 if self.word() == "+" else -1
        right = self._assigned()
        return lambda item, values: {"N": add_numbers(_amount(left(item, values)), _amount(right(item, values)), sign)}

    def _assigned(self) -> _Operand:
        function = self._peek().lower()
        if self._peek(1) != "(" or function not in ("if_not_exists", "list_append"):
            operand = self._operand()
            return lambda item, values: _required(operand(item, values))
        self._at += 2
        if function == "if_not_exists":
            path = self._path()
            self._expect(",")
            fallback = self._assigned()
            self._expect(")")
            return lambda item, values: _at(item, path) or fallback(item, values)
        first = self._assigned()
        self._expect(",")
        second = self._assigned()
        self._expect(")")
        return lambda item, values: {"L": [*_list(first(item, values)), *_list(second(item, values))]}


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise validation_error(f'Invalid expression: Syntax error; near: "{text[at : at + 10]}"')
        tokens.append(found[1] or found[2])
        at = found.end()
    if not tokens:
        raise validation_error("Invalid expression: The expression can not be empty;")
    return tokens


# ---- evaluation ----


def _at(item: Item, path: Path) -> Value | None:
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


def _value_of(values: Values, name: str) -> Value:
    if name not in values:
        raise validation_error(
            f"An expression attribute value used in expression is not defined; attribute value: {name}"
        )
    return values[name]


def _required(value: Value | None) -> Value:
    if value is None:
        raise validation_error(_NO_ATTRIBUTE)
    return value


def _same(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and (left == right or is_equal(left, right))


def _ordered(sign: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    [(kind, first)], [(other_kind, second)] = left.items(), right.items()
    if kind != other_kind or kind not in ("S", "N", "B"):
        return False
    if kind == "N":
        return _COMPARISONS[sign](number(first), number(second))
    if kind == "S" and not (first.isascii() and second.isascii()):
        # The service compares UTF-8 bytes.
        return _COMPARISONS[sign](first.encode(), second.encode())
    return _COMPARISONS[sign](first, second)


def _begins_with(value: Value | None, prefix: Value) -> bool:
    for kind in ("S", "B"):
        if value is not None and kind in value and kind in prefix:
            return bool(value[kind].startswith(prefix[kind]))
    return False


def _contains(value: Value | None, part: Value) -> bool:
    if value is None:
        return False
    [(kind, content)] = value.items()
    [(part_kind, wanted)] = part.items()
    if kind == part_kind == "S":
        return wanted in content
    if kind == "L":
        return any(is_equal(element, part) for element in content)
    return kind == f"{part_kind}S" and wanted in content


_FUNCTIONS: Mapping[str, Callable[..., bool]] = {
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "attribute_type": lambda value, kind: value is not None and next(iter(value)) == kind["S"],
    "begins_with": _begins_with,
    "contains": _contains,
}


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    [(kind, content)] = value.items()
    return {"N": str(len(content.encode() if kind == "S" else content))} if kind not in ("N", "BOOL", "NULL") else None


def _amount(value: Value | None) -> str:
    if value is None or "N" not in value:
        raise validation_error(_WRONG_TYPE)
    amount: str = value["N"]
    return amount


def _list(value: Value | None) -> list[Value]:
    if value is None or "L" not in value:
        raise validation_error(_WRONG_TYPE)
    row: list[Value] = value["L"]
    return row


def _sum(old: Value | None, added: Value | None) -> Value:
    assert added is not None
    [(kind, more)] = added.items()
    if kind not in ("N", "SS", "NS", "BS"):
        raise validation_error(
            f"Invalid UpdateExpression: Incorrect operand type for operator or function; ADD, {kind}"
        )
    if old is None:
        return added
    if kind not in old:
        raise validation_error(_WRONG_TYPE)
    return {"N": add_numbers(old["N"], more, 1)} if kind == "N" else {kind: list(dict.fromkeys([*old[kind], *more]))}


class _ItemCopy:
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
                raise validation_error(_NO_PATH)
            if last < len(within):
                within[last] = value
            else:
                within.append(value)
        else:
            if not isinstance(within, dict):
                raise validation_error(_NO_PATH)
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
            raise validation_error(_NO_PATH)

    def _container(self, path: Path) -> Any:
        """Return a list or map that may be changed."""
        if path in self._copies:
            return self._copies[path]
        value = _at(self.item, path)
        if value is None or not ("L" in value or "M" in value):
            raise validation_error(_NO_PATH)
        [(kind, content)] = value.items()
        copied = list(content) if kind == "L" else dict(content)
        self._copies[path] = copied
        if len(path) == 1:
            self.item[path[0]] = {kind: copied}  # type: ignore[index]
        else:
            self._container(path[:-1])[path[-1]] = {kind: copied}
        return copied
