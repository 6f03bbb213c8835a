"""Actions of random clients, from the declared triggers; a simple new route needs no declared action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.simulation.random_client import DEALERS, RandomClient, RandomRequest
from tests.support.company_data import DEALER_ROLES, OWN
from tests.support.declarations import Declared, declared_triggers
from tests.support.fixtures import sku
from tests.support.trigger import Case, RandomAction

#: Services whose routes random clients use.
SERVICES = ("orders", "reconciliation")
#: Products of the sample company, and the products that take their place in the simulation.
_PRODUCTS = {f"L{number}": sku(number % 4) for number in range(1, 6)}


@cache
def random_actions() -> tuple[tuple[RandomAction, float], ...]:
    """Return the actions of all routes that change data, and how often each comes beside the others."""
    return tuple(action for declared in mutating_routes() for action in _actions_of(declared))


def mutating_routes() -> list[Declared]:
    """Return the routes that change data in the services that random clients use."""
    return [
        declared
        for declared in declared_triggers()
        if declared.service in SERVICES and declared.trigger.is_route and declared.trigger.changes_data
    ]


def _actions_of(declared: Declared) -> Iterator[tuple[RandomAction, float]]:
    if declared.trigger.random is not None:
        yield from declared.trigger.random.items()
        return
    usual, *_ = declared.trigger.cases(declared.service)
    yield derived_action(usual), 1


def derived_action(case: Case) -> RandomAction:
    """Return an action that sends the declared body about a random object."""

    def act(client: RandomClient) -> RandomRequest | None:
        values = {variable: _value_of(name, variable, client) for variable, name in case.path.items()}
        if None in values.values():
            return None
        path = case.route.format_map(values)
        role = client.random.choice(sorted(case.roles))
        order_id = values.get("order_id")
        dealer = order_id[:5] if order_id else client.random.choice(DEALERS)
        body = in_fixtures(case.body_for(dealer))
        if role in DEALER_ROLES:
            return client.dealer_request(dealer, path, body, role=role, service=case.service, method=case.method)
        return client.staff_request(path, body, role, service=case.service, method=case.method)

    return act


def _value_of(name: str, variable: str, client: RandomClient) -> str | None:
    """Return a value of a path variable: the declared one, or the id of any order or journal; None without one."""
    if name.startswith("="):
        return name[1:].format(dealer=OWN)
    known = {"order_id": client.orders, "journal_id": client.journals}.get(variable)
    return client.random.choice(known) if known else None


def in_fixtures(body: Any) -> Any:
    """Return a body in which the products of the sample company are replaced by products of the fixtures."""
    if isinstance(body, Mapping):
        return {name: in_fixtures(value) for name, value in body.items()}
    if isinstance(body, list):
        return [in_fixtures(value) for value in body]
    return _PRODUCTS.get(body, body) if isinstance(body, str) else body
