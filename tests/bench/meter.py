"""What AWS calls cost, computed from the sizes of the items as the cloud bills them (the emulators' figures are flat).

Published rule: an item's size is the UTF-8 length of its names and values; a write costs a unit per begun KB, twice
that in a transaction, and again for each index entry that comes, changes or goes; a read costs a unit per begun 4 KB,
half where it may be stale. A transaction that is refused is billed like one that is not, and changes nothing.
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
from tests.read_units import cost, item_bytes
from tests.world import World

_KB = 1024


class Watch(Enum):
    """What a meter looks at. One thing at a time: counting units between two calls makes what is timed slower."""

    COST = auto()  # units and calls
    TIME = auto()  # CPU seconds of our own process, without the pretended AWS
    MEMORY = auto()  # bytes allocated at most at a time


@dataclass
class Bill:
    """What was used: units (`wasted`: of these, by transactions that were refused), calls by operation; or CPU seconds;
    or the most bytes held at a time.
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
    """Meter everything our functions do inside, without the test that sets them going."""
    with _looking(world, watch) as meter:
        yield meter.bill


def meter_program(world: World, program: Callable[[], object], watch: Watch = Watch.COST) -> Bill:
    """What a program of the bench itself uses."""
    with _looking(world, watch) as meter:
        meter.ours.within(program)
    return meter.bill


class _Meter:
    """What is looked at, and what was seen so far."""

    def __init__(self, world: World, watch: Watch) -> None:
        self.world = world
        self.watch = watch
        self.bill = Bill()
        self.ours = _Ours(watch)


#: The one that looks now, if any.
_looks: _Meter | None = None


@contextmanager
def _looking(world: World, watch: Watch) -> Iterator[_Meter]:
    global _looks
    _looks = meter = _Meter(world, watch)
    try:
        yield meter
    finally:
        _looks = None
        meter.bill.cpu_seconds, meter.bill.peak_bytes = meter.ours.cpu_seconds, meter.ours.peak_bytes


# Put in once, not for every order: a class that was changed is slow until Python has learnt it anew.


def _install() -> None:
    call: Any = ServiceApp.__call__
    invoke: Any = World.invoke
    send: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    carry: Any = Wire.__call__
    answer: Any = FastCloud._answer

    def called(app: ServiceApp, *args: Any) -> Any:
        return _looks.ours.within(lambda: call(app, *args)) if _looks else call(app, *args)

    def invoked(world: World, *args: Any, **more: Any) -> Any:
        return _looks.ours.within(lambda: invoke(world, *args, **more)) if _looks else invoke(world, *args, **more)

    def billed(client: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        if _looks is None or _looks.watch is not Watch.COST:
            return send(client, operation, request)
        bill, world, keys = _looks.bill, _looks.world, _writes(operation, request)
        before = [_item(world, key) for key, _ in keys]
        try:
            answer = send(client, operation, request)
        except ClientError:
            _bill_refusal(bill, keys, before)
            raise
        _bill(bill, world, operation, request, answer, keys, before)
        return answer

    def carried(wire: Wire, request: Any, **more: Any) -> Any:
        return _looks.ours.without(lambda: carry(wire, request, **more)) if _looks else carry(wire, request, **more)

    def answered(cloud: FastCloud, service: str, operation: str, params: dict[str, Any]) -> Any:
        if _looks is None:
            return answer(cloud, service, operation, params)
        _looks.bill.calls[f"{service}.{operation}"] += 1
        return _looks.ours.without(lambda: answer(cloud, service, operation, params))

    for owner, name, instead in (
        (ServiceApp, "__call__", called),
        (World, "invoke", invoked),
        (BaseClient, "_make_api_call", billed),
        (Wire, "__call__", carried),
        (FastCloud, "_answer", answered),
    ):
        setattr(owner, name, instead)


_install()


@contextmanager
def at_rest() -> Iterator[None]:
    """Look for garbage only among what is made inside, and not through the emulator's table, which is large."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Ours:
    """CPU seconds of what is done `within`, less what of it is done `without`; of memory the most held at a time."""

    def __init__(self, watch: Watch) -> None:
        self.cpu_seconds = 0.0
        self.peak_bytes = 0
        self._allocations = watch is Watch.MEMORY
        self._floor = 0
        self._outside = False

    def within(self, act: Callable[[], Any]) -> Any:
        """Do something that is to be counted."""
        if self._allocations:
            tracemalloc.start()
            self._floor = self._look()
        began = time.process_time()
        try:
            return act()
        finally:
            self.cpu_seconds += time.process_time() - began
            if self._allocations:
                self._remember()
                tracemalloc.stop()

    def without(self, act: Callable[[], Any]) -> Any:
        """Do something that is not to be counted."""
        if self._outside:
            return act()
        self._outside = True
        began = time.process_time()
        if self._allocations:
            self._remember()
            before = self._look()
        try:
            return act()
        finally:
            if self._allocations:
                self._floor += self._look() - before
            gc.freeze()  # nor is it ours to look through what was made here for garbage
            self.cpu_seconds -= time.process_time() - began
            self._outside = False

    def _remember(self) -> None:
        self.peak_bytes = max(self.peak_bytes, tracemalloc.get_traced_memory()[1] - self._floor)

    @staticmethod
    def _look() -> int:
        """Bytes held now; what was held before is no longer the most."""
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
    """Keys written and the factor of each."""
    if operation == "TransactWriteItems":
        acts = [next(iter(action.values())) for action in request["TransactItems"]]
        return [(act.get("Key") or _key_of(act["Item"]), 2) for act in acts]
    if operation in {"UpdateItem", "DeleteItem"}:
        return [(request["Key"], 1)]
    return [(_key_of(request["Item"]), 1)] if operation == "PutItem" else []


def _key_of(item: _Item) -> _Item:
    return {"pk": item["pk"], "sk": item["sk"]}


def _write_units(old: _Item | None, new: _Item | None, factor: int) -> int:
    return factor * max(_units(old), _units(new), 1) + _index_units(old, new)


def _index_units(old: _Item | None, new: _Item | None) -> int:
    """An entry that comes or goes costs its size; one that moves both; one that stays its size if changed."""
    was, is_now = (item if item and "gsi1pk" in item else None for item in (old, new))
    if (
        was
        and is_now
        and [was[name] for name in ("gsi1pk", "gsi1sk")] == [is_now[name] for name in ("gsi1pk", "gsi1sk")]
    ):
        return _units(is_now) if was != is_now else 0
    return _units(was) + _units(is_now)
