"""Accounts at the identity provider. A Cognito user pool is managed from here; other providers manage themselves."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

from kernel.base.settings import settings
from kernel.store import aws
from kernel.store.cursors import keyed_digest
from services.dealers.rules import User

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef


class IdentityProvider(Protocol):
    """Service that has the accounts and signs users in."""

    def sync_user(self, user: User) -> None:
        """Open or change the account: exactly this name, dealer and roles. May be repeated and interrupted."""

    def close_account(self, username: str, *, forget_password: bool) -> None:
        """Let the account neither sign in nor get another token. Without an account, nothing happens.

        Args:
            forget_password: the password stops to be valid, also when the account is opened again.
        """

    def set_password(self, username: str, password: str) -> bool:
        """Set the permanent password and end every session; False if the account is not opened yet.

        Raises:
            WeakPassword: the policy of the provider refuses the password.
        """

    def sign_in(self, username: str, password: str) -> Tokens | None:
        """Return tokens of the user; None if the account is closed or the password is another."""

    def sign_in_without_password(self, username: str) -> Tokens | None:
        """Return tokens of a user whom the caller has identified; None if the account is closed or not opened yet."""


class WeakPassword(Exception):
    """The policy of the provider refuses a password."""


class Tokens(NamedTuple):
    """Tokens of a signed-in user; the ID token is valid for `expires_in` seconds."""

    id_token: str
    refresh_token: str
    expires_in: int


def identity_provider() -> IdentityProvider | None:
    """Return the provider of the configured issuer; None if its accounts are not managed from here."""
    issuer = urlsplit(settings().oidc_issuer)
    if not (issuer.hostname or "").startswith("cognito-idp."):
        return None
    return CognitoUserPool(aws.client("cognito-idp"), issuer.path.strip("/"))


def challenge_answer(username: str, nonce: str) -> str:
    """Return the answer that the trigger of the pool expects for this nonce."""
    return keyed_digest("challenge", username, nonce).hex()


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
            if not user.dealer_id:
                # The user may come from a dealer; with both a dealer and staff roles every token would be refused.
                self._client.admin_delete_user_attributes(
                    UserPoolId=self._pool_id, Username=user.username, UserAttributeNames=["custom:dealer_id"]
                )
        self._sync_roles(user)
        # Last: no user signs in with the roles that the account had when it was closed.
        self._client.admin_enable_user(UserPoolId=self._pool_id, Username=user.username)

    def close_account(self, username: str, *, forget_password: bool) -> None:
        """Disable the account, then revoke its refresh tokens; a token lives for five minutes more."""
        account = {"UserPoolId": self._pool_id, "Username": username}
        try:
            self._client.admin_disable_user(**account)
            self._client.admin_user_global_sign_out(**account)
            if forget_password:
                password = f"a1{secrets.token_urlsafe(48)}"
                self._client.admin_set_user_password(**account, Password=password, Permanent=True)
        except self._client.exceptions.UserNotFoundException:
            return

    def set_password(self, username: str, password: str) -> bool:
        """Set the permanent password and end every session; False if the account is not opened yet."""
        account = {"UserPoolId": self._pool_id, "Username": username}
        try:
            self._client.admin_set_user_password(**account, Password=password, Permanent=True)
            self._client.admin_user_global_sign_out(**account)
        except self._client.exceptions.UserNotFoundException:
            return False
        except self._client.exceptions.InvalidPasswordException:
            raise WeakPassword from None
        return True

    def sign_in(self, username: str, password: str) -> Tokens | None:
        """Return tokens of the user; None if the account is closed or the password is another."""
        try:
            answer = self._client.admin_initiate_auth(
                UserPoolId=self._pool_id,
                ClientId=settings().oidc_audience,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": username, "PASSWORD": password},
            )["AuthenticationResult"]
        except self._client.exceptions.NotAuthorizedException:
            return None
        return Tokens(answer["IdToken"], answer["RefreshToken"], answer["ExpiresIn"])

    def sign_in_without_password(self, username: str) -> Tokens | None:
        """Answer the challenge of the pool's trigger (infra/identity.yaml), which only holders of the key can."""
        try:
            challenge = self._client.admin_initiate_auth(
                UserPoolId=self._pool_id,
                ClientId=settings().oidc_audience,
                AuthFlow="CUSTOM_AUTH",
                AuthParameters={"USERNAME": username},
            )
            answer = challenge_answer(username, challenge["ChallengeParameters"]["nonce"])
            tokens = self._client.admin_respond_to_auth_challenge(
                UserPoolId=self._pool_id,
                ClientId=settings().oidc_audience,
                ChallengeName="CUSTOM_CHALLENGE",
                Session=challenge["Session"],
                ChallengeResponses={"USERNAME": username, "ANSWER": answer},
            )["AuthenticationResult"]
        except (self._client.exceptions.NotAuthorizedException, self._client.exceptions.UserNotFoundException):
            return None
        return Tokens(tokens["IdToken"], tokens["RefreshToken"], tokens["ExpiresIn"])

    def _sync_roles(self, user: User) -> None:
        groups = self._client.admin_list_groups_for_user(UserPoolId=self._pool_id, Username=user.username)["Groups"]
        present = {group["GroupName"] for group in groups}
        # Removed before any is added: an interruption never leaves more rights than the old or the new roles have.
        for role in sorted(present - user.roles):
            self._client.admin_remove_user_from_group(UserPoolId=self._pool_id, Username=user.username, GroupName=role)
        for role in sorted(user.roles - present):
            self._client.admin_add_user_to_group(UserPoolId=self._pool_id, Username=user.username, GroupName=role)
