"""Accounts at the identity provider. A Cognito user pool is managed from here; other providers manage themselves."""

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
    """Service that has the accounts and signs users in."""

    def sync_user(self, user: User) -> None:
        """Create or change the account: exactly this name, dealer and roles. May be repeated and interrupted."""


def identity_provider() -> IdentityProvider | None:
    """Return the provider of the configured issuer; None if its accounts are not managed from here."""
    issuer = urlsplit(settings().oidc_issuer)
    if not (issuer.hostname or "").startswith("cognito-idp."):
        return None
    return CognitoUserPool(aws.client("cognito-idp"), issuer.path.strip("/"))


class CognitoUserPool:
    """A Cognito user pool. Accounts are created without a password and without a message from Cognito."""

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id

    def sync_user(self, user: User) -> None:
        """Create or change the account: exactly this name, dealer and roles."""
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
        self._sync_roles(user)

    def _sync_roles(self, user: User) -> None:
        groups = self._client.admin_list_groups_for_user(UserPoolId=self._pool_id, Username=user.username)["Groups"]
        present = {group["GroupName"] for group in groups}
        # Removed before any is added: an interruption never leaves more rights than the old or the new roles have.
        for role in sorted(present - user.roles):
            self._client.admin_remove_user_from_group(UserPoolId=self._pool_id, Username=user.username, GroupName=role)
        for role in sorted(user.roles - present):
            self._client.admin_add_user_to_group(UserPoolId=self._pool_id, Username=user.username, GroupName=role)
