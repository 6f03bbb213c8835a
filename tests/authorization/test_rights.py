"""What functions do to the table and to AWS, against who owns which keys and what each may do."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any
from unittest.mock import patch

import pytest

from infra.relay import relay
from kernel.store import cursors
from kernel.store.table import OWNERS
from reads.cache import forget_all
from services.notifications.sms.providers.provider import Rejected
from services.notifications.sms.providers.recorder import Recorder
from services.notifications.webhooks import signed_post
from tests.authorization.cases import CASES, Case
from tests.authorization.town import OTHER, OWN, ROLES, WAREHOUSE, Town, dealer_row, settle, uses_while_building
from tests.fault_injection.dealers import user_pool
from tests.notifications.fixtures import override_settings
from tests.notifications.webhook_receiver import run_receiver
from tests.support import calls
from tests.support.calls import ACCOUNT, REGION, Use
from tests.support.functions import load_apps
from tests.support.world import World
from tools import paths
from tools.template import functions

_KERNEL = "kernel"
#: Rights no run here can use, each with its reason.
UNUSED_WITH_REASON = {
    ("notifications.send_sms", "sms-voice:SendTextMessage"): "in tests the recorder stands in for the provider",
}

#: Their statements list the keys of several actions together: each action and each pattern is used, not each pair.
PAIRS_NOT_CHECKED = {"catalog.api_handler", "dealers.api_handler", "reconciliation.api_handler"}
#: The pattern of a statement without a condition.
_ANY_KEY = "*"

_uses: list[Use] = []


@pytest.fixture
def uses(fast_world: World, monkeypatch: pytest.MonkeyPatch) -> list[Use]:
    """The calls of every function while the town is built and everything is done that may be done; made once."""
    if not _uses:
        monkeypatch.setattr(signed_post, "resolve", lambda *_: ["93.184.216.34"])
        town = settle(fast_world)
        saved = fast_world.save()
        with calls.recorded() as made:
            for case in CASES:
                for role in (role for role in ROLES if role in case.allows):
                    _do(town, case, role)
                    if case.method != "GET":
                        fast_world.restore(saved)
            for happen in (
                _rarely,
                _months_pass,
                _a_shipment_is_booked_after_its_month,
                _a_receiver_fails,
                _texts_are_refused,
                _accounts_are_opened,
                _a_line_is_served_by_each_rule,
                _another_warehouse_stands_in,
                _holds_end,
                _urgent_orders_pass,
                _orders_are_forgotten,
            ):
                happen(town)
                fast_world.restore(saved)
        _uses.extend(dict.fromkeys((*uses_while_building(fast_world), *made)))
    return _uses


def _do(town: Town, case: Case, role: str) -> None:
    """Ask as allowed; what follows is delivered twice; ask again under the same key."""
    cursors._box.cache_clear()  # every function fetches the key for itself
    forget_all()
    body = case.body(OWN) if case.body else None
    path = case.asked(town.things, role, OWN)
    pages = {"limit": 1} if case.method == "GET" and "limit" in _fields_of_query(case) else {}
    for _ in range(2):
        query = case.query_for(OWN) | pages
        answer = town.ask(case.service, case.method, path, body, role=role, query=query, key=f"k-{role}")
        assert answer.status == case.status or case.method != "GET", answer.json
        if case.method != "GET":
            town.world.drain()
    if case.method != "GET":
        town.world.redeliver_everything()


def _fields_of_query(case: Case) -> set[str]:
    app = load_apps()[0][case.service]
    query = next(one.query for one in app.operations if (one.method, one.path) == (case.method, case.path))
    return set(query.model_fields) if query else set()


def _rarely(town: Town) -> None:
    """Files say something new of what is there, something old, and the stream has missed what was announced."""
    product = {"sku": "L1", "name_zh": "改名", "name_en": "Renamed", "category": "球泡", "carton": 10}
    town.do("catalog", "POST", "/imports/products", {"products": [product]}, role="assistant")
    row = dealer_row(OWN)
    row["users"][0]["name"] = "新名"
    town.do("dealers", "POST", "/imports/dealers", {"dealers": [row | {"name": "新名"}]}, role="admin")
    town.do("dealers", "POST", "/imports/dealers", {"dealers": [dealer_row(OTHER), row]}, role="admin")
    second = {**row["users"][0], "username": "second-owner"}
    town.do("dealers", "POST", "/imports/dealers", {"dealers": [row | {"users": [second]}]}, role="admin")
    row["users"] = [row["users"][0] | {"roles": ["dealer_buyer"]}]  # only because there is a second owner
    town.do("dealers", "POST", "/imports/dealers", {"dealers": [row]}, role="admin")
    body = {"lines": [{"sku": "L1", "quantity": 1}]}
    assert town.ask("orders", "POST", "/orders", body, role="dealer_buyer").status == 202
    town.world.clock.advance(minutes=2)
    relay._queue_url.cache_clear()
    town.world.periodic("relay", "resend_unsent")
    town.world.drain()


def _months_pass(town: Town) -> None:
    town.world.clock.advance(days=40)
    for service, app in town.world.apps.items():
        for spec in app.periodics:
            cursors._box.cache_clear()
            town.world.periodic(service, spec.function)
            town.world.drain()


def _a_shipment_is_booked_after_its_month(town: Town) -> None:
    with town.world.held_back("post-ledger-entries"):
        order_id = town.things["order to ship", OWN]
        body = {"carrier": "顺丰", "waybill": "SF8"}
        town.do("orders", "POST", f"/orders/{order_id}/shipments", body, role="warehouse")
        town.world.clock.advance(days=31)
        town.do("reconciliation", "POST", "/statement-runs", {"period": "2026-12"}, role="finance")
    town.world.drain()


def _a_receiver_fails(town: Town) -> None:
    with run_receiver() as receiver, override_settings(webhook_allow_loopback="true"):
        body = {"url": receiver.url, "types": ["*"], "description": "ERP"}
        town.do("notifications", "POST", "/webhook-endpoints", body, role="admin")
        receiver.answer(500, 200, 500)
        cursors._box.cache_clear()
        ticket_id = town.things["ticket registered", OWN]
        town.do("tickets", "POST", f"/tickets/{ticket_id}/accept", {}, role="aftersales")
        for _ in range(3):
            cursors._box.cache_clear()
            town.world.clock.advance(hours=1)
            town.world.periodic("notifications", "retry_webhooks")


def _texts_are_refused(town: Town) -> None:
    with patch.object(Recorder, "send", lambda *_: Rejected("throttled", temporary=True)):
        order_id = town.things["order to ship", OWN]
        body = {"carrier": "顺丰", "waybill": "SF9"}
        answer = town.ask("orders", "POST", f"/orders/{order_id}/shipments", body, role="warehouse")
        assert answer.status == 201, answer.json
        town.world.drain(may_fail=True)


def _accounts_are_opened(town: Town) -> None:
    with user_pool():
        row = dealer_row(OWN)
        for role in ("dealer_accountant", "dealer_buyer"):
            row["users"][1]["roles"] = [role]
            town.do("dealers", "POST", "/imports/dealers", {"dealers": [row]}, role="admin")


def _a_line_is_served_by_each_rule(town: Town) -> None:
    for version, rule in enumerate(("first_come", "quota", "pro_rata_by_tier")):
        body = {"rule": rule, "quotas": {"A": 3}, "reason": "旺季", "version": version}
        town.do("orders", "PUT", f"/warehouses/{WAREHOUSE}/allocation-rule", body, role="admin")
        waiting = [_ordered(town, "L5", 4, dealer=dealer) for dealer in (OWN, OTHER)]
        town.come_in(f"DN-{rule}", L5=8)
        assert all(_order(town, order_id)["backordered"] == 0 for order_id in waiting), rule
    # Goods that came in while an order was on its way are for those who wait already.
    waiting = [_ordered(town, "L5", 4, dealer=OTHER)]
    with town.world.held_back("reserve-stock"):
        newcomer = _ordered(town, "L5", 4)
        town.come_in("DN-8", L5=7)
        town.world.clock.advance(minutes=5)
        town.world.periodic("orders", "sweep_orders")
        assert [_order(town, order_id)["reserved"] for order_id in (*waiting, newcomer)] == [4, 3]
    cancelled = town.do("orders", "POST", f"/orders/{newcomer}/cancel", {"reason": "不要了"}, role="dealer_buyer")
    assert cancelled["backordered_since"] is None


def _another_warehouse_stands_in(town: Town) -> None:
    town.come_in("DN-9", "SZ", L5=5)
    body = {"alternates": ["SZ"], "reason": "就近", "version": 0}
    town.do("orders", "PUT", f"/warehouses/{WAREHOUSE}/sourcing-rule", body, role="admin")
    served = [_order(town, _ordered(town, "L5", 2, urgent=urgent)) for urgent in (False, True)]
    assert [(one["warehouse"], one["reserved"]) for one in served] == [("SZ", 2)] * 2


def _holds_end(town: Town) -> None:
    town.come_in("DN-7", L5=2)
    order_id = _ordered(town, "L5", 4)
    told = []
    for hours in (69, 4):
        town.world.clock.advance(hours=hours)
        town.world.periodic("orders", "sweep_orders")
        town.world.drain()
        told.append(_order(town, order_id))
    assert [(one["reserved"], one["backordered"]) for one in told] == [(2, 2), (0, 4)]
    town.do("orders", "POST", f"/orders/{order_id}/extend-reservation", {"reason": "客户要货"}, role="dealer_buyer")
    assert _order(town, order_id)["reserved"] == 2


def _urgent_orders_pass(town: Town) -> None:
    waiting = _ordered(town, "L5", 3, urgent=True)
    with town.world.held_back("reserve-stock"):
        town.come_in("DN-6", L5=4)
        late = _ordered(town, "L5", 3, dealer=OTHER, urgent=True)
        assert [_order(town, order_id)["reserved"] for order_id in (waiting, late)] == [3, 1]
    town.world.clock.advance(hours=1)
    town.world.periodic("orders", "sweep_orders")
    town.world.drain()
    told = town.do("orders", "GET", f"/orders/{waiting}/timeline", role="assistant")["entries"]
    assert "order.overdue.v1" in [entry["event"] for entry in told]


def _orders_are_forgotten(town: Town) -> None:
    with town.world.held_back("reserve-stock"):
        orders = [_ordered(town, sku, 2) for sku in ("L1", "L5")]
        town.world.clock.advance(minutes=5)
        town.world.periodic("orders", "sweep_orders")
        assert [_order(town, order_id)["reserved"] for order_id in orders] == [2, 0]
    town.world.drain()


def _ordered(town: Town, sku: str, quantity: int, *, dealer: str = OWN, urgent: bool = False) -> str:
    body = {"lines": [{"sku": sku, "quantity": quantity}], "urgent": urgent}
    return str(town.do("orders", "POST", "/orders", body, role="dealer_buyer", dealer=dealer)["order_id"])


def _order(town: Town, order_id: str) -> Any:
    return town.do("orders", "GET", f"/orders/{order_id}", role="assistant")


def test_a_service_writes_only_keys_that_it_owns(uses: list[Use]) -> None:
    wrong = set()
    for use in uses:
        if not use.writes or use.service == "relay":
            continue
        for key in use.keys:
            owner = OWNERS.get(key.partition("#")[0])
            if owner not in (use.service, _KERNEL):
                wrong.add(f"{use.function} writes {key}, which is {owner or 'nobody'}'s")
    assert not wrong


def test_the_relay_only_takes_what_is_sent_out_of_the_index(uses: list[Use]) -> None:
    done = [use for use in uses if use.service == "relay" and use.writes]
    assert done
    assert {(use.action, use.removes) for use in done} == {("dynamodb:UpdateItem", "gsi1pk gsi1sk")}


def test_every_owned_prefix_is_written_by_its_owner(uses: list[Use]) -> None:
    written = {key.partition("#")[0] for use in uses if use.writes for key in use.keys}
    assert {prefix for prefix, owner in OWNERS.items() if owner != _KERNEL} - written == set(), (
        "delete these from OWNERS"
    )


def test_no_function_scans(uses: list[Use]) -> None:
    assert not [use for use in uses if use.function and use.action == "dynamodb:Scan"]


def test_only_known_kinds_of_calls_are_made(uses: list[Use]) -> None:
    assert {use.action for use in uses if use.function and use.action.startswith("dynamodb:")} <= {
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:BatchWriteItem",
    }


# ---- policies ----


class Policy:
    """One function's hand-written policy."""

    def __init__(self, service: str, function: str) -> None:
        file = paths.source(service) / "stack" / "policies" / f"{function}.json"
        self.statements: list[dict[str, Any]] = json.loads(file.read_text())["Statement"]
        self.used: set[tuple[int, str, str]] = set()

    def allows(self, use: Use) -> bool:
        """Whether some statements together allow it, for each of its keys; remembers which did."""
        return all(self._allows_key(use, key) for key in use.keys or {None})

    def _allows_key(self, use: Use, key: str | None) -> bool:
        for number, statement in enumerate(self.statements):
            if (
                statement["Effect"] == "Allow"
                and use.action in _listed(statement["Action"])
                and any(fnmatchcase(use.resource, _resolved(one)) for one in _listed(statement["Resource"]))
            ):
                for pattern in _key_patterns(statement):
                    if pattern == _ANY_KEY or (key is not None and fnmatchcase(key, pattern)):
                        self.used.add((number, use.action, pattern))
                        return True
        return False

    def unused(self, *, pairs: bool) -> set[tuple[str, str]]:
        """Actions on patterns of keys that nothing needed.

        Args:
            pairs: each action must use each pattern; without it each of both must be used somehow.
        """
        used = {(number, part) for number, action, pattern in self.used for part in (action, pattern)}
        return {
            (action, pattern)
            for number, statement in enumerate(self.statements)
            for action in _listed(statement["Action"])
            for pattern in _key_patterns(statement)
            if (number, action, pattern) not in self.used
            if pairs or not {(number, action), (number, pattern)} <= used
        }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resolved(resource: Any) -> str:
    text = resource["Fn::Sub"] if isinstance(resource, dict) else resource
    known = {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "Stage": "test",
        "TableName": "qudao-test",
        "BusName": "qudao-test",
        "UserPoolId": "us-east-1_*",
        "SealingKeyName": "qudao/test/sealing-key",
        "SealingKeyArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:qudao/test/sealing-key-??????",
    }
    return re.sub(r"\$\{([^}]+)\}", lambda found: known[found[1]], text)


def _key_patterns(statement: dict[str, Any]) -> list[str]:
    """Patterns of the partition keys for which a statement holds."""
    condition = statement.get("Condition")
    if condition is None:
        return [_ANY_KEY]
    (operator, wanted), *more = condition.items()
    assert not more and operator in ("ForAllValues:StringLike", "ForAllValues:StringEquals"), condition
    (name, patterns), *others = wanted.items()
    assert not others and name == "dynamodb:LeadingKeys", condition
    return _listed(patterns)


FUNCTIONS = [(service, function) for service, app in load_apps()[0].items() for function in functions(app)]


@pytest.mark.parametrize(("service", "function"), FUNCTIONS, ids=[f"{one}.{other}" for one, other in FUNCTIONS])
def test_a_function_may_do_what_it_does_and_nothing_more(uses: list[Use], service: str, function: str) -> None:
    policy = Policy(service, function)
    mine = [use for use in uses if use.function == f"{service}.{function}"]
    assert mine or policy.statements == [], "nothing here makes this function do anything"
    missing = {f"{use.action} on {use.resource} {sorted(use.keys)}" for use in mine if not policy.allows(use)}
    assert not missing
    name = f"{service}.{function}"
    found = policy.unused(pairs=name not in PAIRS_NOT_CHECKED)
    unused = {(action, key) for action, key in found if (name, action) not in UNUSED_WITH_REASON}
    assert not unused


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("PutItem", "STOCK#GZ"),  # receipts, documents, rules and their events
        ("PutItem", "STOCK#GZ#EXPECTED"),
        ("DeleteItem", "STOCK#GZ#EXPECTED"),
        ("PutItem", "BUCKET#GZ"),  # buckets and quarantine
        ("UpdateItem", "STOCK#GZ"),
    ],
)
def test_api_handler_may_not_write_stock_documents(action: str, key: str) -> None:
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/qudao-test"
    use = Use("orders.api_handler", f"dynamodb:{action}", table, frozenset({key}))
    assert not Policy("orders", "api_handler").allows(use)


@pytest.mark.parametrize(("service", "function"), FUNCTIONS, ids=[f"{one}.{other}" for one, other in FUNCTIONS])
def test_no_policy_is_wider_than_names(service: str, function: str) -> None:
    for statement in Policy(service, function).statements:
        assert all("*" not in action for action in _listed(statement["Action"])), statement
        wide = [one for one in _listed(statement["Resource"]) if one == "*"]
        assert not wide or set(_listed(statement["Action"])) <= {"sns:Publish"}, statement


@pytest.mark.parametrize(("service", "function"), FUNCTIONS, ids=[f"{one}.{other}" for one, other in FUNCTIONS])
def test_rights_to_the_table_are_rights_to_named_keys(service: str, function: str) -> None:
    if service == "relay":
        return  # it takes its index keys off everybody's announcements
    for statement in Policy(service, function).statements:
        if any(action.startswith("dynamodb:") for action in _listed(statement["Action"])):
            (keys,) = statement["Condition"].values()
            patterns = _listed(keys["dynamodb:LeadingKeys"])
            assert all(re.match(r"[A-Z]{3,}", pattern) for pattern in patterns), statement
            if {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"} & set(_listed(statement["Action"])):
                owners = {OWNERS[re.match(r"[A-Z]+", pattern)[0]] for pattern in patterns}  # type: ignore[index]
                assert owners <= {service, _KERNEL}, statement
