"""Every trigger that changes data, in every declared situation, with every fault at every AWS call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.fault_injection.run_count import RUNS_PROPERTY
from tests.fault_injection.scenario import Scenario, scenarios, triggers_without_situation
from tests.fault_injection.trial import prepared
from tests.support.company import SampleCompany
from tests.support.declarations import undeclared
from tests.support.functions import load_apps

SCENARIOS = scenarios()


def test_every_trigger_has_a_situation() -> None:
    missing = undeclared(load_apps()[0]) or triggers_without_situation()
    assert not missing, "\n".join(missing)


def test_situation_names_are_unique() -> None:
    assert [name for name, times in Counter(map(str, SCENARIOS)).items() if times > 1] == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_scenario_ends_like_the_undisturbed_run(
    company: SampleCompany, scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    with prepared(company, scenario) as trial:
        schedules = list(trial.schedules())
        for schedule in schedules:
            trial.run(schedule)
    record_property(RUNS_PROPERTY, (str(scenario.declared), len(schedules), len(SCENARIOS)))
