"""Trace and outcome of a random run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from tests.fast_aws.interception import Answer, Proceed, Request


class Trace:
    """Lines about every step, and a hash over them and all AWS calls."""

    def __init__(self, show: Callable[[str], None] | None = None) -> None:
        self._show = show
        self._hash = sha256()
        self.calls = 0

    def add(self, line: str) -> None:
        """Add a line."""
        self._hash.update(line.encode())
        if self._show:
            self._show(line)

    def record(self, request: Request, proceed: Proceed) -> Answer:
        """Add an AWS call; a layer around every call."""
        self.calls += 1
        self._hash.update(request.operation.encode())
        return proceed(request)

    @property
    def hash(self) -> str:
        """Return the hash of everything so far."""
        return self._hash.hexdigest()[:16]


@dataclass
class Outcome:
    """Result of a seed: hash of its trace, AWS calls, accepted orders, and faults by kind."""

    seed: int
    hash: str
    calls: int
    orders: int
    faults: Counter[str] = field(default_factory=Counter)
