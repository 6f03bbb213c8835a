"""A trigger in one situation, and how it is started there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache

from kernel.http.declarations import ConsumerSpec
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.declarations import Declared, declared_triggers, scenarios_file
from tests.support.faults import Kind
from tests.support.functions import load_apps
from tests.support.gateway import Response
from tests.support.trigger import Case, ExternalSystem, Normalizer, Situation, Step, body_for, fill_path

#: The key of all attempts of a request.
_KEY = "the same key"


@dataclass(frozen=True)
class Scenario:
    """A trigger in one situation, see Situation.

    Args:
        function: function whose AWS calls are broken, "orders.api_handler".
        act: sends the request, or runs the function over its queue, its schedule or the stream. A caller repeats it
            until it succeeds.
    """

    declared: Declared
    situation: Situation
    act: Callable[[SampleCompany], Response | None]
    prepare: Step
    statuses: Sequence[int] = ()

    def __str__(self) -> str:
        return f"{self.declared}, {self.situation.name}"

    @property
    def function(self) -> str:
        """Return the function whose AWS calls are broken, "orders.api_handler"."""
        return self.declared.function

    @property
    def normalize(self) -> Normalizer:
        """Return the normalizer of the situation or of its trigger."""
        return self.situation.normalize or self.declared.trigger.normalize

    @property
    def around(self) -> Callable[[], AbstractContextManager[ExternalSystem]]:
        """Return the context of the whole run."""
        return self.situation.around

    @property
    def kinds(self) -> Sequence[Kind]:
        """Return the kinds of faults to inject."""
        return self.situation.faults


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Return every trigger that changes data in each of its situations."""
    return tuple(
        scenario for declared in declared_triggers() if declared.trigger.changes_data for scenario in _of(declared)
    )


def triggers_without_situation() -> list[str]:
    """Return what to add to the declarations, so that every trigger that changes data has a situation."""
    covered = {str(scenario.declared) for scenario in scenarios()}
    return [
        f"add situations= to the Trigger for {declared} in {scenarios_file(declared.service)}"
        for declared in declared_triggers()
        if declared.trigger.changes_data and str(declared) not in covered
    ]


def _of(declared: Declared) -> Iterator[Scenario]:
    service, trigger = declared
    if not trigger.is_route:
        for situation in trigger.situations:
            yield _function_scenario(declared, situation)
        return
    usual, *variants = trigger.cases(service)
    for number, case in enumerate([usual, *variants], 1):
        name = "as usual" if number == 1 else f"as usual, case {number}"
        yield _request_scenario(declared, case, Situation(name, **trigger.usual))
    for situation in trigger.situations:
        yield _request_scenario(declared, usual, situation)


def _request_scenario(declared: Declared, case: Case, situation: Situation) -> Scenario:
    role, dealer = situation.role or case.first_role, situation.dealer
    names = case.path if situation.path is None else situation.path
    body = body_for(case.body if situation.body is None else situation.body, dealer)

    def act(company: SampleCompany) -> Response:
        path = fill_path(case.route, names, company.ids, role, OWN)
        return company.send(case.service, case.method, path, body, role=role, dealer=dealer, key=_KEY)

    return Scenario(declared, situation, act, situation.prepare, situation.statuses or (case.status,))


def _function_scenario(declared: Declared, situation: Situation) -> Scenario:
    service, function = declared.service, declared.trigger.name
    app = load_apps()[0][service]
    if any(spec.function == function for spec in app.consumers):
        return _consumer_scenario(declared, situation)
    if any(spec.function == function for spec in app.streams):
        return Scenario(declared, situation, _drain_except(lambda _: True), situation.prepare)
    return Scenario(declared, situation, lambda company: company.world.periodic(service, function), situation.prepare)


def _consumer_scenario(declared: Declared, situation: Situation) -> Scenario:
    """Work off the messages that `prepare` puts into the queue; the queues of all other functions wait."""
    function = declared.trigger.name
    fill_queue = _drain_except(lambda spec: spec.function == function)

    def prepare(company: SampleCompany) -> None:
        situation.prepare(company)
        fill_queue(company)

    return Scenario(declared, situation, _drain_except(lambda spec: spec.function != function), prepare)


def _drain_except(waits: Callable[[ConsumerSpec], bool]) -> Callable[[SampleCompany], None]:
    """Return a step that delivers all messages but those of the queues that wait."""

    def act(company: SampleCompany) -> None:
        with _held_back(company, waits):
            company.world.drain()

    return act


@contextmanager
def _held_back(company: SampleCompany, waits: Callable[[ConsumerSpec], bool]) -> Iterator[None]:
    with ExitStack() as stack:
        for app in company.world.apps.values():
            for spec in filter(waits, app.consumers):
                stack.enter_context(company.world.held_back(spec.queue))
        yield
