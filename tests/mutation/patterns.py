"""Find code by a pattern of Python and replace it, in the syntax tree: layout and comments play no part.

A pattern is an expression or a list of statements. Names that begin with two underscores are wildcards:

    __x                 any expression; the same wildcard again must match equal code
    _                   any expression, not to be used in the replacement
    f(*__a, b, **__k)   `*__a`: any number of arguments or elements; `**__k`: of keywords or entries of a dict
    __body              as a statement: any number of statements
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from textwrap import dedent
from typing import Any, NamedTuple

_WILDCARD = re.compile(r"_|__[a-z0-9]+(_[a-z0-9]+)*")
_CONTEXT = re.compile(r", ctx=\w+\(\)")
#: These fields do not change the meaning.
_IGNORED_FIELDS = {"ctx", "kind", "type_comment", "type_ignores"}

#: Code that each wildcard matched: nodes, or pairs of key and value for the entries of a dict.
Captures = dict[str, list[Any]]


class PatternNotFound(Exception):
    """The pattern matches nowhere, or more than once."""


class Match(NamedTuple):
    """Place that a pattern matches: a slice of a list of statements, or one expression."""

    parent: ast.AST
    field: str
    start: int | None
    end: int | None
    captures: Captures

    @property
    def nodes(self) -> list[ast.AST]:
        """Matched nodes."""
        value = getattr(self.parent, self.field)
        return [value] if self.start is None else value[self.start : self.end]


def replace(block: list[ast.stmt], old: str, new: str) -> list[ast.stmt]:
    """Return these statements with the code that matches `old` replaced by `new`. The statements are changed.

    Without a statement in `new` the match is deleted.

    Raises:
        PatternNotFound: the pattern does not match exactly once.
        ValueError: `new` equals `old`, or uses a wildcard that `old` does not have.
        SyntaxError: a pattern is not Python.
    """
    pattern, replacement = (ast.parse(dedent(code)).body for code in (old, new))
    if _dump(pattern) == _dump(replacement):
        raise ValueError("the replacement equals the pattern")
    root = ast.Module(block, [])
    expressions = [_lone_expression(code) for code in (pattern, replacement)]
    if all(expressions):
        matches = list(_matching_expressions(root, expressions[0]))
    else:
        matches = list(_matching_statements(root, pattern))
    if len(matches) != 1:
        lines = sorted({match.nodes[0].lineno for match in matches})
        at = f", in lines {', '.join(map(str, lines))}" if lines else _nearest(root, pattern)
        raise PatternNotFound(f"the pattern matches {len(matches)} times{at}")
    _splice(matches[0], [expressions[1]] if all(expressions) else replacement)
    return root.body


def is_wildcard(name: str) -> bool:
    """Return whether a name in a pattern matches any code."""
    return bool(_WILDCARD.fullmatch(name))


def _lone_expression(code: Sequence[ast.stmt]) -> ast.expr | None:
    return code[0].value if len(code) == 1 and isinstance(code[0], ast.Expr) else None


# ---- matching ----


def _matching_expressions(root: ast.AST, pattern: ast.expr | None) -> Iterator[Match]:
    for parent in ast.walk(root):
        for field, value in ast.iter_fields(parent):
            for at, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                    captures: Captures = {}
                    if _matches(pattern, node, captures):
                        yield Match(parent, field, at, None if at is None else at + 1, captures)


def _matching_statements(root: ast.AST, pattern: list[ast.stmt]) -> Iterator[Match]:
    for parent in ast.walk(root):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(parent, field, None)
            if isinstance(block, list):
                for start in range(len(block)):
                    for end in range(start + 1, len(block) + 1):
                        captures: Captures = {}
                        if _list_matches(pattern, block[start:end], captures):
                            yield Match(parent, field, start, end, captures)
                            break


def _matches(pattern: Any, node: Any, captures: Captures) -> bool:
    if isinstance(pattern, ast.Name) and is_wildcard(pattern.id):
        return isinstance(node, ast.expr) and _capture(pattern.id, [node], captures)
    if type(pattern) is not type(node):
        return False
    if isinstance(pattern, list):
        if any(isinstance(item, ast.keyword) for item in (*pattern, *node)):
            return _keywords_match(pattern, node, captures)
        return _list_matches(pattern, node, captures)
    if isinstance(pattern, ast.Dict):
        return _entries_match(pattern, node, captures)
    if isinstance(pattern, ast.AST):
        return all(
            _matches(getattr(pattern, field), getattr(node, field), captures)
            for field in pattern._fields
            if field not in _IGNORED_FIELDS
        )
    return bool(pattern == node)


def _list_matches(pattern: Sequence[Any], nodes: Sequence[Any], captures: Captures) -> bool:
    rest = next((at for at, item in enumerate(pattern) if _rest_name(item)), None)
    if rest is None:
        return len(pattern) == len(nodes) and all(
            _matches(*pair, captures) for pair in zip(pattern, nodes, strict=True)
        )
    after = len(pattern) - rest - 1
    end = len(nodes) - after
    return (
        rest <= end
        and _list_matches(pattern[:rest], nodes[:rest], captures)
        and _capture(_rest_name(pattern[rest]), nodes[rest:end], captures)
        and _list_matches(pattern[rest + 1 :], nodes[end:], captures)
    )


def _keywords_match(pattern: list[ast.keyword], nodes: list[ast.keyword], captures: Captures) -> bool:
    left = list(nodes)
    for item in pattern:
        if not _rest_name(item):
            same = next((node for node in left if node.arg == item.arg), None)
            if same is None or not _matches(item.value, same.value, captures):
                return False
            left.remove(same)
    return _rest_matches(pattern, left, captures)


def _entries_match(pattern: ast.Dict, node: ast.Dict, captures: Captures) -> bool:
    left = list(zip(node.keys, node.values, strict=True))
    rest = []
    for key, value in zip(pattern.keys, pattern.values, strict=True):
        if key is None and isinstance(value, ast.Name) and is_wildcard(value.id):
            rest.append(ast.keyword(None, value))
            continue
        same = next((entry for entry in left if _matches(key, entry[0], dict(captures))), None)
        if same is None or not _matches(key, same[0], captures) or not _matches(value, same[1], captures):
            return False
        left.remove(same)
    return _rest_matches(rest, left, captures)


def _rest_matches(pattern: Sequence[ast.keyword], left: list[Any], captures: Captures) -> bool:
    rest = [name for item in pattern if (name := _rest_name(item))]
    return _capture(rest[0], left, captures) if rest else not left


def _rest_name(item: Any) -> str:
    """Return the wildcard that matches any number of such items; empty if the item is no such wildcard."""
    match item:
        case ast.Starred(value=ast.Name(id=name)) | ast.Expr(value=ast.Name(id=name)):
            pass
        case ast.keyword(arg=None, value=ast.Name(id=name)):
            pass
        case _:
            return ""
    return name if is_wildcard(name) else ""


def _capture(name: str, nodes: Sequence[Any], captures: Captures) -> bool:
    if name == "_":
        return True
    return _dump(captures.setdefault(name, list(nodes))) == _dump(nodes)


def _dump(value: Any) -> str:
    """Return text that is equal for equal code, whether it is read or assigned."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_dump, value))}]"
    return _CONTEXT.sub("", ast.dump(value)) if isinstance(value, ast.AST) else repr(value)


# ---- replacing ----


class _Fill(ast.NodeTransformer):
    """Put captured code in place of the wildcards, and give all other nodes the location of the match."""

    def __init__(self, captures: Captures, place: ast.AST) -> None:
        self._captures = captures
        self._place = place

    def _captured(self, name: str) -> list[Any]:
        if name not in self._captures:
            raise ValueError(f"the replacement uses {name}, which the pattern does not have")
        return copy.deepcopy(self._captures[name])

    def visit(self, node: ast.AST) -> Any:
        """Return what takes the node's place."""
        name = _rest_name(node)
        if name and name != "_":
            return self._captured(name)
        if isinstance(node, ast.Name) and node.id != "_" and is_wildcard(node.id):
            return _in_context(self._captured(node.id)[0], node.ctx)
        if isinstance(node, ast.Dict):
            self._fill_entries(node)
        if "lineno" in node._attributes:
            ast.copy_location(node, self._place)
        return self.generic_visit(node)

    def _fill_entries(self, node: ast.Dict) -> None:
        entries: list[tuple[Any, Any]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            is_rest = key is None and isinstance(value, ast.Name) and is_wildcard(value.id)
            entries += self._captured(value.id) if is_rest else [(key, value)]
        node.keys, node.values = [key for key, _ in entries], [value for _, value in entries]


def _in_context(node: ast.expr, context: ast.expr_context) -> ast.expr:
    """Return the node as it is read, or as it is assigned."""
    if hasattr(node, "ctx"):
        node.ctx = context
    if isinstance(node, ast.Tuple | ast.List):
        node.elts = [_in_context(item, context) for item in node.elts]
    return node


def _splice(match: Match, replacement: Sequence[Any]) -> None:
    fill = _Fill(match.captures, match.nodes[0])
    filled: list[Any] = []
    for node in replacement:
        result = fill.visit(node)
        filled += result if isinstance(result, list) else [result]
    if match.start is None:
        setattr(match.parent, match.field, filled[0])
        return
    block = getattr(match.parent, match.field)
    place = block[match.start]
    block[match.start : match.end] = filled
    if not block and isinstance(place, ast.stmt) and match.field == "body":
        block.append(ast.copy_location(ast.Pass(), place))


# ---- messages ----


def _nearest(root: ast.AST, pattern: list[ast.stmt]) -> str:
    """Return the code most like the pattern. A renamed name is the usual reason why a pattern fails."""
    wanted = _tokens(ast.unparse(ast.Module(pattern, [])))
    kind = ast.expr if _lone_expression(pattern) else ast.stmt
    best, line, text = 0.0, 0, ""
    for node in ast.walk(root):
        if isinstance(node, kind):
            code = ast.unparse(node)
            ratio = SequenceMatcher(None, wanted, _tokens(code)).ratio()
            if ratio > best:
                best, line, text = ratio, node.lineno, code
    return f"; nearest, in line {line}:\n{text}" if text else ""


def _tokens(code: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", code)
