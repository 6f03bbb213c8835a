"""Accounts at the identity provider follow the users in the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest

from kernel.http.principal import Role
from services.dealers import identity
from services.dealers.identity import CognitoUserPool, identity_provider
from services.dealers.rules import User
from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.support.world import World


class Pool(CognitoUserPool):
    """Moto's user pool with the groups of the core stack. `before_sync` runs once, before the next sync."""

    def __init__(self) -> None:
        client = boto3.client("cognito-idp")
        attribute = {"Name": "dealer_id", "AttributeDataType": "String", "Mutable": True}
        pool = client.create_user_pool(PoolName="qudao-test", Schema=[attribute])  # type: ignore[list-item]
        super().__init__(client, pool["UserPool"]["Id"])
        for role in Role:
            client.create_group(UserPoolId=self._pool_id, GroupName=role)
        self.before_sync: Any = None

    def sync_user(self, user: User) -> None:
        """Run `before_sync` between the read of the table and the account."""
        before_sync, self.before_sync = self.before_sync, None
        if before_sync:
            before_sync()
        super().sync_user(user)

    def account(self, username: str) -> tuple[dict[str, str], set[str]]:
        """Return attributes and groups of an account."""
        found = self._client.admin_get_user(UserPoolId=self._pool_id, Username=username)
        groups = self._client.admin_list_groups_for_user(UserPoolId=self._pool_id, Username=username)["Groups"]
        attributes = {entry["Name"]: entry["Value"] for entry in found["UserAttributes"] if entry["Name"] != "sub"}
        return attributes, {group["GroupName"] for group in groups}

    def usernames(self) -> list[str]:
        """Return the user names of all accounts."""
        return sorted(account["Username"] for account in self._client.list_users(UserPoolId=self._pool_id)["Users"])


@pytest.fixture
def client(world: World) -> DealersClient:
    client = DealersClient(world)
    client.publish_price_list("A")
    return client


@pytest.fixture
def pool(world: World) -> Iterator[Pool]:
    pool = Pool()
    with patch.object(identity, "identity_provider", lambda: pool):
        yield pool


def test_imported_user_gets_account_with_dealer_and_roles(client: DealersClient, pool: Pool) -> None:
    client.import_dealers(
        dealer_row("D0001", user_row("ming", "dealer_admin", "dealer_buyer", name="王明"), user_row("li"))
    )
    client.import_staff(user_row("he", "warehouse"))
    client.world.drain()
    assert pool.usernames() == ["he", "li", "ming"]
    assert pool.account("ming") == ({"name": "王明", "custom:dealer_id": "D0001"}, {"dealer_admin", "dealer_buyer"})
    assert pool.account("he") == ({"name": "王 he"}, {"warehouse"})


def test_account_follows_changes_and_has_exactly_the_roles(client: DealersClient, pool: Pool) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming", "dealer_admin", "dealer_accountant"), user_row("li")))
    client.world.drain()
    client.import_dealers(dealer_row("D0001", user_row("ming", "dealer_buyer", name="王小明"), user_row("li")))
    client.world.drain()
    assert pool.account("ming") == ({"name": "王小明", "custom:dealer_id": "D0001"}, {"dealer_buyer"})
    assert pool.account("li")[1] == {"dealer_admin"}


def test_redelivered_messages_change_no_account(client: DealersClient, pool: Pool) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming", "dealer_admin"), user_row("li")))
    client.import_dealers(dealer_row("D0001", user_row("ming", "dealer_buyer"), user_row("li")))
    client.world.drain()
    before, table = pool.account("ming"), client.world.snapshot()
    assert client.world.redeliver_everything().delivered["dealers.open_account"] >= 3
    assert pool.account("ming") == before == ({"name": "王 ming", "custom:dealer_id": "D0001"}, {"dealer_buyer"})
    assert pool.usernames() == ["li", "ming"]
    assert client.world.snapshot() == table


def test_account_keeps_newer_change_when_an_older_delivery_finishes_later(client: DealersClient, pool: Pool) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming", "dealer_admin", "dealer_buyer"), user_row("li")))

    def deliver_newer_change() -> None:
        client.import_dealers(dealer_row("D0001", user_row("ming", "dealer_accountant"), user_row("li")))
        client.world.drain()
        assert pool.account("ming")[1] == {"dealer_accountant"}

    pool.before_sync = deliver_newer_change
    client.world.drain()
    assert pool.account("ming")[1] == {"dealer_accountant"}


def test_interrupted_account_is_completed_by_the_next_delivery(client: DealersClient, pool: Pool) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming", "dealer_admin", "dealer_buyer")))
    add = pool._client.admin_add_user_to_group
    failures = iter([True, False])

    def failing(**request: str) -> Any:
        if request["GroupName"] == "dealer_buyer" and next(failures, False):
            raise ConnectionError
        return add(**request)

    with patch.object(pool._client, "admin_add_user_to_group", failing):
        drained = client.world.drain()
    assert drained.failed["dealers.open_account"] == 1
    assert pool.account("ming")[1] == {"dealer_admin", "dealer_buyer"}


def test_account_loses_old_roles_before_it_gets_new_ones(client: DealersClient, pool: Pool) -> None:
    ming = User("ming", "D0001", "王", None, frozenset({Role.DEALER_ADMIN}))
    pool.sync_user(ming)

    def failing(**_: str) -> Any:
        raise ConnectionError

    buyer = User("ming", "D0001", "王", None, frozenset({Role.DEALER_BUYER}))
    with patch.object(pool._client, "admin_add_user_to_group", failing), pytest.raises(ConnectionError):
        pool.sync_user(buyer)
    assert pool.account("ming")[1] == set()


def test_accounts_are_opened_only_when_issuer_is_a_user_pool(client: DealersClient, world: World) -> None:
    with patch("services.dealers.identity.settings") as settings:
        settings.return_value.oidc_issuer = "https://cognito-idp.ap-southeast-1.amazonaws.com/ap-southeast-1_x1"
        found = identity_provider()
        assert isinstance(found, CognitoUserPool)
        assert found._pool_id == "ap-southeast-1_x1"
        for other_issuer in (
            "https://login.example.com/realms/qudao",
            "https://example.com/cognito-idp.x",
            "not a url",
        ):
            settings.return_value.oidc_issuer = other_issuer
            assert identity_provider() is None
    client.import_dealers(dealer_row("D0001"))
    assert world.drain().delivered["dealers.open_account"] == 1
