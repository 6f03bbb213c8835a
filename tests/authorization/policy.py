"""Hand-written policy of a function, and the uses it allows."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.support.calls import ACCOUNT, REGION, Use
from tools import paths

#: Values of the parameters in the policies' resources.
_PARAMETERS = {
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
#: Rights no test can use, each with its reason.
UNUSED_WITH_REASON = {
    ("notifications.send_sms", "sms-voice:SendTextMessage"): "in tests the recorder replaces the provider",
}
#: Functions whose statements list the keys of several actions together: each action and each pattern is used, but not
#: each pair of them.
PAIRS_NOT_CHECKED = {"catalog.api_handler", "dealers.api_handler", "reconciliation.api_handler"}
#: Pattern of a statement without a condition.
_ANY_KEY = "*"


class Policy:
    """Policy of a function; remembers which statements allowed something."""

    def __init__(self, service: str, function: str) -> None:
        self.function = f"{service}.{function}"
        self.file = policy_file(service, function)
        text = self.file.read_text(encoding="utf-8") if self.file.is_file() else '{"Statement": []}'
        self.statements: list[dict[str, Any]] = json.loads(text)["Statement"]
        self._used: set[tuple[int, str, str]] = set()

    def allows(self, use: Use) -> bool:
        """Return True if the statements allow the use for each of its keys."""
        return all(self.allows_key(use, key) for key in use.keys or {None})

    def allows_key(self, use: Use, key: str | None) -> bool:
        """Return True if a statement allows the use for this partition key."""
        for number, statement in enumerate(self.statements):
            pattern = allowing_pattern(statement, use, key)
            if pattern is not None:
                self._used.add((number, use.action, pattern))
                return True
        return False

    @property
    def unused(self) -> set[tuple[int, str, str]]:
        """Return the rights nothing needed, unless they have a reason: (index of the statement, action, pattern)."""
        used = {(number, part) for number, action, pattern in self._used for part in (action, pattern)}
        checks_pairs = self.function not in PAIRS_NOT_CHECKED
        return {
            (number, action, pattern)
            for number, statement in enumerate(self.statements)
            for action in listed(statement["Action"])
            for pattern in key_patterns(statement)
            if (number, action, pattern) not in self._used
            if checks_pairs or not {(number, action), (number, pattern)} <= used
            if (self.function, action) not in UNUSED_WITH_REASON
        }


def policy_file(service: str, function: str) -> Path:
    """Return the file of a function's policy."""
    return paths.source(service) / "stack" / "policies" / f"{function}.json"


def allowing_pattern(statement: dict[str, Any], use: Use, key: str | None) -> str | None:
    """Return the pattern with which a statement allows the use for this partition key, or None.

    Args:
        key: None for a use without key.
    """
    if (
        statement["Effect"] != "Allow"
        or use.action not in listed(statement["Action"])
        or not any(resource_matches(resource, use.resource) for resource in listed(statement["Resource"]))
    ):
        return None
    return next(
        (
            pattern
            for pattern in key_patterns(statement)
            if pattern == _ANY_KEY or (key is not None and fnmatchcase(key, pattern))
        ),
        None,
    )


def listed(value: Any) -> list[Any]:
    """Return a value of a policy as a list."""
    return value if isinstance(value, list) else [value]


def resource_matches(resource: Any, arn: str) -> bool:
    """Return True if a resource of a policy means this ARN."""
    text = resource["Fn::Sub"] if isinstance(resource, dict) else resource
    return fnmatchcase(arn, re.sub(r"\$\{([^}]+)\}", lambda found: _PARAMETERS[found[1]], text))


def key_patterns(statement: dict[str, Any]) -> list[str]:
    """Return the patterns of partition keys for which a statement holds, the only condition policies have."""
    condition = statement.get("Condition")
    if condition is None:
        return [_ANY_KEY]
    (operator, wanted), *more = condition.items()
    assert not more and operator in ("ForAllValues:StringLike", "ForAllValues:StringEquals"), condition
    (name, patterns), *others = wanted.items()
    assert not others and name == "dynamodb:LeadingKeys", condition
    return listed(patterns)
