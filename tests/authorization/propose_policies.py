"""Propose the policies of all functions from what they do: python -m tests.authorization.propose_policies.

Missing rights are added and unused rights removed; all other statements stay as they were written, in their order. The
diff is printed, and a person must review it.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tests.authorization.policy import Policy, key_patterns, listed, resource_matches
from tests.authorization.recorded_uses import record_uses
from tests.support.calls import Use
from tests.support.functions import load_apps
from tests.support.silence import without_logs
from tests.support.world import opened
from tools import paths
from tools.template import function_names

Statement = dict[str, Any]
#: One action on one resource, and for a table the key: what a missing right is about.
Right = tuple[str, str, str | None]
_PARAMETERS_IN_NAMES = {
    "table/qudao-test": "table/${TableName}",
    "event-bus/qudao-test": "event-bus/${BusName}",
    "qudao-test-": "qudao-${Stage}-",
    "qudao/test/": "qudao/${Stage}/",
}


def main() -> int:
    """Write the proposals and print their diff; return 1 if a function is run by no scenario."""
    with without_logs(), opened(fast=True) as world:
        uses = record_uses(world)
    policies = [Policy(service, name) for service, app in load_apps()[0].items() for name in function_names(app)]
    known = [statement for policy in policies for statement in policy.statements]
    not_run = []
    for policy in policies:
        own = [use for use in uses if use.function == policy.function]
        if not own and policy.statements != []:
            not_run.append(policy.function)
            continue
        _write(policy, proposed_statements(policy, own, known))
    for function in not_run:
        print(f"no scenario runs {function}: add situations= to its Trigger", file=sys.stderr)
    return 1 if not_run else 0


def proposed_statements(policy: Policy, uses: Sequence[Use], known: Sequence[Statement]) -> list[Statement]:
    """Return the statements of a policy with missing rights added and unused rights removed.

    Args:
        uses: what the function does.
        known: statements of all policies; their resources and patterns of keys are preferred to new ones.
    """
    missing: list[Right] = []
    for use in uses:
        for key in sorted(use.keys) or [None]:
            if not policy.allows_key(use, key):
                missing.append((use.action, use.resource, key))
    kept = [
        part
        for number, statement in enumerate(policy.statements)
        for part in _without(statement, {(action, key) for index, action, key in policy.unused if index == number})
    ]
    return _with_rights(kept, missing, known)


def _without(statement: Statement, unused: set[tuple[str, str]]) -> list[Statement]:
    """Return a statement without some pairs of action and pattern; several statements if actions differ then."""
    if not unused:
        return [statement]
    patterns = key_patterns(statement)
    actions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for action in listed(statement["Action"]):
        left = tuple(pattern for pattern in patterns if (action, pattern) not in unused)
        if left:
            actions[left].append(action)
    return [_restricted(statement, names, left) for left, names in actions.items()]


def _restricted(statement: Statement, actions: Sequence[str], patterns: Sequence[str]) -> Statement:
    restricted = statement | {"Action": list(actions)}
    if "Condition" in statement:
        restricted["Condition"] = _condition(patterns)
    return restricted


def _with_rights(statements: list[Statement], rights: Iterable[Right], known: Sequence[Statement]) -> list[Statement]:
    """Return the statements and these rights: in a statement of the same action and resource, or in new ones."""
    patterns: dict[tuple[str, str], list[str]] = defaultdict(list)
    for action, arn, key in rights:
        found = patterns[json.dumps(_resource(arn, known)), action]
        if key is not None and (pattern := _pattern(key, known)) not in found:
            found.append(pattern)
    statements = [dict(statement) for statement in statements]
    added: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (resource, action), keys in sorted(patterns.items()):
        same = [
            statement
            for statement in statements
            if listed(statement["Action"]) == [action] and statement["Resource"] == json.loads(resource)
        ]
        if same and keys and "Condition" in same[0]:
            same[0]["Condition"] = _condition([*key_patterns(same[0]), *keys])
        else:
            added[resource, tuple(keys)].append(action)
    for (resource, keys_of_all), actions in added.items():
        statement = {"Effect": "Allow", "Action": actions, "Resource": json.loads(resource)}
        statements.append(statement | ({"Condition": _condition(keys_of_all)} if keys_of_all else {}))
    return statements


def _condition(patterns: Sequence[str]) -> dict[str, Any]:
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}


def _resource(arn: str, known: Sequence[Statement]) -> Any:
    """Return a resource for a real ARN: one of another policy, or the ARN with its parameters put back."""
    for statement in known:
        for resource in listed(statement["Resource"]):
            if resource != "*" and resource_matches(resource, arn):
                return resource
    _, _, service, _, _, name = arn.split(":", 5)
    for value, parameter in _PARAMETERS_IN_NAMES.items():
        name = name.replace(value, parameter)
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{name}"}


def _pattern(key: str, known: Sequence[Statement]) -> str:
    """Return a pattern for a partition key: the closest one of another policy, or the key without its ids."""
    matching = {
        pattern
        for statement in known
        if "Condition" in statement
        for pattern in key_patterns(statement)
        if fnmatchcase(key, pattern)
    }
    if matching:
        return max(matching, key=lambda pattern: (len(pattern.replace("*", "")), pattern))
    kind, *parts = key.split("#")
    words = (part if number and part.isalpha() and part.isupper() else "*" for number, part in enumerate(parts))
    return "#".join([kind, *words])


def _write(policy: Policy, statements: Sequence[Statement]) -> None:
    """Write the policy if it differs, and print the difference."""
    before = policy.file.read_text(encoding="utf-8") if policy.file.is_file() else ""
    if before and statements == policy.statements:
        return
    after = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2, ensure_ascii=False) + "\n"
    policy.file.parent.mkdir(parents=True, exist_ok=True)
    policy.file.write_text(after, encoding="utf-8")
    name = str(policy.file.relative_to(paths.ROOT))
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"a/{name}", f"b/{name}")
    print("".join(lines), end="")


if __name__ == "__main__":
    sys.exit(main())
