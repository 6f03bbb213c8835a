from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest

from kernel.http.principal import Role
from services.dealers import open_account
from services.dealers.identity import CognitoUserPool, identity_provider
from services.dealers.rules import User
from tests.dealers.office import Office, dealer, user
from tests.world import World


class Pool(CognitoUserPool):
    """Moto's user pool, with the groups of the core stack, that can be interrupted and counts what it is asked."""

    def __init__(self) -> None:
        client = boto3.client("cognito-idp")
        attribute = {"Name": "dealer_id", "AttributeDataType": "String", "Mutable": True}
        pool = client.create_user_pool(PoolName="qudao-test", Schema=[attribute])  # type: ignore[list-item]
        super().__init__(client, pool["UserPool"]["Id"])
        for role in Role:
            client.create_group(UserPoolId=self._pool_id, GroupName=role)
        self.asked = 0
        self.before: Any = None

    def bring_up_to_date(self, user: User) -> None:
        """As the real one, but something may come in between reading the table and this."""
        self.asked += 1
        before, self.before = self.before, None
        if before:
            before()
        super().bring_up_to_date(user)

    def account(self, username: str) -> tuple[dict[str, str], set[str]]:
        """Attributes and groups of an account."""
        found = self._client.admin_get_user(UserPoolId=self._pool_id, Username=username)
        groups = self._client.admin_list_groups_for_user(UserPoolId=self._pool_id, Username=username)["Groups"]
        attributes = {one["Name"]: one["Value"] for one in found["UserAttributes"] if one["Name"] != "sub"}
        return attributes, {group["GroupName"] for group in groups}

    def usernames(self) -> list[str]:
        """All accounts."""
        return sorted(one["Username"] for one in self._client.list_users(UserPoolId=self._pool_id)["Users"])


@pytest.fixture
def office(world: World) -> Office:
    office = Office(world)
    office.publish("A")
    return office


@pytest.fixture
def pool(world: World) -> Iterator[Pool]:
    pool = Pool()
    with patch.object(open_account, "identity_provider", lambda: pool):
        yield pool


def test_every_imported_user_can_be_signed_in_with_dealer_and_roles(office: Office, pool: Pool) -> None:
    office.import_dealers(dealer("D0001", user("ming", "dealer_admin", "dealer_buyer", name="王明"), user("li")))
    office.import_staff(user("he", "warehouse"))
    office.world.drain()
    assert pool.usernames() == ["he", "li", "ming"]
    assert pool.account("ming") == ({"name": "王明", "custom:dealer_id": "D0001"}, {"dealer_admin", "dealer_buyer"})
    assert pool.account("he") == ({"name": "王 he"}, {"warehouse"})


def test_an_account_follows_changes_and_has_exactly_the_roles(office: Office, pool: Pool) -> None:
    office.import_dealers(dealer("D0001", user("ming", "dealer_admin", "dealer_accountant"), user("li")))
    office.world.drain()
    office.import_dealers(dealer("D0001", user("ming", "dealer_buyer", name="王小明"), user("li")))
    office.world.drain()
    assert pool.account("ming") == ({"name": "王小明", "custom:dealer_id": "D0001"}, {"dealer_buyer"})
    assert pool.account("li")[1] == {"dealer_admin"}


def test_messages_delivered_again_change_nothing(office: Office, pool: Pool) -> None:
    office.import_dealers(dealer("D0001", user("ming", "dealer_admin"), user("li")))
    office.import_dealers(dealer("D0001", user("ming", "dealer_buyer"), user("li")))
    office.world.drain()
    before, table = pool.account("ming"), office.world.snapshot()
    assert office.world.redeliver_everything().delivered["dealers.open_account"] >= 3
    assert pool.account("ming") == before == ({"name": "王 ming", "custom:dealer_id": "D0001"}, {"dealer_buyer"})
    assert pool.usernames() == ["li", "ming"]
    assert office.world.snapshot() == table


def test_a_change_carried_out_while_an_older_one_is_under_way_is_not_undone(office: Office, pool: Pool) -> None:
    office.import_dealers(dealer("D0001", user("ming", "dealer_admin", "dealer_buyer"), user("li")))

    def newer_first() -> None:
        office.import_dealers(dealer("D0001", user("ming", "dealer_accountant"), user("li")))
        office.world.drain()
        assert pool.account("ming")[1] == {"dealer_accountant"}

    pool.before = newer_first
    office.world.drain()
    assert pool.account("ming")[1] == {"dealer_accountant"}


def test_an_account_left_half_made_is_finished_by_the_next_delivery(office: Office, pool: Pool) -> None:
    office.import_dealers(dealer("D0001", user("ming", "dealer_admin", "dealer_buyer")))
    add = pool._client.admin_add_user_to_group
    failures = iter([True, False])

    def failing(**request: str) -> Any:
        if request["GroupName"] == "dealer_buyer" and next(failures, False):
            raise ConnectionError
        return add(**request)

    with patch.object(pool._client, "admin_add_user_to_group", failing):
        drained = office.world.drain()
    assert drained.failed["dealers.open_account"] == 1
    assert pool.account("ming")[1] == {"dealer_admin", "dealer_buyer"}


def test_rights_are_taken_before_any_are_given(office: Office, pool: Pool) -> None:
    ming = User("ming", "D0001", "王", None, frozenset({Role.DEALER_ADMIN}))
    pool.bring_up_to_date(ming)

    def failing(**_: str) -> Any:
        raise ConnectionError

    buyer = User("ming", "D0001", "王", None, frozenset({Role.DEALER_BUYER}))
    with patch.object(pool._client, "admin_add_user_to_group", failing), pytest.raises(ConnectionError):
        pool.bring_up_to_date(buyer)
    assert pool.account("ming")[1] == set()


def test_accounts_are_opened_only_where_the_issuer_is_a_user_pool(office: Office, world: World) -> None:
    with patch("services.dealers.identity.settings") as settings:
        settings.return_value.oidc_issuer = "https://cognito-idp.ap-southeast-1.amazonaws.com/ap-southeast-1_x1"
        found = identity_provider()
        assert isinstance(found, CognitoUserPool)
        assert found._pool_id == "ap-southeast-1_x1"
        for foreign in ("https://login.example.com/realms/qudao", "https://example.com/cognito-idp.x", "not a url"):
            settings.return_value.oidc_issuer = foreign
            assert identity_provider() is None
    office.import_dealers(dealer("D0001"))
    assert world.drain().delivered["dealers.open_account"] == 1
