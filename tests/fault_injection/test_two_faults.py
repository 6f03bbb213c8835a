"""Two faults on the way of an order, one in the first attempt and one in the next. Only in a soak."""

from __future__ import annotations

import pytest

from tests.fault_injection.scenario import Scenario, scenarios
from tests.fault_injection.trial import prepared
from tests.support.company import SampleCompany
from tests.support.depth import depth

_TRIGGERS = (
    "orders POST /orders",
    "orders POST /orders/{order_id}/",
    "orders.reserve_stock",
    "orders.reserve_urgent_stock",
    "orders.record_on_time_shipments",
)
#: All declared situations of these triggers, without the usual ones.
ORDER_SCENARIOS = [
    scenario
    for scenario in scenarios()
    if str(scenario.declared).startswith(_TRIGGERS) and not scenario.situation.name.startswith("as usual")
]


@pytest.mark.parametrize("scenario", ORDER_SCENARIOS[: depth(0, len(ORDER_SCENARIOS))], ids=str)
def test_order_ends_like_the_undisturbed_run_after_two_faults(company: SampleCompany, scenario: Scenario) -> None:
    with prepared(company, scenario) as trial:
        for schedule in trial.pairs():
            trial.run(schedule)
