"""One bug: where it is planted, how, and which test must catch it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).parents[2]


class Kind(StrEnum):
    """What sort of mistake it is."""

    REMOVED_CONDITION = "a condition is gone"
    SWAPPED_ORDER = "two steps are in the wrong order"
    DROPPED_DEDUP = "what was done before is done again"
    SIGN_FLIP = "a sign is turned round"
    MISSING_TENANT = "a dealer's bounds are forgotten"
    WRONG_ROUNDING = "a fraction goes the wrong way"
    EFFECT_BEFORE_RECORD = "it is done before it is written down"
    LOST_ANNOUNCEMENT = "it happens and nobody is told"
    MISSING_RETRY = "a passing failure is final"
    SWALLOWED_FAILURE = "a failure passes for success"
    OFF_BY_ONE = "a bound is one off"
    LEAK = "somebody learns what is none of their business"
    LOST_UPDATE = "what somebody else wrote is overwritten"
    WRONG_SOURCE = "it is taken from the wrong place"


@dataclass(frozen=True)
class Bug:
    """A bug and the test that must catch it.

    `name` says what goes wrong, as whoever suffers from it would. `old` is a passage that stands exactly once in
    `file`, `new` what stands there instead. `caught_by` is a pytest node id; of several parameters one will do.
    """

    name: str
    kind: Kind
    file: str
    old: str
    new: str
    caught_by: str

    @property
    def module(self) -> str:
        """The module it is planted in."""
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def source(self) -> str:
        """The module's source with the bug in it.

        Raises:
            Uprooted: the passage is not there, or not once.
        """
        source = (ROOT / self.file).read_text(encoding="utf-8")
        times = source.count(self.old)
        if times != 1:
            raise Uprooted(f"“{self.name}” cannot be planted: its passage stands {times} times in {self.file}")
        return source.replace(self.old, self.new)


class Uprooted(Exception):
    """The code changed, and the bug must be planted anew."""


class Soil(SourceFileLoader):
    """Loads the module with the bug, from memory and past all caches."""

    def __init__(self, bug: Bug) -> None:
        super().__init__(bug.module, str(ROOT / bug.file))
        self.bug = bug

    def get_code(self, fullname: str) -> CodeType:
        """What the spoilt source compiles to."""
        code: CodeType = compile(self.bug.source, self.path, "exec", dont_inherit=True)
        return code


class Planter(MetaPathFinder):
    """Finds the bug's module before anybody else does; `planted` once it was imported."""

    def __init__(self, bug: Bug) -> None:
        self.bug = bug
        self.planted = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec with our loader, for this one module."""
        if fullname != self.bug.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        assert spec is not None, fullname
        spec.loader = Soil(self.bug)
        self.planted = True
        return spec


def plant(bug: Bug) -> Planter:
    """Let this process import the module with the bug, for the rest of its life."""
    assert bug.module not in sys.modules, f"{bug.module} is imported already"
    planter = Planter(bug)
    sys.meta_path.insert(0, planter)
    return planter
