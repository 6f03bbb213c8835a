"""Pretended Cognito user pool."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from kernel.store import aws
from services.dealers import identity
from services.dealers.identity import CognitoUserPool
from tests.dealers import challenge_trigger
from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.support.tokens import claims_of, sign

#: Seconds for which an ID token is valid.
VALID_FOR = 300


class Account(NamedTuple):
    """An account; `password` None until it is set. `sessions` counts those that are not revoked.

    `sign_outs`: how often all sessions were revoked; a refresh token names the number of its time.
    """

    facts: Mapping[str, str] = {}
    roles: frozenset[str] = frozenset()
    password: str | None = None
    is_enabled: bool = True
    sessions: int = 0
    sign_outs: int = 0


class UserPool:
    """Accounts of a user pool; answers the calls that the dealers service and clients make.

    Args:
        signs: its ID tokens are real ones, which the services accept for five minutes.
    """

    def __init__(self, signs: bool = False) -> None:
        self.accounts: dict[str, Account] = {}
        self._sessions: dict[str, tuple[str, Mapping[str, str]]] = {}
        self._signs = signs

    def save(self) -> Any:
        return dict(self.accounts)

    def restore(self, saved: Any) -> None:
        self.accounts = dict(saved)

    def visible(self) -> list[str]:
        """Return the accounts. Passwords that no user knows are alike, and sessions do not count."""
        return [
            f"{name}: {sorted(account.facts.items())} {sorted(account.roles)} {account.is_enabled} "
            f"{'unknown' if (account.password or '').startswith('a1') else account.password}"
            for name, account in self.accounts.items()
        ]

    def layer(self, call: Request, proceed: Proceed) -> Answer:
        """Answer the calls to Cognito; pass all others on."""
        if call.service != "cognito-idp":
            return proceed(call)
        if call.operation in ("AdminInitiateAuth", "InitiateAuth"):
            return self._challenge(call) if call.params["AuthFlow"] == "CUSTOM_AUTH" else self._sign_in(call)
        if call.operation in ("AdminRespondToAuthChallenge", "RespondToAuthChallenge"):
            return self._answer(call)
        name = call.params["Username"]
        known = self.accounts.get(name)
        if call.operation == "AdminCreateUser":
            if known and not call.answer_lost:
                raise call.client_error("UsernameExistsException", "User account already exists")
            self.accounts[name] = (known or Account())._replace(facts=_facts(call))
            return {}
        if known is None:
            raise call.client_error("UserNotFoundException", "User does not exist.")
        if call.operation == "AdminListGroupsForUser":
            return {"Groups": [{"GroupName": role} for role in sorted(known.roles)]}
        self.accounts[name] = _changed(call, known)
        return {}

    def _sign_in(self, call: Request) -> Answer:
        given = call.params["AuthParameters"]
        if call.params["AuthFlow"] == "REFRESH_TOKEN_AUTH":
            return self._refresh(call, given["REFRESH_TOKEN"])
        name = given["USERNAME"]
        account = self.accounts.get(name)
        if account is None or not account.is_enabled or account.password != given["PASSWORD"]:
            raise call.client_error("NotAuthorizedException", "Incorrect username or password.")
        return self._tokens(name, account)

    def _tokens(self, name: str, account: Account) -> Answer:
        self.accounts[name] = account._replace(sessions=account.sessions + 1)
        refresh_token = f"refresh {account.sign_outs} of {name}"
        return {"AuthenticationResult": {**self._id_token(name, account), "RefreshToken": refresh_token}}

    def _challenge(self, call: Request) -> Answer:
        """Begin a session with the trigger of the stack's template: its name is the challenge of the user."""
        name = call.params["AuthParameters"]["USERNAME"]
        account = self.accounts.get(name)
        if account is None or not account.is_enabled:
            raise call.client_error("NotAuthorizedException", "User is disabled.")
        challenge = challenge_trigger.begin(name)
        self._sessions[f"session {len(self._sessions)}"] = (name, challenge)
        session = f"session {len(self._sessions) - 1}"
        return {"ChallengeName": "CUSTOM_CHALLENGE", "Session": session, "ChallengeParameters": dict(challenge)}

    def _answer(self, call: Request) -> Answer:
        name, challenge = self._sessions.pop(call.params["Session"], (None, {}))
        if name is None or not challenge_trigger.accepts(name, challenge, call.params["ChallengeResponses"]["ANSWER"]):
            raise call.client_error("NotAuthorizedException", "Incorrect username or password.")
        return self._tokens(name, self.accounts[name])

    def _refresh(self, call: Request, token: str) -> Answer:
        name = token.rpartition(" ")[2]
        account = self.accounts[name]
        if not account.is_enabled or token != f"refresh {account.sign_outs} of {name}":
            raise call.client_error("NotAuthorizedException", "Refresh Token has been revoked")
        return {"AuthenticationResult": self._id_token(name, account)}

    def _id_token(self, name: str, account: Account) -> dict[str, Any]:
        token = f"id of {name}"
        if self._signs:
            now = int(time.time())
            dealer_id = account.facts.get("custom:dealer_id")
            person = {"sub": f"sub-{name}", "cognito:username": name, "name": account.facts["name"]}
            claims = claims_of(roles=sorted(account.roles), dealer_id=dealer_id, iat=now, exp=now + VALID_FOR, **person)
            token = sign(claims)
        return {"IdToken": token, "ExpiresIn": VALID_FOR}


def _changed(call: Request, account: Account) -> Account:
    match call.operation:
        case "AdminUpdateUserAttributes":
            return account._replace(facts={**account.facts, **_facts(call)})
        case "AdminDeleteUserAttributes":
            gone = call.params["UserAttributeNames"]
            return account._replace(facts={name: fact for name, fact in account.facts.items() if name not in gone})
        case "AdminAddUserToGroup":
            return account._replace(roles=account.roles | {call.params["GroupName"]})
        case "AdminRemoveUserFromGroup":
            return account._replace(roles=account.roles - {call.params["GroupName"]})
        case "AdminEnableUser" | "AdminDisableUser":
            return account._replace(is_enabled=call.operation == "AdminEnableUser")
        case "AdminUserGlobalSignOut":
            return account._replace(sessions=0, sign_outs=account.sign_outs + 1)
        case "AdminSetUserPassword":
            return account._replace(password=call.params["Password"])
    raise NotImplementedError(call.operation)


def _facts(call: Request) -> dict[str, str]:
    return {attribute["Name"]: attribute["Value"] for attribute in call.params["UserAttributes"]}


@contextmanager
def user_pool(*, signs: bool = False) -> Iterator[UserPool]:
    """Let users sign in with a Cognito user pool; see `UserPool`."""
    pool = UserPool(signs)

    def provider() -> CognitoUserPool:
        return CognitoUserPool(aws.client("cognito-idp"), "us-east-1_pool")

    with (
        interception.intercept(interception.Layer.ANSWER, pool.layer),
        patch.object(identity, "identity_provider", provider),
    ):
        yield pool
