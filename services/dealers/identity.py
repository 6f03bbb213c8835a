"""Accounts at whoever signs our users in. A Cognito user pool is managed from here; other issuers manage themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from kernel.base.settings import settings
from kernel.store import aws
from services.dealers.rules import User

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef


class IdentityProvider(Protocol):
    """Where accounts are kept."""

    def bring_up_to_date(self, user: User) -> None:
        """Have exactly this account: name, dealer and roles. May be repeated and interrupted at will."""


def identity_provider() -> IdentityProvider | None:
    """The provider behind the configured issuer, None where it is not ours to manage."""
    issuer = urlsplit(settings().oidc_issuer)
    if not (issuer.hostname or "").startswith("cognito-idp."):
        return None
    return CognitoUserPool(aws.client("cognito-idp"), issuer.path.strip("/"))


class CognitoUserPool:
    """A Cognito user pool. Accounts are made without a password and without a message from Cognito."""

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id

    def bring_up_to_date(self, user: User) -> None:
        """Have exactly this account: name, dealer and roles."""
        attributes: list[AttributeTypeTypeDef] = [{"Name": "name", "Value": user.name}]
        if user.dealer_id:
            attributes.append({"Name": "custom:dealer_id", "Value": user.dealer_id})
        try:
            self._client.admin_create_user(
                UserPoolId=self._pool_id,
                Username=user.username,
                UserAttributes=attributes,
                MessageAction="SUPPRESS",
            )
        except self._client.exceptions.UsernameExistsException:
            self._client.admin_update_user_attributes(
                UserPoolId=self._pool_id, Username=user.username, UserAttributes=attributes
            )
        self._have_roles(user)

    def _have_roles(self, user: User) -> None:
        groups = self._client.admin_list_groups_for_user(UserPoolId=self._pool_id, Username=user.username)["Groups"]
        present = {group["GroupName"] for group in groups}
        # Rights are taken before any are given, so that an interruption never leaves more than either state has.
        for role in sorted(present - user.roles):
            self._client.admin_remove_user_from_group(UserPoolId=self._pool_id, Username=user.username, GroupName=role)
        for role in sorted(user.roles - present):
            self._client.admin_add_user_to_group(UserPoolId=self._pool_id, Username=user.username, GroupName=role)
