"""Rights by use: each function writes only keys of its service, and its policy allows what it does and nothing more."""

from __future__ import annotations

import re

import pytest

from kernel.store.table import OWNERS
from tests.authorization.policy import Policy, key_patterns, listed, policy_file
from tests.authorization.recorded_uses import record_uses
from tests.support.calls import ACCOUNT, REGION, Use
from tests.support.functions import load_apps
from tests.support.silence import without_logs
from tests.support.world import World
from tools import paths
from tools.template import function_names

_KERNEL = "kernel"
FUNCTIONS = [(service, function) for service, app in load_apps()[0].items() for function in function_names(app)]
FUNCTION_IDS = [f"{service}.{function}" for service, function in FUNCTIONS]
_uses: list[Use] = []


@pytest.fixture
def uses(fast_world: World) -> list[Use]:
    """Return the AWS calls of every function, recorded once."""
    if not _uses:
        with without_logs():
            _uses.extend(record_uses(fast_world))
    return _uses


def propose(service: str, function: str) -> str:
    """Return what to do about a policy that does not match the uses."""
    file = policy_file(service, function).relative_to(paths.ROOT)
    return f"run make policies and review {file}"


def test_service_writes_only_its_own_keys(uses: list[Use]) -> None:
    wrong = set()
    for use in uses:
        if not use.writes or use.service == "relay":
            continue
        for key in use.keys:
            owner = OWNERS.get(key.partition("#")[0])
            if owner not in (use.service, _KERNEL):
                wrong.add(f"{use.function} writes {key}, owned by {owner or 'no service: add its prefix to OWNERS'}")
    assert not wrong


def test_relay_only_removes_sent_events_from_the_index(uses: list[Use]) -> None:
    writes = [use for use in uses if use.service == "relay" and use.writes]
    assert writes
    assert {(use.action, use.removes) for use in writes} == {("dynamodb:UpdateItem", "gsi1pk gsi1sk")}


def test_owned_prefix_is_written_by_its_owner(uses: list[Use]) -> None:
    written = {key.partition("#")[0] for use in uses if use.writes for key in use.keys}
    owned = {prefix for prefix, owner in OWNERS.items() if owner != _KERNEL}
    assert owned - written == set(), "delete these from OWNERS in kernel/store/table.py"


def test_function_never_scans(uses: list[Use]) -> None:
    assert not [use for use in uses if use.function and use.action == "dynamodb:Scan"]


def test_table_is_used_by_known_actions_only(uses: list[Use]) -> None:
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


@pytest.mark.parametrize(("service", "function"), FUNCTIONS, ids=FUNCTION_IDS)
def test_policy_allows_what_the_function_does_and_nothing_more(uses: list[Use], service: str, function: str) -> None:
    assert policy_file(service, function).is_file(), propose(service, function)
    policy = Policy(service, function)
    own = [use for use in uses if use.function == policy.function]
    assert own or policy.statements == [], f"no scenario runs {policy.function}"
    missing = {f"{use.action} on {use.resource} {sorted(use.keys)}" for use in own if not policy.allows(use)}
    assert not missing, f"missing rights: {propose(service, function)}"
    assert not policy.unused, f"unused rights: {propose(service, function)}"


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


@pytest.mark.parametrize(("service", "function"), FUNCTIONS, ids=FUNCTION_IDS)
def test_policy_names_its_actions_and_resources(service: str, function: str) -> None:
    for statement in Policy(service, function).statements:
        assert all("*" not in action for action in listed(statement["Action"])), statement
        wide = [resource for resource in listed(statement["Resource"]) if resource == "*"]
        assert not wide or set(listed(statement["Action"])) <= {"sns:Publish"}, statement


@pytest.mark.parametrize(("service", "function"), FUNCTIONS, ids=FUNCTION_IDS)
def test_table_rights_name_their_keys(service: str, function: str) -> None:
    if service == "relay":
        return  # it removes the index keys of every service's events
    for statement in Policy(service, function).statements:
        if any(action.startswith("dynamodb:") for action in listed(statement["Action"])):
            patterns = key_patterns(statement)
            assert all(re.match(r"[A-Z]{3,}", pattern) for pattern in patterns), statement
            if {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"} & set(listed(statement["Action"])):
                owners = {OWNERS[re.match(r"[A-Z]+", pattern)[0]] for pattern in patterns}  # type: ignore[index]
                assert owners <= {service, _KERNEL}, statement
