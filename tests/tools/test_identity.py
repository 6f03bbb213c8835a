"""Accounts and tokens of the user pool."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.functions import environment
from tools import aws, identity
from tools.identity import Account, Pool, SignIn

#: Password policy of infra/identity.yaml.
POLICY = {
    "MinimumLength": 12,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": False,
    "RequireUppercase": False,
}


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A user pool with the groups of two roles instead of the stage's pool."""
    with environment(), mock_aws():
        client = boto3.client("cognito-idp")
        pool_id = client.create_user_pool(PoolName="p", Policies={"PasswordPolicy": POLICY})["UserPool"]["Id"]
        app_client = client.create_user_pool_client(UserPoolId=pool_id, ClientName="c", GenerateSecret=False)
        for role in ("admin", "dealer_buyer"):
            client.create_group(UserPoolId=pool_id, GroupName=role)
        monkeypatch.setattr(aws, "cognito", lambda: client)
        monkeypatch.setattr(identity, "pool_of", lambda stage: Pool(pool_id, app_client["UserPoolClient"]["ClientId"]))
        yield client


def test_account_opened_twice_is_one_account(pool: Any) -> None:
    for _ in range(2):
        identity.create_login("s", Account("d0001-buyer", "陈志强", ("dealer_buyer",), "D0001"))
    assert identity.has_account("s", "d0001-buyer")
    assert not identity.has_account("s", "other")


def test_account_without_a_role_is_not_open(pool: Any) -> None:
    identity.create_login("s", Account("new", "新", ()))
    assert not identity.has_account("s", "new")


def test_token_is_reused_until_shortly_before_it_expires(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    identity.create_login("s", Account("admin", "系统管理员", ("admin",)))
    password = identity.new_password()
    identity.set_password("s", "admin", password)
    now = [1_000.0]
    monkeypatch.setattr(identity.time, "monotonic", lambda: now[0])
    requests: list[str] = []
    initiate_auth = pool.initiate_auth
    monkeypatch.setattr(
        pool, "initiate_auth", lambda **options: (requests.append("token"), initiate_auth(**options))[1]
    )
    source = SignIn("s", "admin", password)
    assert source.token() == source.token() and len(requests) == 1
    now[0] += 3_600
    assert source.token() and len(requests) == 2


def test_passwords_satisfy_the_policy_and_differ() -> None:
    passwords = {identity.new_password() for _ in range(20)}
    assert len(passwords) == 20
    for password in passwords:
        assert len(password) >= 12 and any(map(str.isdigit, password)) and any(map(str.islower, password))
