"""Compute the cost of AWS calls from item sizes, by the billing rules of DynamoDB; emulators report flat figures.

The size of an item is the UTF-8 length of its names and values. A write costs one unit per started KB, two in a
transaction, and again for each index entry that is added, changed or removed. A read costs one unit per started 4 KB,
half a unit if it is eventually consistent. A refused transaction costs the same.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from math import ceil
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from kernel.http.app import ServiceApp
from tests.bench.wire import Wire
from tests.fast_aws.fast_cloud import FastCloud
from tests.support.read_units import cost, item_bytes
from tests.support.world import World

_KB = 1024


class Watch(Enum):
    """Quantity to measure, one per run: counting units between two calls would slow down what is timed."""

    COST = auto()  # units and calls
    TIME = auto()  # CPU seconds of the services, without the simulated AWS
    MEMORY = auto()  # peak of allocated bytes


@dataclass
class Bill:
    """Measured usage: units and calls by operation, or CPU seconds, or the peak of allocated bytes.

    `wasted` are the write units of refused transactions.
    """

    write_units: float = 0
    wasted: float = 0
    read_units: float = 0
    calls: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    cpu_seconds: float = 0
    peak_bytes: int = 0

    def __add__(self, other: Bill) -> Bill:
        return Bill(
            self.write_units + other.write_units,
            self.wasted + other.wasted,
            self.read_units + other.read_units,
            self.calls + other.calls,
            self.refused + other.refused,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_bytes, other.peak_bytes),
        )


@contextmanager
def metered(world: World, watch: Watch = Watch.COST) -> Iterator[Bill]:
    """Measure everything the functions do inside the block, without the test that calls them."""
    with _measuring(world, watch) as meter:
        yield meter.bill


def meter_program(world: World, program: Callable[[], object], watch: Watch = Watch.COST) -> Bill:
    """Measure a program of the bench."""
    with _measuring(world, watch) as meter:
        meter.ours.within(program)
    return meter.bill


class _Meter:
    """Measurement in progress."""

    def __init__(self, world: World, watch: Watch) -> None:
        self.world = world
        self.watch = watch
        self.bill = Bill()
        self.ours = _Ours(watch)


#: Meter of the current block.
_active: _Meter | None = None


@contextmanager
def _measuring(world: World, watch: Watch) -> Iterator[_Meter]:
    global _active
    _active = meter = _Meter(world, watch)
    try:
        yield meter
    finally:
        _active = None
        meter.bill.cpu_seconds, meter.bill.peak_bytes = meter.ours.cpu_seconds, meter.ours.peak_bytes


# Installed once, not for every order: changing a class clears Python's caches and slows the next calls.


def _install() -> None:
    call: Any = ServiceApp.__call__
    invoke: Any = World.invoke
    send: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    transmit: Any = Wire.__call__
    answer: Any = FastCloud._answer

    def called(app: ServiceApp, *args: Any) -> Any:
        return _active.ours.within(lambda: call(app, *args)) if _active else call(app, *args)

    def invoked(world: World, *args: Any, **more: Any) -> Any:
        return _active.ours.within(lambda: invoke(world, *args, **more)) if _active else invoke(world, *args, **more)

    def billed(client: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        if _active is None or _active.watch is not Watch.COST:
            return send(client, operation, request)
        bill, world, keys = _active.bill, _active.world, _writes(operation, request)
        before = [_item(world, key) for key, _ in keys]
        try:
            answer = send(client, operation, request)
        except ClientError:
            _bill_refusal(bill, keys, before)
            raise
        _bill(bill, world, operation, request, answer, keys, before)
        return answer

    def carried(wire: Wire, request: Any, **more: Any) -> Any:
        return (
            _active.ours.without(lambda: transmit(wire, request, **more))
            if _active
            else transmit(wire, request, **more)
        )

    def answered(cloud: FastCloud, service: str, operation: str, params: dict[str, Any]) -> Any:
        if _active is None:
            return answer(cloud, service, operation, params)
        _active.bill.calls[f"{service}.{operation}"] += 1
        return _active.ours.without(lambda: answer(cloud, service, operation, params))

    for owner, name, replacement in (
        (ServiceApp, "__call__", called),
        (World, "invoke", invoked),
        (BaseClient, "_make_api_call", billed),
        (Wire, "__call__", carried),
        (FastCloud, "_answer", answered),
    ):
        setattr(owner, name, replacement)


_install()


@contextmanager
def at_rest() -> Iterator[None]:
    """Limit garbage collection to objects made inside the block; the table of the cloud is large."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Ours:
    """CPU seconds and peak memory of what runs `within`, without what runs `without`."""

    def __init__(self, watch: Watch) -> None:
        self.cpu_seconds = 0.0
        self.peak_bytes = 0
        self._allocations = watch is Watch.MEMORY
        self._floor = 0
        self._outside = False

    def within(self, act: Callable[[], Any]) -> Any:
        """Run something and measure it."""
        if self._allocations:
            tracemalloc.start()
            self._floor = self._reset_peak()
        began = time.process_time()
        try:
            return act()
        finally:
            self.cpu_seconds += time.process_time() - began
            if self._allocations:
                self._record_peak()
                tracemalloc.stop()

    def without(self, act: Callable[[], Any]) -> Any:
        """Run something without measuring it."""
        if self._outside:
            return act()
        self._outside = True
        began = time.process_time()
        if self._allocations:
            self._record_peak()
            before = self._reset_peak()
        try:
            return act()
        finally:
            if self._allocations:
                self._floor += self._reset_peak() - before
            gc.freeze()  # garbage collection of these objects is not measured either
            self.cpu_seconds -= time.process_time() - began
            self._outside = False

    def _record_peak(self) -> None:
        self.peak_bytes = max(self.peak_bytes, tracemalloc.get_traced_memory()[1] - self._floor)

    @staticmethod
    def _reset_peak() -> int:
        """Start a new peak; return the bytes allocated now."""
        tracemalloc.reset_peak()
        return tracemalloc.get_traced_memory()[0]


_Item = dict[str, Any]
_Write = tuple[_Item, int]


def _bill(
    bill: Bill, world: World, operation: str, request: _Item, answer: _Item, keys: list[_Write], before: list[Any]
) -> None:
    for (key, factor), old in zip(keys, before, strict=True):
        bill.write_units += _write_units(old, _item(world, key), factor)
    bill.read_units += cost(operation, request, answer)


def _bill_refusal(bill: Bill, keys: list[_Write], before: list[Any]) -> None:
    units = sum(factor * max(_units(old), 1) for (_, factor), old in zip(keys, before, strict=True))
    bill.refused += 1
    bill.write_units += units
    bill.wasted += units


def _units(item: _Item | None) -> int:
    return ceil(item_bytes(item) / _KB) if item else 0


def _item(world: World, key: _Item) -> _Item | None:
    found = world.cloud.find((key["pk"]["S"], key["sk"]["S"]))
    return dict(found) if found else None


def _writes(operation: str, request: _Item) -> list[_Write]:
    """Return the written keys, each with its factor of units."""
    if operation == "TransactWriteItems":
        writes = [next(iter(action.values())) for action in request["TransactItems"]]
        return [(write.get("Key") or _key_of(write["Item"]), 2) for write in writes]
    if operation in {"UpdateItem", "DeleteItem"}:
        return [(request["Key"], 1)]
    return [(_key_of(request["Item"]), 1)] if operation == "PutItem" else []


def _key_of(item: _Item) -> _Item:
    return {"pk": item["pk"], "sk": item["sk"]}


def _write_units(old: _Item | None, new: _Item | None, factor: int) -> int:
    return factor * max(_units(old), _units(new), 1) + _index_units(old, new)


def _index_units(old: _Item | None, new: _Item | None) -> int:
    """Return the units of the index: for an added, removed or changed entry its size, for a moved entry both sizes."""
    before, after = (item if item and "gsi1pk" in item else None for item in (old, new))
    if (
        before
        and after
        and [before[name] for name in ("gsi1pk", "gsi1sk")] == [after[name] for name in ("gsi1pk", "gsi1sk")]
    ):
        return _units(after) if before != after else 0
    return _units(before) + _units(after)
