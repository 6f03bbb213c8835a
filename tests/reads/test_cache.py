"""Tests of the cache: its size, the order in which entries leave, and clearing."""

from __future__ import annotations

from reads.cache import Cache, forget_all


def test_cache_removes_oldest_entry_when_full() -> None:
    cache: Cache[str, int] = Cache(max_entries=2)
    for number, key in enumerate("abc"):
        cache.put(key, number)
    assert ("a" in cache, cache.get("a"), cache.get("b"), cache.get("c"), len(cache)) == (False, None, 1, 2, 2)


def test_replaced_value_removes_no_other_entry() -> None:
    cache: Cache[str, int] = Cache(max_entries=2)
    for key, number in [("a", 0), ("b", 1), ("a", 2)]:
        cache.put(key, number)
    assert (cache.get("a"), cache.get("b")) == (2, 1)
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (None, 1, 3)


def test_cache_distinguishes_false_values_from_absent_ones() -> None:
    cache: Cache[str, dict[str, int]] = Cache(max_entries=1)
    cache.put("a", {})
    assert "a" in cache
    assert (cache.get("a"), cache.get("b")) == ({}, None)


def test_forget_all_clears_every_cache() -> None:
    caches: list[Cache[int, int]] = [Cache(max_entries=1), Cache(max_entries=1)]
    for cache in caches:
        cache.put(1, 1)
    forget_all()
    assert [len(cache) for cache in caches] == [0, 0]
