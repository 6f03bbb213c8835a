"""Sign users in at a stage's user pool, and open the first accounts there. Only operators and tests use this."""

from __future__ import annotations

import secrets
import string
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from tools import aws

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

#: Get a new token this long before the current one expires.
_MARGIN_SECONDS = 60


@dataclass(frozen=True)
class Pool:
    """The user pool of a stage, and the client that its tokens are issued for."""

    pool_id: str
    client_id: str


@cache
def pool_of(stage: str) -> Pool:
    """Return the user pool of a stage; a stage that trusts another issuer has none."""
    return Pool(aws.parameter(stage, "core", "user-pool-id"), aws.parameter(stage, "core", "oidc-audience"))


@dataclass
class SignIn:
    """Source of a user's ID tokens, by user name and password. Threads may share it."""

    stage: str
    user: str
    password: str
    _token: str = ""
    _until: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def token(self) -> str:
        """Return the ID token to send as `Authorization: Bearer`.

        Raises:
            cognito exceptions `NotAuthorizedException`, `UserNotFoundException`: wrong user or password.
        """
        with self._lock:
            if time.monotonic() >= self._until:
                answer = aws.cognito().initiate_auth(
                    ClientId=pool_of(self.stage).client_id,
                    AuthFlow="USER_PASSWORD_AUTH",
                    AuthParameters={"USERNAME": self.user, "PASSWORD": self.password},
                )["AuthenticationResult"]
                self._token = answer["IdToken"]
                self._until = time.monotonic() + answer["ExpiresIn"] - _MARGIN_SECONDS
            return self._token


@dataclass(frozen=True)
class Account:
    """A user of the pool; `dealer_id` is None for head office."""

    user: str
    name: str
    roles: tuple[str, ...]
    dealer_id: str | None = None


def create_login(stage: str, account: Account) -> None:
    """Create an account with its groups; change nothing if it exists."""
    pool = pool_of(stage).pool_id
    attributes: list[AttributeTypeTypeDef] = [{"Name": "name", "Value": account.name}]
    if account.dealer_id:
        attributes.append({"Name": "custom:dealer_id", "Value": account.dealer_id})
    client = aws.cognito()
    with suppress(client.exceptions.UsernameExistsException):
        client.admin_create_user(
            UserPoolId=pool, Username=account.user, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
    for role in account.roles:
        client.admin_add_user_to_group(UserPoolId=pool, Username=account.user, GroupName=role)


def has_account(stage: str, user: str) -> bool:
    """Return whether the account exists and has a role: without one, its tokens are refused."""
    client = aws.cognito()
    try:
        groups = client.admin_list_groups_for_user(UserPoolId=pool_of(stage).pool_id, Username=user)
    except client.exceptions.UserNotFoundException:
        return False
    return bool(groups["Groups"])


def set_password(stage: str, user: str, password: str) -> None:
    """Set an account's permanent password."""
    aws.cognito().admin_set_user_password(
        UserPoolId=pool_of(stage).pool_id, Username=user, Password=password, Permanent=True
    )


def new_password() -> str:
    """Return a password that the pool's policy accepts: `qudao-` and twelve letters and digits."""
    alphabet = string.ascii_lowercase + string.digits
    return "qudao-" + "".join(secrets.choice(alphabet) for _ in range(11)) + secrets.choice(string.digits)
