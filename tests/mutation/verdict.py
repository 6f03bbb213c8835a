"""Judge a test run with a mutation: only a failed assertion of a test catches it."""

from __future__ import annotations

import ast
import traceback
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from tests.mutation.definitions import ROOT


class Outcome(StrEnum):
    """Result of a mutation."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    ERROR = "error"


@dataclass(frozen=True)
class Verdict:
    """Result of a mutation. `detail` is the assertion that caught it, or the error; `seconds` are processor time.

    A mutation that stops the program from starting proves nothing about the test, so it is an error.
    """

    outcome: Outcome
    detail: str
    seconds: float = 0.0


class FirstFailure:
    """Plug-in for pytest that judges the first failure. Hypothesis does not search for the smallest example."""

    def __init__(self) -> None:
        self._verdict: Verdict | None = None

    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile("first failure", settings(), phases=[Phase.explicit, Phase.generate])
        settings.load_profile("first failure")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        report: pytest.TestReport = yield
        if report.failed and self._verdict is None and call.excinfo:
            self._verdict = _judge(f"{item.nodeid} ({call.when})", call)
        return report

    def verdict(self, status: int) -> Verdict:
        """Return the verdict after pytest ended with this status."""
        if self._verdict:
            return self._verdict
        if status == pytest.ExitCode.OK:
            return Verdict(Outcome.SURVIVED, "all tests passed")
        return Verdict(Outcome.ERROR, f"pytest ended with {status}")


def _judge(test: str, call: pytest.CallInfo[None]) -> Verdict:
    assert call.excinfo
    error = call.excinfo.value
    lines = str(error).splitlines() or [type(error).__name__]
    if call.when == "call" and _is_assertion_of_test(error):
        return Verdict(Outcome.CAUGHT, lines[0])
    return Verdict(Outcome.ERROR, f"{test}: no assertion but {type(error).__name__}: {lines[0]}")


def _is_assertion_of_test(error: BaseException) -> bool:
    """Return whether an assertion in a test or a test helper raised the error; those of the program do not count.

    An assertion that fails with another error, because what it reads is missing, counts. So does an unpacking such as
    `(item,) = items`, which asserts a number of items.
    """
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_assertion_of_test, error.exceptions))
    if isinstance(error, pytest.fail.Exception):
        return True
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    file = Path(frame.f_code.co_filename)
    return file.is_relative_to(ROOT / "tests") and (isinstance(error, AssertionError) or line in _asserting_lines(file))


def _asserting_lines(file: Path) -> set[int]:
    nodes = (node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Assert) or _unpacks(node))
    return {line for node in nodes for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def _unpacks(node: ast.AST) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List)
