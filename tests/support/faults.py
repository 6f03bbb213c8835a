"""Break the system at every AWS call it makes, one run per call and kind of fault.

    def test_reservation_happens_once_when_any_call_fails(client: OrdersClient) -> None:
        world = client.world                     # the fixture `fast_world`: there are many runs
        for fault in faults.every_point(world, prepare=submit, act=world.drain, within="orders.reserve_stock"):
            world.drain()                      # the effect of redelivery
            assert counters(1) == (90, 10), fault
            world.redeliver_everything()
            assert counters(1) == (90, 10), fault

The points are not listed by hand: `act` runs without a fault, and its calls are recorded. Then, for every call and
every kind, the world is restored to the state after `prepare`, `act` runs again with that one fault, and the loop's
body asserts what must hold. A crash is a BaseException. Until it has left `act`, every further call of the dead
process raises it again, so that no code tidies up. No call sleeps while `act` runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Layer, Proceed, Request

if TYPE_CHECKING:
    from tests.support.world import World

#: The function that runs just now, "orders.reserve_stock"; None between invocations.
running: ContextVar[str | None] = ContextVar("running", default=None)


class Kind(StrEnum):
    """Kind of fault at a call."""

    CRASH_BEFORE = "the process dies before"
    CRASH_AFTER = "the process dies right after"
    REFUSED = "the service fails and does nothing at"
    ANSWER_LOST = "the answer is lost, and the SDK sends again,"
    FAILED_AFTERWARDS = "it is done but reported as failed:"
    THROTTLED = "the service has no capacity for"
    PARTIAL = "only some is done, and the answer says so:"


class Crashed(BaseException):
    """The process is gone. No `except Exception` may survive it."""


@dataclass(frozen=True)
class Call:
    """One AWS call: its number within the run, from 0; `divisible` if it can be done in part."""

    number: int
    service: str
    operation: str
    function: str | None
    divisible: bool = False

    def __str__(self) -> str:
        return f"call {self.number} ({self.service}.{self.operation} in {self.function or 'the test'})"

    def admits(self, kind: Kind) -> bool:
        """Return True if this kind of fault can happen here."""
        return self.divisible or kind is not Kind.PARTIAL


@dataclass
class Run:
    """One run of something, watched; with a fault it happens once, at its call."""

    kind: Kind | None = None
    at: int = -1
    within: str | None = None
    calls: list[Call] = field(default_factory=list)
    dead: bool = False
    fired: bool = False

    def __str__(self) -> str:
        where = self.calls[self.at] if 0 <= self.at < len(self.calls) else f"call {self.at}"
        return f"{self.kind or 'no fault in'} {where}"

    def layer(self, request: Request, proceed: Proceed) -> Answer:
        """Note the call, and break it if it is the one."""
        if self.dead:
            raise Crashed
        if self.within is not None and running.get() != self.within:
            return proceed(request)
        call = Call(len(self.calls), request.service, request.operation, running.get(), is_divisible(request))
        self.calls.append(call)
        if self.kind is None or call.number != self.at or not call.admits(self.kind):
            return proceed(request)
        self.fired = True
        try:
            return broken(self.kind, request, proceed)
        except Crashed:
            self.dead = True
            raise


def broken(kind: Kind, request: Request, proceed: Proceed) -> Answer:
    """Make the call with this fault.

    Raises:
        Crashed: the process died at the call.
        ClientError: the service failed, or answers so.
    """
    if kind is Kind.CRASH_BEFORE:
        raise Crashed
    if kind is Kind.REFUSED:
        raise _failure(request)
    if kind is Kind.THROTTLED:
        code = "ProvisionedThroughputExceededException" if request.service == "dynamodb" else "ThrottlingException"
        raise request.client_error(code, "injected")
    if kind is Kind.PARTIAL:
        return _in_part(request, proceed)
    answer = proceed(replace(request, answer_lost=kind is Kind.ANSWER_LOST))
    if kind is Kind.CRASH_AFTER:
        raise Crashed
    if kind is Kind.FAILED_AFTERWARDS:
        raise _failure(request)
    return answer


def _failure(request: Request) -> Exception:
    return request.client_error("InternalServerError", "injected", status=500)


# ---- partial answers ----

#: The batch in each request, and the fewest entries that can be done in part: one event or message may fail alone, but
#: DynamoDB that can do nothing of a batch refuses it.
_FEWEST = {"BatchGetItem": 2, "BatchWriteItem": 2, "PutEvents": 1, "SendMessageBatch": 1}


def is_divisible(request: Request) -> bool:
    """Return True if the service might do only some of the request."""
    return request.operation in _FEWEST and len(_batch(request)) >= _FEWEST[request.operation]


def _batch(request: Request) -> Sequence[Any]:
    if request.operation in ("PutEvents", "SendMessageBatch"):
        entries: Sequence[Any] = request.params["Entries"]
        return entries
    [asked] = request.params["RequestItems"].values()
    return asked["Keys"] if isinstance(asked, Mapping) else asked  # type: ignore[no-any-return]


def _in_part(request: Request, proceed: Proceed) -> Answer:
    """Do the first half, and answer that the rest was not done."""
    batch = _batch(request)
    done, left = batch[: len(batch) // 2], batch[len(batch) // 2 :]
    if request.operation == "PutEvents":
        answer = _some_entries(request, proceed, done, "Entries")
        failed = [{"ErrorCode": "InternalFailure", "ErrorMessage": "injected"} for _ in left]
        return answer | {"FailedEntryCount": len(left), "Entries": [*answer["Entries"], *failed]}
    if request.operation == "SendMessageBatch":
        answer = _some_entries(request, proceed, done, "Successful")
        refused = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in left]
        return answer | {"Failed": refused}
    [(table, asked)] = request.params["RequestItems"].items()
    if request.operation == "BatchGetItem":
        some = {table: {**asked, "Keys": done}}
        answer = proceed(replace(request, params={**request.params, "RequestItems": some}))
        return answer | {"UnprocessedKeys": {table: {**asked, "Keys": left}}}
    answer = proceed(replace(request, params={**request.params, "RequestItems": {table: done}}))
    return answer | {"UnprocessedItems": {table: left}}


def _some_entries(request: Request, proceed: Proceed, done: Sequence[Any], taken: str) -> Answer:
    return proceed(replace(request, params={**request.params, "Entries": done})) if done else {taken: []}


# ---- runs ----


@contextmanager
def watched(run: Run) -> Iterator[Run]:
    """Watch the calls made inside, with the run's fault, if it has one. A crash ends here; other errors leave."""
    try:
        with interception.intercept(Layer.INJECT_FAULT, run.layer), patch.object(time, "sleep", _without_sleeping):
            yield run
    except Crashed:
        pass


def _without_sleeping(_: float) -> None: ...


def calls_of(act: Callable[[], object], *, within: str | None = None) -> list[Call]:
    """The AWS calls it makes."""
    with watched(Run(within=within)) as run:
        act()
    return run.calls


def every_point(
    world: World,
    *,
    prepare: Callable[[], object],
    act: Callable[[], object],
    within: str | None = None,
    kinds: Sequence[Kind] = tuple(Kind),
    survives: tuple[type[Exception], ...] = (),
    forget: Callable[[], object] = lambda: None,
) -> Iterator[Run]:
    """Act in a prepared world, once per AWS call of `act` and kind of fault it admits; the caller checks each time.

    Args:
        prepare: runs once, in an emptied world, to which every later run returns.
        within: only calls of this function, "orders.reserve_stock"; all calls by default.
        survives: errors that may leave `act` when a call fails, as they would end a Lambda invocation.
        forget: what else is to be set back before a run, such as what a test's own service remembers.
    """
    from tests.support.silence import without_logs  # planted bugs import this module before the kernel

    with without_logs():
        yield from _every_point(world, prepare, act, within, kinds, survives, forget)


def _every_point(
    world: World,
    prepare: Callable[[], object],
    act: Callable[[], object],
    within: str | None,
    kinds: Sequence[Kind],
    survives: tuple[type[Exception], ...],
    forget: Callable[[], object],
) -> Iterator[Run]:
    world.empty()
    prepare()
    ready = world.save()
    for _ in range(2):  # the first run fills what a warm function keeps: clients, addresses, secrets
        world.restore(ready, with_past=True)
        forget()
        calls = calls_of(act, within=within)
    assert calls, "nothing to break: no AWS call was made"
    for call in calls:
        for kind in filter(call.admits, kinds):
            world.restore(ready, with_past=True)
            forget()
            fault = Run(kind=kind, at=call.number, within=within)
            try:
                with watched(fault):
                    act()
            except survives:
                pass
            assert fault.fired, f"this fault did not happen: {fault}"
            yield fault
