"""Break the system at every AWS call it makes, one run per call and kind of fault.

    def test_an_order_survives_a_fault_anywhere_in_its_reservation(world: World) -> None:
        for fault in faults.every_point(world, prepare=submit, act=world.drain, within="orders.reserve_stock"):
            world.drain()                      # what redelivery makes of it
            assert counters(1) == (90, 10), fault
            world.redeliver_everything()
            assert counters(1) == (90, 10), fault

The points are not listed by hand: `act` runs without a fault and its calls are written down. Then, for every call and
every kind, the world is emptied, `prepare` and `act` run again with that one fault, and the loop's body says what must
hold. A crash is a BaseException, and until it has left `act` every further call of the dead process raises it again, so
that nothing tidies up. Nobody sleeps while `act` runs.

The hooks stand in botocore's own list of handlers, so they see boto3 and PynamoDB alike; import this module before the
first session is made (tests/world.py does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from moto.core.models import botocore_stubber

if TYPE_CHECKING:
    from tests.world import World

#: The function that runs just now, "orders.reserve_stock"; None between invocations.
running: ContextVar[str | None] = ContextVar("running", default=None)


class Kind(StrEnum):
    """What goes wrong at a call."""

    CRASH_BEFORE = "the process dies before"
    CRASH_AFTER = "the process dies right after"
    REFUSED = "the service fails and does nothing at"
    ANSWER_LOST = "the answer is lost, and the SDK sends again,"
    FAILED_AFTERWARDS = "it is done but reported as failed:"


class Crashed(BaseException):
    """The process is gone. No `except Exception` may survive it."""


@dataclass(frozen=True)
class Call:
    """One AWS call: its number within the run, from 0."""

    number: int
    service: str
    operation: str
    function: str | None

    def __str__(self) -> str:
        return f"call {self.number} ({self.service}.{self.operation} in {self.function or 'the test'})"


@dataclass
class Run:
    """One run of something, watched; with a fault it happens once, at its call."""

    kind: Kind | None = None
    at: int = -1
    within: str | None = None
    calls: list[Call] = field(default_factory=list)
    dead: bool = False
    fired: bool = False
    _lost: bool = False

    def __str__(self) -> str:
        where = self.calls[self.at] if 0 <= self.at < len(self.calls) else f"call {self.at}"
        return f"{self.kind or 'no fault in'} {where}"

    @property
    def _here(self) -> bool:
        return bool(self.calls) and self.calls[-1].number == self.at and not self.fired

    def before_call(self, model: Any) -> Any:
        """Note the call; crash before it, or answer it with a failure in the service's stead."""
        if self.dead:
            raise Crashed
        if self.within is not None and running.get() != self.within:
            return None
        service = str(model.service_model.service_name)
        self.calls.append(Call(len(self.calls), service, str(model.name), running.get()))
        if self._here and self.kind is Kind.CRASH_BEFORE:
            self._die()
        if self._here and self.kind is Kind.REFUSED:
            self.fired = True
            return _failure()
        return None

    def before_send(self, request: Any, event_name: str) -> Any:
        """Let it happen and lose the answer."""
        if not (self._here and self.kind is Kind.ANSWER_LOST and self._ours()):
            return None
        self.fired = True
        botocore_stubber(event_name, request)
        raise ReadTimeoutError(endpoint_url=request.url)

    def after_call(self, http: Any, parsed: dict[str, Any]) -> None:
        """Crash after it, or report as failed what was done."""
        if self.dead:
            raise Crashed
        if not (self._here and self._ours()):
            return
        if self.kind is Kind.CRASH_AFTER:
            self._die()
        if self.kind is Kind.FAILED_AFTERWARDS:
            self.fired = True
            http.status_code, parsed["Error"] = 500, _failure()[1]["Error"]

    def _ours(self) -> bool:
        return self.within is None or running.get() == self.within

    def _die(self) -> None:
        self.dead = self.fired = True
        raise Crashed


def _failure() -> tuple[AWSResponse, dict[str, Any]]:
    error = {"Code": "InternalServerError", "Message": "injected"}
    response = AWSResponse("https://aws.test", 500, HTTPHeaders(), None)
    return response, {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 500}}


_run: Run | None = None


@contextmanager
def watched(run: Run) -> Iterator[Run]:
    """Watch the calls made inside, with the run's fault, if it has one. A crash ends here; other errors leave."""
    global _run
    assert _run is None, "one run at a time"
    _run = run
    try:
        with patch("time.sleep"):
            yield run
    except Crashed:
        pass
    finally:
        _run = None


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
) -> Iterator[Run]:
    """Prepare and act in an emptied world, once per AWS call of `act` and kind of fault; the caller checks each time.

    Args:
        within: only calls of this function, "orders.reserve_stock"; all calls by default.
        survives: errors that may leave `act` when a call fails, as they would end a Lambda invocation.
    """
    for _ in range(2):  # the first run fills what a warm function keeps: clients, addresses, secrets
        world.empty()
        prepare()
        calls = calls_of(act, within=within)
    assert calls, "nothing to break: no AWS call was made"
    for call in calls:
        for kind in kinds:
            world.empty()
            prepare()
            fault = Run(kind=kind, at=call.number, within=within)
            try:
                with watched(fault):
                    act()
            except survives:
                pass
            assert fault.fired, f"this fault did not happen: {fault}"
            yield fault


def _before_call(model: Any, **_: Any) -> Any:
    return _run.before_call(model) if _run else None


def _before_send(request: Any, event_name: str, **_: Any) -> Any:
    return _run.before_send(request, event_name) if _run else None


def _after_call(http_response: Any, parsed: Any, **_: Any) -> None:
    if _run:
        _run.after_call(http_response, parsed)


BUILTIN_HANDLERS.insert(0, ("before-send", _before_send))
BUILTIN_HANDLERS.append(("before-call", _before_call))
BUILTIN_HANDLERS.append(("after-call", _after_call))
