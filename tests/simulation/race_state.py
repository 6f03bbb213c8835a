"""State in which two triggers run at once, and every trigger that may run there.

Requests come from the declared races, or from the declared request where a trigger declares none. Consumers take the
messages that wait in this state; every schedule may run. Two triggers conflict when they write the same items, which is
recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.fast_aws.items import Key
from tests.notifications.fixtures import add_user
from tests.orders.client import OrdersClient
from tests.simulation.random_actions import in_fixtures, mutating_routes
from tests.simulation.seeded import seeded
from tests.support.caches import clear_process_caches
from tests.support.company import Ids
from tests.support.company_data import DEALER_ROLES, OTHER, OWN
from tests.support.declarations import Declared
from tests.support.fixtures import open_shop, order_of, sku
from tests.support.trigger import Case, Race, body_for, fill_path
from tests.support.world import Delivery, World

IN_REVIEW, CONFIRMED, SHORT, BACKORDERED, SUBMITTED = (f"{OWN}-{number:06d}" for number in range(1, 6))
#: Orders by the names they have in declared paths; names of the sample company mean the order in the same state.
ORDERS = {
    "order in review": IN_REVIEW,
    "order to cancel": IN_REVIEW,
    "order to reject": IN_REVIEW,
    "order to ship": CONFIRMED,
    "order short of stock": SHORT,
    "backordered order": BACKORDERED,
    "submitted order": SUBMITTED,
}
#: The same request under another key, as another user sends it.
_AGAIN = ", by another user"


class Action(NamedTuple):
    """A request, a message for a function, or a run of a schedule; returns what became of it."""

    name: str
    run: Callable[[World], str]

    def __str__(self) -> str:
        return self.name


class RaceState:
    """The state, and the actions prepared in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        with seeded(0):
            world.empty()
            journal, self.messages = _build(world)
        self.ids: Ids = {(name, OWN): order_id for name, order_id in ORDERS.items()}
        self.ids |= {("journal", OWN): journal, ("journal to reverse", OWN): journal}
        self._saved = world.save()
        #: Every item at the start of an action.
        self.partitions = world.cloud.partitions()

    def restore(self) -> None:
        """Return to the start of every action, with a new process."""
        self.world.restore(self._saved)
        clear_process_caches()

    def actions(self) -> list[Action]:
        """Return every action."""
        requests = [
            _request_action(declared, race, self.ids, again)
            for again in ("", _AGAIN)
            for declared in mutating_routes()
            for race in _races_of(declared)
        ]
        messages = [_message_action(delivery) for delivery in self.messages]
        schedules = [
            _schedule_action(service, spec.function)
            for service, app in self.world.apps.items()
            for spec in app.periodics
        ]
        return [*requests, *messages, *schedules]

    def writes(self, action: Action) -> frozenset[Key]:
        """Return the items an action writes when nothing else runs."""
        keys: set[Key] = set()

        def record(request: Request, proceed: Proceed) -> Answer:
            keys.update(_written_keys(request))
            return proceed(request)

        self.restore()
        with seeded(1), interception.intercept(interception.Layer.RECORD, record):
            action.run(self.world)
        return frozenset(keys)

    def conflicts(self) -> list[tuple[Action, Action]]:
        """Return every two actions that write the same item, also each with itself and with its like."""
        actions = self.actions()
        writes = {action.name: self.writes(action) for action in actions}
        again = {action.name: action for action in actions if action.name.endswith(_AGAIN)}
        first = [action for action in actions if action.name not in again]
        pairs = [*combinations_with_replacement(first, 2)]
        pairs += [(action, again[action.name + _AGAIN]) for action in first if action.name + _AGAIN in again]
        return [(action, other) for action, other in pairs if writes[action.name] & writes[other.name]]


def _build(world: World) -> tuple[str, list[Delivery]]:
    """Create orders in every state and a journal; return the journal and the messages to be delivered next."""
    open_shop(products=4, stock=None, dealers=(OWN, OTHER), credit_limit_fen=40_000)
    add_user(OWN, "boss", "dealer_admin", None)
    client = OrdersClient(world)
    assert client.receive("FIRST", (sku(1), 12), (sku(2), 5), key="first").status == 201
    assert client.accepted(order_of((1, 4), (2, 1))) == IN_REVIEW
    assert client.approved(order_of((1, 4), (2, 2))) == CONFIRMED
    assert client.accepted(order_of((3, 2), (1, 1), shortage_policy="all_or_nothing")) == SHORT
    assert client.accepted(order_of((1, 6))) == BACKORDERED
    payment = {"dealer_id": OWN, "amount_fen": 1_000, "received_on": "2026-11-23", "bank_reference": "BANK 1"}
    token = world.token(role="finance")
    posted = world.call("reconciliation", "POST", "/payments", body=payment, token=token, key="money").json
    world.drain()
    # The events of all later requests are stored, but no consumer has got them.
    delivered = len(world.delivered)
    assert client.ship(CONFIRMED, (1, 1), key="shipped").status == 201
    assert client.receive("SECOND", (sku(1), 3), key="second").status == 201
    assert client.submit(order_of((2, 2)), key="new").json["order_id"] == SUBMITTED
    payment["bank_reference"] = "BANK 2"
    assert world.call("reconciliation", "POST", "/payments", body=payment, token=token, key="more").status == 201
    start = world.save()
    world.drain()
    messages = world.delivered[delivered:]
    world.restore(start)
    world.relay_once()
    stored = {json.loads(item["body"])["id"] for item in world.items() if item["kind"] == "event"}
    return posted["journal_id"], [message for message in messages if _event_id(message) in stored]


def _races_of(declared: Declared) -> list[Race]:
    races = declared.trigger.races
    return [Race()] if races is None else list(races)


def _request_action(declared: Declared, race: Race, ids: Ids, again: str) -> Action:
    case, *_ = declared.trigger.cases(declared.service)
    role = race.role or case.first_role
    path = _path_of(case, case.path if race.path is None else race.path, ids, role)
    body = in_fixtures(body_for(case.body if race.body is None else race.body, OWN))
    name = f"{declared}{', ' + race.name if race.name else ''}{again}"

    def run(world: World) -> str:
        token = world.token(role=role, dealer_id=OWN if role in DEALER_ROLES else None)
        answer = world.call(case.service, case.method, path, body=body, token=token, key=f"race {name}")
        return f"{answer.status} {answer.json.get('code', '')}".strip()

    return Action(name, run)


def _path_of(case: Case, names: Mapping[str, str], ids: Ids, role: str) -> str:
    """Return the path; an order unknown here is the order in review."""
    known = {
        variable: name if name.startswith("=") or (name, OWN) in ids else "order in review"
        for variable, name in names.items()
    }
    return fill_path(case.route, known, ids, role, OWN)


def _message_action(delivery: Delivery) -> Action:
    service, _, function = delivery.function.partition(".")
    event = re.sub("[0-9A-Z]{26}", "", _event_id(delivery))

    def run(world: World) -> str:
        answer = world.invoke(service, function, {"Records": [delivery.record]})
        return "failed" if answer["batchItemFailures"] else "taken"

    return Action(f"{delivery.function} of {event}", run)


def _event_id(delivery: Delivery) -> str:
    body = json.loads(delivery.record["body"])
    return str(body.get("detail", body)["id"])


def _schedule_action(service: str, function: str) -> Action:
    def run(world: World) -> str:
        world.periodic(service, function)
        return "ran"

    return Action(f"{service}.{function}", run)


def _written_keys(request: Request) -> Iterator[Key]:
    params = request.params
    if request.operation == "TransactWriteItems":
        for entry in params["TransactItems"]:
            for kind, write in entry.items():
                if kind != "ConditionCheck":
                    yield _key(write.get("Key") or write["Item"])
    elif request.operation in ("PutItem", "UpdateItem", "DeleteItem"):
        yield _key(params.get("Key") or params["Item"])


def _key(values: Mapping[str, Any]) -> Key:
    return values["pk"]["S"], values["sk"]["S"]
