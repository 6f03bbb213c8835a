"""Every route that changes something, as it is usually asked: the cases of the matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.authorization.cases import CASES, Case
from tests.authorization.town import OWN, ROLES, Town
from tests.fault_injection.differences import counted_by_the_last
from tests.fault_injection.notifications import REPLAYED
from tests.fault_injection.scenario import Scenario, serving_function
from tests.support.gateway import Response

#: Of routes whose runs may rightly differ in something, or that need more than the town.
_MORE: dict[str, dict[str, Any]] = {
    "catalog POST /imports/products": {"told_alike": counted_by_the_last},
    "catalog POST /price-lists/{price_list_id}/drafts/{draft}/prices": {"told_alike": counted_by_the_last},
    "dealers POST /imports/dealers": {"told_alike": counted_by_the_last},
    "dealers POST /imports/staff": {"told_alike": counted_by_the_last},
    # It has no key, and what is deleted is not there.
    "notifications DELETE /webhook-endpoints/{endpoint_id}": {"answers": (200, 404)},
    "notifications POST /webhook-endpoints/{endpoint_id}/deliveries/{event_id}/replay": REPLAYED,
}


def _scenarios() -> Iterator[Scenario]:
    seen: Counter[str] = Counter()
    for case in CASES:
        if case.method != "GET":
            trigger = f"{case.service} {case.method} {case.path}"
            seen[trigger] += 1
            yield _scenario(case, trigger, "as usual" + (f", case {seen[trigger]}" if seen[trigger] > 1 else ""))


def _scenario(case: Case, trigger: str, world: str) -> Scenario:
    role = next(role for role in ROLES if role in case.allows)

    def ask(town: Town) -> Response:
        path = case.asked(town.things, role, OWN)
        body = case.body(OWN) if case.body else None
        return town.ask(case.service, case.method, path, body, role=role, key="the same key")

    given = {"answers": (case.status,)} | _MORE.get(trigger, {})
    return Scenario(trigger, world, serving_function(case.service, case.method, case.path), ask, **given)


SCENARIOS = list(_scenarios())
