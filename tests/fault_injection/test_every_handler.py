"""Whatever may change something, broken at every AWS call it makes, in every world in which it goes another way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from services.notifications.webhooks import signed_post
from tests.authorization.town import Town
from tests.fault_injection.base import town_in
from tests.fault_injection.count import SCHEDULES
from tests.fault_injection.registry import SCENARIOS, triggers
from tests.fault_injection.scenario import Scenario
from tests.fault_injection.schedules import prepared
from tests.simulation.quiet import silent
from tests.support.functions import load_apps
from tests.support.world import World


@pytest.fixture
def town(fast_world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setattr(signed_post, "resolve", lambda *_: ["93.184.216.34"])
    with silent():
        yield town_in(fast_world)


def test_whatever_may_change_something_has_a_scenario_and_every_scenario_a_trigger() -> None:
    there, told = set(triggers(load_apps()[0])), {scenario.trigger for scenario in SCENARIOS}
    assert there - told == set(), "say in tests/fault_injection how these are set in motion"
    assert told - there == set(), "these are gone"


def test_no_two_scenarios_are_named_alike() -> None:
    assert [name for name, times in Counter(map(str, SCENARIOS)).items() if times > 1] == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_it_ends_as_undisturbed_whatever_breaks(
    town: Town, scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    with prepared(town, scenario) as trial:
        schedules = list(trial.schedules())
        for schedule in schedules:
            trial.follow(schedule)
    record_property(SCHEDULES, (scenario.trigger, len(schedules), len(SCENARIOS)))
