"""The problem codes that an operation can answer, found in the code it reaches.

A refusal is raised where its rule is: `raise Refusal("already-reversed", …)`. So the codes are read from the handler
and from every function and class that it names, and those name in turn. A call through an object whose class is not
named there is not followed: what only such a call raises must be in a `Raises` section that the walk meets.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from kernel.base import problems, strict_json
from kernel.base.problems import Invalid, Problem
from kernel.http import requests
from kernel.http.declarations import Operation
from kernel.http.principal import principal_of

#: Packages whose functions are followed; in those of the kernel only the named modules refuse by a rule.
_FOLLOWED = ("services.", "contracts.", "reads.", "kernel.store.cursors")
#: Problems whose class has one code, by the class's name.
_FIXED = {
    "AddressTooLong": problems.AddressTooLong(0),
    "Busy": problems.Busy(),
    "KeyReused": problems.KeyReused(),
    "NotAllowed": problems.NotAllowed(),
    "NotFound": problems.NotFound(),
    "NotSignedIn": problems.NotSignedIn(),
    "SignInUnavailable": problems.SignInUnavailable(0),
    "Stale": problems.Stale(),
    "UnsupportedCharset": problems.UnsupportedCharset(),
}
_CODE = re.compile(r"`([a-z]+(?:-[a-z]+)+)`")
_RAISED = re.compile(r"^\s*(\w+): (.*)$")

Codes = dict[int, set[str]]


def refusal_codes(operation: Operation) -> dict[int, tuple[str, ...]]:
    """Return the problem codes of an operation by HTTP status: the common ones of its kind, and those of its rules."""
    codes = _common_codes(operation)
    for function in filter(None, (operation.handler, operation.check)):
        for status, found in codes_reached_from(function).items():
            codes[status] |= found
    return {status: tuple(sorted(found)) for status, found in sorted(codes.items())}


def _common_codes(operation: Operation) -> Codes:
    """Codes of what is checked before the handler, in the steps of kernel/http/app.py."""
    codes: Codes = defaultdict(set)
    steps: list[Callable[..., Any]] = [requests.check_charset, requests.read_query]
    if not operation.public:
        steps += [principal_of, requests.check_role]
    if operation.path_names:
        steps.append(requests.read_path_values)
    if operation.body:
        steps += [requests.read_body, strict_json.parse]
    if operation.takes_key:
        steps.append(requests.single_key)
        for problem in (problems.KeyReused(), problems.Busy()):
            codes[int(problem.status)].add(problem.code)
    for step in steps:
        for status, found in codes_reached_from(step, follow=(*_FOLLOWED, "kernel.http.")).items():
            codes[status] |= found
    if operation.method != "GET":
        codes[int(problems.Busy.status)].add(problems.Busy().code)
    return codes


@cache
def codes_reached_from(function: Callable[..., Any], *, follow: tuple[str, ...] = _FOLLOWED) -> Codes:
    """Return the codes by HTTP status of the problems that a function, or what it names, may raise."""
    codes: Codes = defaultdict(set)
    seen: set[int] = set()
    waiting: list[Any] = [function]
    while waiting:
        one = inspect.unwrap(waiting.pop())
        if id(one) in seen:
            continue
        seen.add(id(one))
        for status, code in _codes_in(one):
            codes[status].add(code)
        waiting += [named for named in _named_in(one) if (named.__module__ + ".").startswith(follow)]
    return codes


@cache
def _tree(one: Any) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(one)))
    except (OSError, TypeError, SyntaxError):  # no source, or a function within an expression
        return ast.Module([], [])


@cache
def _codes_in(one: Any) -> frozenset[tuple[int, str]]:
    return frozenset(_codes_of_nodes(one))


def _codes_of_nodes(one: Any) -> Iterator[tuple[int, str]]:
    for node in ast.walk(_tree(one)):
        if isinstance(node, ast.Call):
            called = _value_of(node.func, one)
            kind = one if _is_initialiser_of_base(node, one) else _kind_of_problem(called)
            if kind is not None:
                yield from _codes_of_call(kind, node, one, made_by_function=inspect.isfunction(called))
        elif isinstance(node, ast.Raise) and (fixed := _FIXED.get(getattr(node.exc, "id", ""))):
            yield int(fixed.status), fixed.code
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from _codes_of_docstring(ast.get_docstring(node) or "", one)


def _is_initialiser_of_base(call: ast.Call, one: Any) -> bool:
    """Return True for `super().__init__(…)` in a class of problems that has its own code."""
    is_problem = inspect.isclass(one) and issubclass(one, Problem) and one.__module__ != problems.__name__
    return is_problem and ast.unparse(call.func) == "super().__init__"


def _kind_of_problem(called: Any) -> type[Problem] | None:
    """Return the problem that a class or function makes; None if it makes something else."""
    if inspect.isfunction(called):
        named = called.__annotations__.get("return")
        called = getattr(problems, named, None) if isinstance(named, str) else named
    return called if inspect.isclass(called) and issubclass(called, Problem) else None


def _codes_of_call(
    raised: type[Problem], call: ast.Call, one: Any, *, made_by_function: bool
) -> Iterator[tuple[int, str]]:
    if fixed := _FIXED.get(raised.__name__):
        yield int(fixed.status), fixed.code
        return
    if "__init__" in vars(raised) and raised.__module__ != problems.__name__ and raised is not one:
        return  # the class itself has the code
    by_name = {keyword.arg: keyword.value for keyword in call.keywords}
    if issubclass(raised, Invalid):
        written = by_name.get("code", call.args[1] if len(call.args) > 1 else None)
        default = [] if made_by_function else [ast.Constant("invalid-fields")]
    else:
        written, default = by_name.get("code", call.args[0] if call.args else None), []
    for node in _choices(written) if written is not None else default:
        value = node.value if isinstance(node, ast.Constant) else _value_of(node, one)
        if isinstance(value, str) and (not made_by_function or _CODE.fullmatch(f"`{value}`")):
            yield int(raised.status), str(value)


def _choices(node: ast.expr) -> list[ast.expr]:
    """Return the texts of which an expression has one: both sides of a condition."""
    return [*_choices(node.body), *_choices(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _codes_of_docstring(text: str, one: Any) -> Iterator[tuple[int, str]]:
    raised: type[Problem] | None = None
    for line in text.partition("Raises:")[2].splitlines():
        if (match := _RAISED.match(line)) is not None:
            raised = _kind_of_problem(_value_of(ast.Name(match[1]), one) or getattr(problems, match[1], None))
            if fixed := _FIXED.get(match[1]):
                yield int(fixed.status), fixed.code
        if raised is not None and not issubclass(raised, Invalid):
            yield from ((int(raised.status), code) for code in _CODE.findall(line))


@cache
def _named_in(one: Any) -> list[Any]:
    """Return the functions and classes that a function or class names."""
    values: list[Any] = []
    for node in ast.walk(_tree(one)):
        if isinstance(node, ast.Name | ast.Attribute):
            value = _value_of(node, one)
            values += value.values() if isinstance(value, dict) else [value]
    return [value for value in values if inspect.isfunction(inspect.unwrap(value)) or inspect.isclass(value)]


def _value_of(node: ast.expr, one: Any) -> Any:
    """Return what a name, or the attribute of a module or class, means in a function; None if it is not known."""
    if isinstance(node, ast.Name):
        names = getattr(one, "__globals__", None) or vars(inspect.getmodule(one) or problems)
        return _closed_over(one).get(node.id, names.get(node.id))
    if isinstance(node, ast.Attribute):
        owner = _value_of(node.value, one)
        return getattr(owner, node.attr, None) if inspect.ismodule(owner) or inspect.isclass(owner) else None
    return None


@cache
def _closed_over(one: Any) -> Mapping[str, Any]:
    return inspect.getclosurevars(one).nonlocals if inspect.isfunction(one) else {}
