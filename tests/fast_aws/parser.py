"""The parser of expressions: text becomes functions over items."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.fast_aws.items import Item, Value, add_numbers, validation_error
from tests.fast_aws.values import (
    COMPARISONS,
    FUNCTIONS,
    Path,
    Values,
    amount,
    is_same,
    list_of,
    ordered,
    required,
    size_of,
    value_at,
    value_of,
)

Names = Mapping[str, str]


Operand = Callable[[Item, Values], Value | None]


Test = Callable[[Item, Values], bool]


_TOKEN = re.compile(r"\s*(?:([#:]?\w+)|(<=|>=|<>|[=<>()\[\],.+-]))")


class Parser:
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

    def disjunction(self) -> Test:
        tests = [self._conjunction()]
        while self._take("OR"):
            tests.append(self._conjunction())
        return tests[0] if len(tests) == 1 else lambda item, values: any(test(item, values) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._test()]
        while self._take("AND"):
            tests.append(self._test())
        return tests[0] if len(tests) == 1 else lambda item, values: all(test(item, values) for test in tests)

    def _test(self) -> Test:
        if self._take("NOT"):
            test = self._test()
            return lambda item, values: not test(item, values)
        if self._take("("):
            test = self.disjunction()
            self._expect(")")
            return test
        if self._peek(1) == "(" and self._peek().lower() in FUNCTIONS:
            function = FUNCTIONS[self.word().lower()]
            self._expect("(")
            arguments = self.comma_separated(self._operand)
            self._expect(")")
            return lambda item, values: function(*(argument(item, values) for argument in arguments))
        return self._comparison()

    def _comparison(self) -> Test:
        name, left = self._peek(), self._operand()
        if self._take("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda item, values: (
                ordered(">=", left(item, values), low(item, values))
                and ordered("<=", left(item, values), high(item, values))
            )
        if self._take("IN"):
            self._expect("(")
            choices = self.comma_separated(self._operand)
            self._expect(")")
            return lambda item, values: any(is_same(left(item, values), choice(item, values)) for choice in choices)
        sign = self.word()
        if sign == "=":
            self.equals[self._names.get(name, name)] = self._peek()
            right = self._operand()
            return lambda item, values: is_same(left(item, values), right(item, values))
        right = self._operand()
        if sign == "<>":
            return lambda item, values: not is_same(left(item, values), right(item, values))
        if sign not in COMPARISONS:
            raise self._syntax_error()
        return lambda item, values: ordered(sign, left(item, values), right(item, values))

    # ---- operands ----

    def _operand(self) -> Operand:
        token = self._peek()
        if token.startswith(":"):
            self._at += 1
            self.used.add(token)
            return lambda item, values: value_of(values, token)
        if self._peek(1) == "(" and token.lower() == "size":
            self._at += 2
            path = self._path()
            self._expect(")")
            return lambda item, values: size_of(value_at(item, path))
        path = self._path()
        if len(path) == 1:
            name = path[0]
            return lambda item, values: item.get(name)  # type: ignore[arg-type]
        return lambda item, values: value_at(item, path)

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

    def set_action(self) -> tuple[Path, Operand]:
        path = self._path()
        self._expect("=")
        return path, self._sum()

    def remove_action(self) -> tuple[Path, Operand]:
        return self._path(), lambda item, values: None

    def add_action(self) -> tuple[Path, Operand]:
        return self._path(), self._operand()

    def _sum(self) -> Operand:
        left = self._assigned()
        if self._peek() not in ("+", "-"):
            return left
        sign = 1 if self.word() == "+" else -1
        right = self._assigned()
        return lambda item, values: {"N": add_numbers(amount(left(item, values)), amount(right(item, values)), sign)}

    def _assigned(self) -> Operand:
        function = self._peek().lower()
        if self._peek(1) != "(" or function not in ("if_not_exists", "list_append"):
            operand = self._operand()
            return lambda item, values: required(operand(item, values))
        self._at += 2
        if function == "if_not_exists":
            path = self._path()
            self._expect(",")
            fallback = self._assigned()
            self._expect(")")
            return lambda item, values: value_at(item, path) or fallback(item, values)
        first = self._assigned()
        self._expect(",")
        second = self._assigned()
        self._expect(")")
        return lambda item, values: {"L": [*list_of(first(item, values)), *list_of(second(item, values))]}


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
