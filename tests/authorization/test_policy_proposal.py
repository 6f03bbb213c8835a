"""Proposals of `make policies`: missing rights are added, unused rights removed, everything else stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.authorization.policy import Policy
from tests.authorization.propose_policies import proposed_statements
from tests.support.calls import ACCOUNT, REGION, Use

TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/qudao-test"
TABLE = {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}"}


def statement(actions: list[str], *patterns: str) -> dict[str, Any]:
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}
    return {"Effect": "Allow", "Action": actions, "Resource": TABLE, "Condition": condition}


def use(action: str, *keys: str) -> Use:
    return Use("orders.example", f"dynamodb:{action}", TABLE_ARN, frozenset(keys))


@pytest.fixture
def policy() -> Policy:
    """Return the policy of a function without a policy file."""
    return Policy("orders", "example")


def test_policy_is_proposed_for_a_new_function(policy: Policy) -> None:
    uses = [use("GetItem", "STOCK#GZ"), use("GetItem", "ORDERS#D0001"), use("UpdateItem", "STOCK#GZ#BACKORDERS")]
    assert proposed_statements(policy, uses, []) == [
        statement(["dynamodb:GetItem"], "STOCK#*", "ORDERS#*"),
        statement(["dynamodb:UpdateItem"], "STOCK#*#BACKORDERS"),
    ]


def test_proposal_prefers_known_patterns_and_resources(policy: Policy) -> None:
    known = [statement(["dynamodb:Query"], "STOCK#*", "STOCK#*#????-??-??")]
    assert proposed_statements(policy, [use("PutItem", "STOCK#GZ#2026-11-23")], known) == [
        statement(["dynamodb:PutItem"], "STOCK#*#????-??-??")
    ]


def test_missing_right_is_added_to_the_statement_of_its_action(policy: Policy) -> None:
    policy.statements = [statement(["dynamodb:GetItem"], "STOCK#*"), statement(["dynamodb:Query"], "ORDERS#*")]
    uses = [use("GetItem", "STOCK#GZ"), use("GetItem", "ORDERS#D0001"), use("Query", "ORDERS#D0001")]
    assert proposed_statements(policy, uses, []) == [
        statement(["dynamodb:GetItem"], "STOCK#*", "ORDERS#*"),
        statement(["dynamodb:Query"], "ORDERS#*"),
    ]


def test_unused_rights_are_removed_in_their_place(policy: Policy) -> None:
    actions = ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
    policy.statements = [statement(actions, "STOCK#*", "ORDERS#*"), statement(["dynamodb:Query"], "ORDERS#*")]
    uses = [use("GetItem", "STOCK#GZ"), use("GetItem", "ORDERS#D0001"), use("UpdateItem", "STOCK#GZ")]
    assert proposed_statements(policy, [*uses, use("Query", "ORDERS#D0001")], []) == [
        statement(["dynamodb:GetItem"], "STOCK#*", "ORDERS#*"),
        statement(["dynamodb:UpdateItem"], "STOCK#*"),
        statement(["dynamodb:Query"], "ORDERS#*"),
    ]


def test_sufficient_policy_is_proposed_unchanged(policy: Policy) -> None:
    policy.statements = [statement(["dynamodb:Query", "dynamodb:GetItem"], "ORDERS#*")]
    uses = [use("GetItem", "ORDERS#D0001"), use("Query", "ORDERS#D0001")]
    assert proposed_statements(policy, uses, []) == policy.statements


def test_queue_of_the_stage_is_proposed_by_its_parameters(policy: Policy) -> None:
    queue = Use("orders.example", "sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:qudao-test-example")
    resource = {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:qudao-${Stage}-example"}
    assert proposed_statements(policy, [queue], []) == [
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": resource}
    ]
