"""Results remembered by object: stored items are never changed in place, so the same object gives the same result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

_Item = Mapping[str, Any]


class Remembered(Generic[Result]):
    """A function of an item that computes each result once. It forgets everything at the most results it may keep."""

    def __init__(self, compute: Callable[[_Item], Result], max_results: int) -> None:
        self._compute = compute
        self._max_results = max_results
        # The item stays referenced, so that no other one gets its id.
        self._results: dict[int, tuple[_Item, Result]] = {}

    def __call__(self, item: _Item) -> Result:
        """Return the result, computed now or before."""
        found = self._results.get(id(item))
        if found is None:
            result = self._compute(item)
            if len(self._results) >= self._max_results:
                self._results.clear()
            found = self._results[id(item)] = item, result
        return found[1]
