"""Narration of a tour: every step is printed with its duration and facts, and collected for JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console


class CheckFailed(Exception):
    """The system did not keep a promise; the message names it, Chinese / English."""


@dataclass
class Step:
    """One step with its duration in seconds and its facts by name."""

    name_zh: str
    name_en: str
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Narration:
    """The steps until now; each is printed when it ends."""

    console: Console
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name_zh: str, name_en: str) -> Iterator[Step]:
        """Print the name of a step, measure it, and print its facts."""
        step = Step(name_zh, name_en)
        self.steps.append(step)
        self.console.print(f"[bold cyan]{len(self.steps):>2}  {name_zh}[/]  [dim]{name_en}[/]", highlight=False)
        started = time.monotonic()
        try:
            with self.console.status(f"{name_zh} …"):
                yield step
        finally:
            step.seconds = round(time.monotonic() - started, 3)
            for name, value in step.facts.items():
                self.console.print(f"      {name}: {value}", highlight=False, markup=False)
            self.console.print(f"      [dim]{step.seconds:.2f} s[/]", highlight=False)


def check(passed: bool, failure: str) -> None:
    """Raise a failed check.

    Raises:
        CheckFailed: `passed` is false.
    """
    if not passed:
        raise CheckFailed(failure)
