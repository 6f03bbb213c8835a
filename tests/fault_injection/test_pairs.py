"""Two faults, one in the first attempt and one in the next, on the way of an order. Only in a soak."""

from __future__ import annotations

import pytest

from tests.fault_injection import orders
from tests.fault_injection.base import town_in
from tests.fault_injection.scenario import Scenario
from tests.fault_injection.schedules import prepared
from tests.support.depth import depth
from tests.support.world import World

_ON_ITS_WAY = [*orders.INTAKE, *orders.RESERVATION, *orders.REVIEW, *orders.SHIPPING]


@pytest.mark.parametrize("scenario", _ON_ITS_WAY[: depth(0, len(_ON_ITS_WAY))], ids=str)
def test_an_order_ends_as_undisturbed_whatever_two_things_break(fast_world: World, scenario: Scenario) -> None:
    with prepared(town_in(fast_world), scenario) as trial:
        for schedule in trial.pairs():
            trial.follow(schedule)
