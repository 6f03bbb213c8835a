"""Check that every mutation finds its code and its test, without running any test."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from textwrap import dedent

from tests.mutation.definitions import ROOT, AnchorError, find_test
from tests.mutation.mutation import Mutant, Mutation
from tests.mutation.patterns import is_wildcard


def broken_anchors(mutations: Iterable[Mutation]) -> Iterator[str]:
    """Yield what to edit: the place of a mutation, its name, and what it does not find."""
    for mutation in mutations:
        for problem in _problems(mutation):
            yield f"{mutation.place}: “{mutation.name}”: {problem}"


def _problems(mutation: Mutation) -> Iterator[str]:
    try:
        unknown = _unknown_names(mutation.mutant())
        if unknown:
            yield f"the replacement uses names that the module does not have: {', '.join(unknown)}"
    except (AnchorError, ValueError, SyntaxError) as error:
        yield str(error)
    try:
        find_test(mutation.caught_by)
    except AnchorError as error:
        yield str(error)


def _unknown_names(mutant: Mutant) -> list[str]:
    """Return names in the replacement that occur nowhere in the module. Such a mutant fails for another reason."""
    source = (ROOT / mutant.definition.file).read_text(encoding="utf-8")
    known = {*_names(ast.parse(source)), *dir(builtins)}
    new = ast.parse(dedent(mutant.mutation.new))
    assigned = {node.id for node in ast.walk(new) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return sorted(name for name in _names(new) if name not in known | assigned and not is_wildcard(name))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name():
                yield node.id
            case ast.arg():
                yield node.arg
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
            case ast.alias():
                yield node.asname or node.name
