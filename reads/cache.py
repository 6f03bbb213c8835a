"""Cache: what a process has read and may use again."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: Every cache of the process: each is made once, by the module that reads what it caches.
_caches: list[Cache[Any, Any]] = []


class Cache(Generic[K, V]):
    """At most `max_entries` values by key. When it is full, the oldest entry leaves.

    A value never expires. Its key must name one version of what was read, so that an outdated value is not found.
    """

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._values: dict[K, V] = {}
        _caches.append(self)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def get(self, key: K) -> V | None:
        """Return the value of a key, or None."""
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Store a value; the oldest entry makes room for it. Replacing a value does not make its entry younger."""
        self._values[key] = value
        if len(self._values) > self._max_entries:
            del self._values[next(iter(self._values))]

    def clear(self) -> None:
        """Remove all entries."""
        self._values.clear()


def forget_all() -> None:
    """Clear every cache, so that a test begins like a new process."""
    for cache in _caches:
        cache.clear()
