"""Sign people in at the user pool of the default stack, and open the first accounts there (ops only)."""

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

#: Renew a token this long before it ends.
_MARGIN_SECONDS = 300


@dataclass(frozen=True)
class Pool:
    """The user pool of a stage and the client that tokens are made for."""

    pool_id: str
    client_id: str


@cache
def pool_of(stage: str) -> Pool:
    """The pool of a stage that has one of its own."""
    return Pool(aws.parameter(stage, "core", "user-pool-id"), aws.parameter(stage, "core", "oidc-audience"))


@dataclass
class SignIn:
    """A user's ID token by user name and password, renewed in time. Safe to share between threads."""

    stage: str
    user: str
    password: str
    _token: str = ""
    _until: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def token(self) -> str:
        """The ID token to send as `Authorization: Bearer`.

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
    """A person as the pool knows them; `dealer_id` None for the distributor's own people."""

    user: str
    name: str
    roles: tuple[str, ...]
    dealer_id: str | None = None


def open_account(stage: str, account: Account) -> None:
    """Have this account with these groups; changes nothing when all is there."""
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


def is_open(stage: str, user: str) -> bool:
    """Whether the account exists and has its roles: without any, its tokens are good for nothing."""
    client = aws.cognito()
    try:
        groups = client.admin_list_groups_for_user(UserPoolId=pool_of(stage).pool_id, Username=user)
    except client.exceptions.UserNotFoundException:
        return False
    return bool(groups["Groups"])


def set_password(stage: str, user: str, password: str) -> None:
    """Give an account a lasting password."""
    aws.cognito().admin_set_user_password(
        UserPoolId=pool_of(stage).pool_id, Username=user, Password=password, Permanent=True
    )


def new_password() -> str:
    """A password the pool's policy accepts, easy to type: `qudao-` and twelve letters and digits."""
    alphabet = string.ascii_lowercase + string.digits
    return "qudao-" + "".join(secrets.choice(alphabet) for _ in range(11)) + secrets.choice(string.digits)
