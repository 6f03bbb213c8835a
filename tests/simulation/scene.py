"""A shop in the middle of its business, and all that may be done next: what is to be done at once is taken from here.

`ACTS` is the catalogue; a new route or consumer needs a line. Which of them get into each other's way is not written
down: what each writes is recorded, and those that write the same items conflict.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.fast_aws.items import Item, Key
from tests.notifications.fixtures import add_user
from tests.orders.client import OrdersClient
from tests.simulation.chance import drawn_from, new_process
from tests.support.fixtures import open_shop, order_of, sku
from tests.support.gateway import route
from tests.support.world import Delivery, World

DEALER, RIVAL = "D0001", "D0002"
REVIEWED, CONFIRMED, HELD_UP, WAITING, NEW = (f"{DEALER}-{number:06d}" for number in range(1, 6))
#: The same under another key, as somebody else would send it.
_ANOTHER = ", somebody else"


class Act(NamedTuple):
    """Something to do: a request, or a function that takes messages or simply runs. It may be done again."""

    name: str
    do: Callable[[World], str]

    def __str__(self) -> str:
        return self.name


class Scene:
    """The shop, and the acts prepared in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        with drawn_from(0):
            world.empty()
            self.journal, self.messages = _build(world)
        self._saved = world.save()
        #: Every item as every act finds it.
        self.rows = dict(world.cloud.rows())

    def reject_if_used(self) -> None:
        """Back to where every act begins; a process that knows nothing."""
        self.world.restore(self._saved)
        new_process()

    def acts(self) -> list[Act]:
        """All that may be done next."""
        asked = [_request(name, *rest) for name, rest in _requests(self.journal).items()]
        again = [_request(name + _ANOTHER, *rest) for name, rest in _requests(self.journal).items()]
        told = [_message(delivery) for delivery in self.messages]
        run = [_run(service, spec.function) for service, app in self.world.apps.items() for spec in app.periodics]
        return [*asked, *again, *told, *run]

    def writes(self, act: Act) -> frozenset[Key]:
        """The items it writes when it is done alone."""
        keys: set[Key] = set()

        def note(request: Request, proceed: Proceed) -> Answer:
            keys.update(_written(request))
            return proceed(request)

        self.reject_if_used()
        with drawn_from(1), interception.intercept(interception.Layer.RECORD, note):
            act.do(self.world)
        return frozenset(keys)

    def routes(self) -> set[tuple[str, str]]:
        """The routes that are asked, as (service, method and path)."""
        found = set()
        for service, method, path, *_ in _requests(self.journal).values():
            operation, _ = route(self.world.app(service), method, path)
            found.add((service, f"{method} {operation.path}"))
        return found

    def conflicts(self) -> list[tuple[Act, Act]]:
        """Every two that write an item both: two different ones, one beside itself, and one beside another like it."""
        acts = self.acts()
        writes = {act.name: self.writes(act) for act in acts}
        likes = {act.name: act for act in acts if act.name.endswith(_ANOTHER)}
        firsts = [act for act in acts if act.name not in likes]
        pairs = [*combinations_with_replacement(firsts, 2)]
        pairs += [(act, likes[act.name + _ANOTHER]) for act in firsts if act.name + _ANOTHER in likes]
        return [(one, other) for one, other in pairs if writes[one.name] & writes[other.name]]


def _build(world: World) -> tuple[str, list[Delivery]]:
    """Orders in every state, a journal, and the messages that are about to be delivered."""
    open_shop(products=4, stock=None, dealers=(DEALER, RIVAL), credit_limit_fen=40_000)
    add_user(DEALER, "boss", "dealer_admin", None)
    desk = OrdersClient(world)
    assert desk.receive("FIRST", (sku(1), 12), (sku(2), 5), key="first").status == 201
    assert desk.accepted(order_of((1, 4), (2, 1))) == REVIEWED
    assert desk.approved(order_of((1, 4), (2, 2))) == CONFIRMED
    assert desk.accepted(order_of((3, 2), (1, 1), shortage_policy="all_or_nothing")) == HELD_UP
    assert desk.accepted(order_of((1, 6))) == WAITING
    money = {"dealer_id": DEALER, "amount_fen": 1_000, "received_on": "2026-11-23", "bank_reference": "BANK 1"}
    token = world.token(role="finance")
    booked = world.call("reconciliation", "POST", "/payments", body=money, token=token, key="money").json
    world.drain()
    # What follows is under way: written and announced, but no consumer has heard of it.
    already = len(world.delivered)
    assert desk.ship(CONFIRMED, (1, 1), key="shipped").status == 201
    assert desk.receive("SECOND", (sku(1), 3), key="second").status == 201
    assert desk.submit(order_of((2, 2)), key="new").json["order_id"] == NEW
    money["bank_reference"] = "BANK 2"
    assert world.call("reconciliation", "POST", "/payments", body=money, token=token, key="more").status == 201
    under_way = world.save()
    world.drain()
    messages = world.delivered[already:]
    world.restore(under_way)
    world.relay_once()
    happened = {json.loads(item["body"])["id"] for item in world.items() if item["kind"] == "event"}
    return booked["journal_id"], [message for message in messages if _about(message) in happened]


_Request = tuple[str, str, str, Mapping[str, Any], str, str | None]


def _requests(journal: str) -> dict[str, _Request]:
    """What people may ask for, by a name: service, method, path, body, role and dealer."""

    def about(order_id: str, action: str, body: Mapping[str, Any], role: str = "assistant") -> _Request:
        return "orders", "POST", f"/orders/{order_id}/{action}", body, role, None

    def by_dealer(path: str, body: Mapping[str, Any]) -> _Request:
        return "orders", "POST", path, body, "dealer_buyer", DEALER

    def stock(path: str, body: Mapping[str, Any], method: str = "POST") -> _Request:
        return "orders", method, path, body, "admin", None

    def books(path: str, body: Mapping[str, Any]) -> _Request:
        return "reconciliation", "POST", path, body, "finance", None

    why = {"reason": "已核实"}
    sent = {"carrier": "顺丰", "waybill": "SF1"}
    corrected = {"warehouse": "GZ", "reason": "盘点"}
    rule = {"rule": "first_come", "quotas": {}, "pack": 1, "reason": "约定", "version": 0}
    money = {"dealer_id": DEALER, "received_on": "2026-11-23"}
    return {
        "submit": by_dealer("/orders", order_of((1, 2), (2, 1))),
        "submit urgently": by_dealer("/orders", order_of((2, 1), urgent=True)),
        "approve": about(REVIEWED, "approve", {}),
        "reject": about(REVIEWED, "reject", why),
        "cancel as dealer": by_dealer(f"/orders/{REVIEWED}/cancel", why),
        "cancel as clerk": about(REVIEWED, "cancel", why),
        "extend-reservation": about(REVIEWED, "extend-reservation", why),
        "release the hold": about(HELD_UP, "holds/stock/release", why),
        "reject what is held up": about(HELD_UP, "reject", why),
        "ship all": about(CONFIRMED, "shipments", sent, "warehouse"),
        "ship some": about(CONFIRMED, "shipments", sent | {"lines": [{"line_no": 1, "quantity": 1}]}, "warehouse"),
        "cancel the confirmed": about(CONFIRMED, "cancel", why),
        "cancel who waits": by_dealer(f"/orders/{WAITING}/cancel", why),
        "cancel the new": by_dealer(f"/orders/{NEW}/cancel", why),
        "receive": stock(
            "/stock/goods-receipts",
            {"warehouse": "GZ", "reference": "THIRD", "lines": [{"sku": sku(1), "quantity": 5}]},
        ),
        "count": stock(
            "/stock/adjustments",
            corrected | {"reference": "A1", "kind": "count", "lines": [{"sku": sku(1), "quantity": 16}]},
        ),
        "set aside": stock(
            "/stock/adjustments",
            corrected | {"reference": "A2", "kind": "set_aside", "lines": [{"sku": sku(2), "quantity": 1}]},
        ),
        "send goods on": stock(
            "/stock/transfers",
            {
                "from_warehouse": "GZ",
                "to_warehouse": "FS",
                "reference": "T1",
                "expected_on": "2026-11-25",
                "reason": "调拨",
                "lines": [{"sku": sku(1), "quantity": 1}],
            },
        ),
        "expect goods": stock(
            "/stock/expected/GZ/E1",
            {
                "expected_on": "2026-11-26",
                "lines": [{"sku": sku(1), "quantity": 9}],
                "reason": "工厂通知",
                "version": 0,
            },
            "PUT",
        ),
        "say who stands in": stock(
            "/warehouses/GZ/sourcing-rule", {"alternates": ["FS"], "reason": "约定", "version": 0}, "PUT"
        ),
        "run statements": books("/statement-runs", {"period": "2026-10"}),
        "publish a rule": stock("/warehouses/GZ/allocation-rule", rule, "PUT"),
        "book money": books("/payments", money | {"amount_fen": 500, "bank_reference": "BANK 3"}),
        "take a journal back": books(f"/journals/{journal}/reversal", why),
    }


def _request(
    name: str, service: str, method: str, path: str, body: Mapping[str, Any], role: str, dealer: str | None
) -> Act:
    def do(world: World) -> str:
        token = world.token(role=role, dealer_id=dealer)
        answer = world.call(service, method, path, body=body, token=token, key=f"scene {name}")
        return f"{answer.status} {answer.json.get('code', '')}".strip()

    return Act(name, do)


def _message(delivery: Delivery) -> Act:
    service, _, function = delivery.function.partition(".")
    about = re.sub("[0-9A-Z]{26}", "", _about(delivery))

    def do(world: World) -> str:
        answer = world.invoke(service, function, {"Records": [delivery.record]})
        return "failed" if answer["batchItemFailures"] else "taken"

    return Act(f"{delivery.function} of {about}", do)


def _about(delivery: Delivery) -> str:
    """The id of the event it tells of."""
    told = json.loads(delivery.record["body"])
    ident: str = told.get("detail", told)["id"]
    return ident


def _run(service: str, function: str) -> Act:
    def do(world: World) -> str:
        world.periodic(service, function)
        return "ran"

    return Act(f"{service}.{function}", do)


def _written(request: Request) -> Iterator[Key]:
    params = request.params
    if request.operation == "TransactWriteItems":
        for one in params["TransactItems"]:
            for kind, act in one.items():
                if kind != "ConditionCheck":
                    yield _key(act.get("Key") or act["Item"])
    elif request.operation in ("PutItem", "UpdateItem", "DeleteItem"):
        yield _key(params.get("Key") or params["Item"])


def _key(values: Mapping[str, Any]) -> Key:
    return values["pk"]["S"], values["sk"]["S"]


# ---- what it came to ----

_BY_LOT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z|[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{64}|message-\d+|event-\d+")


def digest(world: World, before: Mapping[Key, Item]) -> str:
    """What changed in the table, and the queues, without moments and what is drawn by lot: what follows depends on this
    alone."""
    after = dict(world.cloud.rows())
    changed = [f"{key} {item}" for key, item in sorted(after.items()) if before.get(key) is not item]
    gone = sorted(before.keys() - after.keys())
    waiting = [f"{name} {world.cloud.message_bodies(name)}" for name in world.cloud.queue_names()]
    return sha256(_BY_LOT.sub("-", "\n".join([*changed, str(gone), *waiting])).encode()).hexdigest()


def essence(world: World) -> tuple[Any, ...]:
    """What a merchant would look at: orders, buckets, what is committed and owed; not when, nor by which documents."""
    return tuple(sorted(_essentials(dict(world.cloud.rows())), key=str))


def _essentials(rows: Mapping[Key, Item]) -> Iterator[Any]:
    for (pk, sk), item in rows.items():
        kind = item.get("kind", {}).get("S")
        if kind == "order":
            names = ("state", "reserved", "backordered", "shipped", "cancelled", "gross_fen")
            # Who came first gets the lower number, so it is no part of what came out.
            yield "order", pk, tuple(next(iter(item[name].values())) for name in names if name in item)
        elif pk.startswith("BUCKET#"):
            yield pk, sk, str({name: value for name, value in item.items() if "L" in value})
        elif sk == "ACCOUNTS" or (pk.startswith("ORDERING#") and sk == "ACCOUNT"):
            yield pk, sk, str(sorted((name, value) for name, value in item.items() if "N" in value))
