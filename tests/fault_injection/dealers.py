"""Dealers, their people, and accounts at an identity provider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from kernel.store import aws
from services.dealers import open_account
from services.dealers.identity import CognitoUserPool
from tests.authorization.town import OTHER, OWN, PRICE_LIST, Town, dealer_row
from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.fault_injection.differences import counted_by_the_last
from tests.fault_injection.scenario import Happening, Nowhere, Outside, Scenario, message, request

TERMS = {
    "status": "active",
    "grade": "二级",
    "price_list": PRICE_LIST,
    "warehouse": "GZ",
    "credit_limit_fen": 5,
    "payment_days": 10,
    "reason": "年度调整",
    "version": 1,
}


def _person(username: str, *roles: str, **facts: Any) -> dict[str, Any]:
    return {"username": username, "name": username, "phone": "+8613712345678", "roles": list(roles), **facts}


def _dealers(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"dealers": list(rows)}


def _new(number: int) -> dict[str, Any]:
    dealer_id = f"D1{number:03d}"
    return dealer_row(OWN) | {"dealer_id": dealer_id, "users": [_person(f"owner-{number}", "dealer_admin")]}


def _other(**facts: Any) -> dict[str, Any]:
    return dealer_row(OTHER) | facts


def _imported(kind: str, body: dict[str, Any]) -> Happening:
    """By a colleague; nothing is carried anywhere yet."""

    def happen(town: Town) -> None:
        answer = town.ask("dealers", "POST", f"/imports/{kind}", body, role="admin")
        assert answer.status == 200, answer.json

    return happen


def _import(kind: str, world: str, body: dict[str, Any], **more: Any) -> Scenario:
    given = {"role": "admin", "told_alike": counted_by_the_last} | more
    return request("dealers", "POST", f"/imports/{kind}", world, body, **given)


def _terms(world: str, dealer: str = OTHER, *, answers: tuple[int, ...] = (200,), **facts: Any) -> Scenario:
    rival = facts.pop("rival", None)
    body = TERMS | facts
    return request(
        "dealers",
        "PUT",
        "/dealers/{dealer_id}/terms",
        world,
        body,
        role="finance",
        of=lambda _: {"dealer_id": dealer},
        answers=answers,
        rival=rival,
    )


def _terms_changed(town: Town) -> None:
    answer = town.ask("dealers", "PUT", f"/dealers/{OTHER}/terms", TERMS | {"payment_days": 60}, role="finance")
    assert answer.status == 200, answer.json


OWNER_LEAVES = _other(
    users=[
        dealer_row(OTHER)["users"][0] | {"roles": ["dealer_buyer"]},
        dealer_row(OTHER)["users"][1] | {"roles": ["dealer_admin"]},
    ]
)
SECOND_OWNER = _dealers(_other(users=[_person("second-owner", "dealer_admin")]))
FIRST_OWNER_LEAVES = _dealers(_other(users=[dealer_row(OTHER)["users"][0] | {"roles": ["dealer_buyer"]}]))

IMPORTS = [
    _import(
        "dealers",
        "changed, with a new user",
        _dealers(_other(territory="深圳", users=[_person("newcomer", "dealer_buyer")])),
    ),
    _import("dealers", "as they are", _dealers(_other())),
    _import("dealers", "the owner changes", _dealers(OWNER_LEAVES)),
    _import(
        "dealers", "the owner leaves, another stays", FIRST_OWNER_LEAVES, prepare=_imported("dealers", SECOND_OWNER)
    ),
    _import("dealers", "several transactions", _dealers(*map(_new, range(40)))),
    _import(
        "dealers",
        "contended: a colleague changes the same",
        _dealers(_other(territory="深圳")),
        rival=_imported("dealers", _dealers(_other(territory="佛山"))),
    ),
    _import(
        "dealers",
        "contended: the other owner leaves meanwhile",
        FIRST_OWNER_LEAVES,
        prepare=_imported("dealers", SECOND_OWNER),
        rival=_imported("dealers", _dealers(_other(users=[_person("second-owner", "dealer_buyer")]))),
        answers=(422,),
    ),
    _import(
        "staff",
        "changed and new",
        {"staff": [_person("assistant-house", "assistant", "finance"), _person("new-clerk", "warehouse")]},
    ),
    _import(
        "staff", "several transactions", {"staff": [_person(f"clerk-{number}", "assistant") for number in range(40)]}
    ),
    _import(
        "staff",
        "contended: a colleague changes the same",
        {"staff": [_person("assistant-house", "finance")]},
        rival=_imported("staff", {"staff": [_person("assistant-house", "warehouse")]}),
    ),
]

TERMS_CHANGED = [
    _terms("suspended", status="suspended"),
    _terms("contended: a colleague changes them meanwhile", rival=_terms_changed, answers=(412,)),
]


# ---- accounts ----


class UserPool(Nowhere):
    """A Cognito user pool, as much of it as we use, answering in the place of AWS."""

    def __init__(self) -> None:
        self._accounts: dict[str, tuple[dict[str, str], frozenset[str]]] = {}

    def save(self) -> Any:
        return dict(self._accounts)

    def restore(self, saved: Any) -> None:
        self._accounts = dict(saved)

    def tells(self) -> Iterable[str]:
        return [f"{name}: {sorted(facts.items())} {sorted(roles)}" for name, (facts, roles) in self._accounts.items()]

    def layer(self, call: Request, proceed: Proceed) -> Answer:
        """Answer what concerns accounts."""
        if call.service != "cognito-idp":
            return proceed(call)
        name = call.params["Username"]
        known = self._accounts.get(name)
        facts, roles = known or ({}, frozenset[str]())
        if call.operation == "AdminCreateUser":
            if known and not call.answer_lost:
                raise call.client_error("UsernameExistsException", "User account already exists")
            self._accounts[name] = self._facts(call), roles
        elif call.operation == "AdminUpdateUserAttributes":
            self._accounts[name] = {**facts, **self._facts(call)}, roles
        elif call.operation == "AdminAddUserToGroup":
            self._accounts[name] = facts, roles | {call.params["GroupName"]}
        elif call.operation == "AdminRemoveUserFromGroup":
            self._accounts[name] = facts, roles - {call.params["GroupName"]}
        elif call.operation == "AdminListGroupsForUser":
            return {"Groups": [{"GroupName": role} for role in sorted(roles)]}
        else:
            raise NotImplementedError(call.operation)
        return {}

    @staticmethod
    def _facts(call: Request) -> dict[str, str]:
        return {one["Name"]: one["Value"] for one in call.params["UserAttributes"]}


@contextmanager
def user_pool() -> Iterator[Outside]:
    """Users sign in at a Cognito user pool."""
    pool = UserPool()

    def provider() -> CognitoUserPool:
        return CognitoUserPool(aws.client("cognito-idp"), "us-east-1_pool")

    with (
        interception.intercept(interception.Layer.ANSWER, pool.layer),
        patch.object(open_account, "identity_provider", provider),
    ):
        yield pool


def _happened(*happenings: Happening) -> Happening:
    def happen(town: Town) -> None:
        for one in happenings:
            one(town)
            town.world.drain()

    return happen


def _then(past: Happening, now: Happening) -> Happening:
    def happen(town: Town) -> None:
        past(town)
        now(town)

    return happen


NEW_CLERK = _imported("staff", {"staff": [_person("new-clerk", "warehouse", "assistant")]})
ACCOUNTS = [
    message("dealers", "open_account", "new", _imported("dealers", _dealers(_new(1))), around=user_pool),
    message("dealers", "open_account", "new, of the house", NEW_CLERK, around=user_pool),
    message(
        "dealers",
        "open_account",
        "roles given and taken",
        _then(
            _happened(NEW_CLERK),
            _imported("staff", {"staff": [_person("new-clerk", "finance", "assistant", name="新名")]}),
        ),
        around=user_pool,
    ),
    message(
        "dealers",
        "open_account",
        "changed again before the first was carried out",
        _then(NEW_CLERK, _imported("staff", {"staff": [_person("new-clerk", "finance")]})),
        around=user_pool,
    ),
]

SCENARIOS = [*IMPORTS, *TERMS_CHANGED, *ACCOUNTS]
