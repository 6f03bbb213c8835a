"""A mutation: a known bug, the definition it changes, and the test that must catch it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import StrEnum
from types import CodeType

from tests.mutation.definitions import ROOT, AnchorError, Definition, find_definition
from tests.mutation.patterns import PatternNotFound, replace


class Kind(StrEnum):
    """Kind of a mistake."""

    REMOVED_CONDITION = "a condition is missing"
    SWAPPED_ORDER = "two steps happen in the wrong order"
    MISSING_DEDUPLICATION = "a repeat has its effect again"
    SIGN_FLIP = "a sign is reversed"
    MISSING_TENANT_CHECK = "a dealer reaches the data of another"
    WRONG_ROUNDING = "a fraction is rounded the wrong way"
    EFFECT_BEFORE_RECORD = "an effect happens before its record is stored"
    LOST_EVENT = "an event or a message is not sent"
    MISSING_RETRY = "a temporary failure is final"
    SWALLOWED_FAILURE = "a failure counts as success"
    OFF_BY_ONE = "a limit is wrong by one"
    LEAK = "private data is shown"
    LOST_UPDATE = "a concurrent change is overwritten"
    WRONG_SOURCE = "a value comes from the wrong source"


@dataclass(frozen=True)
class Mutation:
    """One change of the code that a test must catch.

    `name` is the bug as a user sees it. `target` is `package:definition`; the definition is searched in all modules of
    the package. `old` is a pattern (see `patterns.py`) that matches exactly once in the definition; `new` replaces it.
    `caught_by` is the name of a test function, with `[id]` for one of its parameters.
    """

    name: str
    kind: Kind
    target: str
    old: str
    new: str
    caught_by: str

    @property
    def place(self) -> str:
        """File and line of this mutation, to edit it."""
        for file in sorted((ROOT / "tests/mutation/mutations").glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and node.value == self.name:
                    return f"{file.relative_to(ROOT)}:{node.lineno}"
        return "tests/mutation"

    def mutant(self) -> Mutant:
        """Return the module with the change.

        Raises:
            AnchorError: the definition or the pattern does not exist exactly once.
        """
        definition = find_definition(self.target)
        try:
            definition.replace(replace([definition.node], self.old, self.new))
        except PatternNotFound as error:
            raise AnchorError(
                f"{definition.place} {definition.name}: {error}\n--- pattern of {self.place}:\n{self.old}"
            ) from error
        code = compile(definition.tree, str(ROOT / definition.file), "exec", dont_inherit=True)
        return Mutant(self, definition, code)


@dataclass(frozen=True)
class Mutant:
    """Module with a mutation, compiled. Its lines are those of the file."""

    mutation: Mutation
    definition: Definition
    code: CodeType

    @property
    def module(self) -> str:
        """Dotted name of the module."""
        return self.definition.module
