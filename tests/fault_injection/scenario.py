"""One thing that can be set in motion, in one of the worlds in which it goes another way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from kernel.http.declarations import ConsumerSpec
from tests.authorization.town import OWN, Town
from tests.support.faults import Kind
from tests.support.functions import load_apps
from tests.support.gateway import Response

Happening = Callable[[Town], object]


class Outside(Protocol):
    """What is not in the table but must come out right too, such as a provider's accounts."""

    def save(self) -> Any:
        """All as it is."""

    def restore(self, saved: Any) -> None:
        """As it was saved."""

    def tells(self) -> Iterable[str]:
        """What is to be seen there."""


class Nowhere:
    """Nothing outside is concerned."""

    def save(self) -> None:
        """Nothing."""

    def restore(self, saved: None) -> None:
        """As before."""

    def tells(self) -> Iterable[str]:
        """Nothing."""
        return ()


def nothing(_: Town) -> None:
    """Nothing has to happen."""


@dataclass(frozen=True)
class Scenario:
    """One trigger, "orders POST /orders" or "orders.reserve_stock", in one world.

    Args:
        function: whose AWS calls are broken: the trigger's function.
        act: sets it in motion: a request and its answer, a run of a schedule, or queues and stream worked off. It is
            repeated until it is accepted.
        prepare: what happens in the town before.
        rival: what somebody else does just before the first transaction of it all.
        around: within which it all happens, and what is outside the table there.
        as_good: what may happen after the preparation instead of nothing; its outcome is right as well. It leaves the
            table as it is.
        told_alike: rewrites the text of an item of the outcome where runs may rightly differ; None leaves it out.
        answers: the statuses a client may be answered, the first being that of the undisturbed run.
        later: what happens some minutes later.
        kinds: of faults; all seven, unless some lead elsewhere.
        unfinished: findings of the audit that tell people of what was left half done; in the end they are gone.
    """

    trigger: str
    world: str
    function: str
    act: Callable[[Town], Response | None]
    prepare: Happening = nothing
    rival: Happening | None = None
    around: Callable[[], AbstractContextManager[Outside]] = lambda: nullcontext(Nowhere())
    as_good: Sequence[Happening] = ()
    told_alike: Callable[[str], str | None] = lambda text: text
    answers: Sequence[int] = ()
    later: Happening = nothing
    kinds: Sequence[Kind] = tuple(Kind)
    unfinished: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.trigger}, {self.world}"


def request(
    service: str,
    method: str,
    route: str,
    world: str,
    body: Any = None,
    *,
    role: str,
    dealer: str = OWN,
    of: Callable[[Town], dict[str, str]] = lambda _: {},
    answers: Sequence[int] = (200,),
    **more: Any,
) -> Scenario:
    """A request, repeated under its key; `of` names what stands for the path's variables."""

    def ask(town: Town) -> Response:
        return town.ask(service, method, route.format_map(of(town)), body, role=role, dealer=dealer, key="the same key")

    function = serving_function(service, method, route)
    return Scenario(f"{service} {method} {route}", world, function, ask, answers=answers, **more)


def serving_function(service: str, method: str, route: str) -> str:
    """The function that serves a route by its declaration, for example `orders.api_handler`."""
    declared = load_apps()[0][service].operations
    return next(f"{service}.{one.function}" for one in declared if (one.method, one.path) == (method, route))


def message(service: str, function: str, world: str, prepare: Happening, **more: Any) -> Scenario:
    """What waits in a function's queue after `prepare` has happened and everybody else has done their part.

    Stream and bus go on meanwhile; what others get out of it waits.
    """
    trigger = f"{service}.{function}"

    def carried(town: Town) -> None:
        prepare(town)
        with _held_back(town, lambda spec: spec.function == function):
            town.world.drain()

    def work_off(town: Town) -> None:
        with _held_back(town, lambda spec: spec.function != function):
            town.world.drain()

    return Scenario(trigger, world, trigger, work_off, carried, **more)


def stream(service: str, function: str, world: str, prepare: Happening, **more: Any) -> Scenario:
    """What stands in the stream after `prepare` has happened and nothing was carried anywhere."""
    trigger = f"{service}.{function}"

    def work_off(town: Town) -> None:
        with _held_back(town, lambda _: True):
            town.world.drain()

    return Scenario(trigger, world, trigger, work_off, prepare, **more)


@contextmanager
def _held_back(town: Town, which: Callable[[ConsumerSpec], bool]) -> Iterator[None]:
    """Let what comes into these queues wait."""
    with ExitStack() as stack:
        for app in town.world.apps.values():
            for spec in filter(which, app.consumers):
                stack.enter_context(town.world.held_back(spec.queue))
        yield


def schedule(service: str, function: str, world: str, prepare: Happening = nothing, **more: Any) -> Scenario:
    """A run of a scheduled function; the next one follows as it would."""

    def run(town: Town) -> None:
        town.world.periodic(service, function)

    trigger = f"{service}.{function}"
    return Scenario(trigger, world, trigger, run, prepare, **more)
