"""Pretended Cognito user pool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from kernel.store import aws
from services.dealers import open_account
from services.dealers.identity import CognitoUserPool
from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.support.trigger import ExternalSystem


class UserPool:
    """Accounts of a user pool; answers the calls the dealers service makes."""

    def __init__(self) -> None:
        self._accounts: dict[str, tuple[dict[str, str], frozenset[str]]] = {}

    def save(self) -> Any:
        return dict(self._accounts)

    def restore(self, saved: Any) -> None:
        self._accounts = dict(saved)

    def visible(self) -> list[str]:
        return [f"{name}: {sorted(facts.items())} {sorted(roles)}" for name, (facts, roles) in self._accounts.items()]

    def layer(self, call: Request, proceed: Proceed) -> Answer:
        """Answer the calls to Cognito; pass all others on."""
        if call.service != "cognito-idp":
            return proceed(call)
        name = call.params["Username"]
        known = self._accounts.get(name)
        facts, roles = known or ({}, frozenset[str]())
        if call.operation == "AdminCreateUser":
            if known and not call.answer_lost:
                raise call.client_error("UsernameExistsException", "User account already exists")
            self._accounts[name] = _facts(call), roles
        elif call.operation == "AdminUpdateUserAttributes":
            self._accounts[name] = {**facts, **_facts(call)}, roles
        elif call.operation == "AdminAddUserToGroup":
            self._accounts[name] = facts, roles | {call.params["GroupName"]}
        elif call.operation == "AdminRemoveUserFromGroup":
            self._accounts[name] = facts, roles - {call.params["GroupName"]}
        elif call.operation == "AdminListGroupsForUser":
            return {"Groups": [{"GroupName": role} for role in sorted(roles)]}
        else:
            raise NotImplementedError(call.operation)
        return {}


def _facts(call: Request) -> dict[str, str]:
    return {attribute["Name"]: attribute["Value"] for attribute in call.params["UserAttributes"]}


@contextmanager
def user_pool() -> Iterator[ExternalSystem]:
    """Let users sign in with a Cognito user pool."""
    pool = UserPool()

    def provider() -> CognitoUserPool:
        return CognitoUserPool(aws.client("cognito-idp"), "us-east-1_pool")

    with (
        interception.intercept(interception.Layer.ANSWER, pool.layer),
        patch.object(open_account, "identity_provider", provider),
    ):
        yield pool
