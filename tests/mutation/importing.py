"""Import a mutant in place of its module, so that nothing on disk changes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from tests.mutation.definitions import ROOT
from tests.mutation.mutation import Mutant


class MutatedLoader(SourceFileLoader):
    """Loads the mutant past all caches."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(ROOT / mutant.definition.file))
        self._code = mutant.code

    def get_code(self, fullname: str) -> CodeType:
        """Return the mutant's code."""
        return self._code


class MutationFinder(MetaPathFinder):
    """Finds the mutant when its module is imported. `is_imported` is true from then on."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self.is_imported = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec with the mutated loader, for this one module."""
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        assert spec is not None, fullname
        spec.loader = MutatedLoader(self._mutant)
        self.is_imported = True
        return spec


def apply(mutant: Mutant) -> MutationFinder:
    """Let this process import the mutant in place of its module, until the process ends."""
    assert mutant.module not in sys.modules, f"{mutant.module} is imported already"
    finder = MutationFinder(mutant)
    sys.meta_path.insert(0, finder)
    return finder
