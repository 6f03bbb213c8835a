"""Tell a walk step by step, in the terminal or as one JSON object at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console


class PromiseBroken(Exception):
    """The system did not do what it promises; the message says what, Chinese and English."""


@dataclass
class Step:
    """One step: what was done, how long it took in seconds, and what came of it."""

    name_zh: str
    name_en: str
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Narration:
    """The steps so far; each is shown as it happens."""

    console: Console
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name_zh: str, name_en: str) -> Iterator[Step]:
        """Announce a step, time it, and tell its facts."""
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
