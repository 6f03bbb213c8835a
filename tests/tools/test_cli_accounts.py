"""`qudao login` and `qudao admin invite` at the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from kernel.base.settings import settings
from tests.dealers.accounts import accept, people_of
from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.dealers.user_pool import user_pool
from tests.support.functions import STAGE, environment
from tests.support.world import World
from tests.tools.test_identity import POLICY
from tools import aws, identity, local
from tools.cli import app
from tools.demo.logins import Login, write_logins
from tools.demo.people import STAFF
from tools.identity import Account, Pool

SHARED, OWN = "qudao-demo-2026", "deng-pao-2026"


def qudao(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A local run with a user pool on moto, and the demo users of head office."""
    with environment(), mock_aws():
        client = boto3.client("cognito-idp")
        attribute: Any = {"Name": "dealer_id", "AttributeDataType": "String", "Mutable": True}
        policies: Any = {"PasswordPolicy": POLICY}
        created = client.create_user_pool(PoolName="p", Schema=[attribute], Policies=policies)
        pool_id = created["UserPool"]["Id"]
        app_client = client.create_user_pool_client(UserPoolId=pool_id, ClientName="c")["UserPoolClient"]
        for role in ("dealer_buyer", *(user.role for user in STAFF)):
            client.create_group(UserPoolId=pool_id, GroupName=role)
        monkeypatch.setattr(aws, "cognito", lambda: client)
        monkeypatch.setattr(identity, "pool_of", lambda stage: Pool(pool_id, str(app_client["ClientId"])))
        monkeypatch.setattr(local, "connect_to_running", lambda: "http://127.0.0.1:1")
        monkeypatch.setattr(local, "LOGINS", tmp_path / "logins.json")
        write_logins(local.LOGINS, [Login(user.username, SHARED, user.role, None, user.name) for user in STAFF])
        for user in STAFF:
            identity.create_login("local", Account(user.username, user.name, (user.role,)))
        for name in ("imported", "own", "closed"):
            identity.create_login("local", Account(name, "采购", ("dealer_buyer",), "D0001"))
        identity.set_password("local", "own", OWN)
        client.admin_disable_user(UserPoolId=pool_id, Username="closed")
        yield client


@pytest.mark.parametrize("user", [*(user.username for user in STAFF), "imported", " IMPORTED "])
def test_login_prints_a_token_of_every_account_twice(pool: Any, user: str) -> None:
    for _ in range(2):
        answer = qudao("login", user)
        assert answer.exit_code == 0, answer.output
        assert answer.stdout.count(".") == 2 and len(answer.stdout.splitlines()) == 1


def test_login_takes_the_password_that_a_user_has_set(pool: Any) -> None:
    assert qudao("login", "own", "--password", OWN).exit_code == 0
    assert CliRunner().invoke(app, ["login", "own"], env={"QUDAO_PASSWORD": OWN}).exit_code == 0
    for arguments, advice in ((["own"], "give it with --password"), (["own", "--password", "x"], "is wrong")):
        refused = qudao("login", *arguments)
        assert refused.exit_code == 1 and advice in refused.output
    assert qudao("login", "own", "--password", OWN).exit_code == 0, "a refused login changes no password"


@pytest.mark.parametrize(("user", "reason"), [("stranger", "there is no account"), ("closed", "is closed")])
def test_login_names_the_reason_when_an_account_cannot_sign_in(pool: Any, user: str, reason: str) -> None:
    refused = qudao("login", user)
    assert refused.exit_code == 1 and reason in refused.output


@pytest.fixture
def stage(world: World) -> World:
    """The parameters that the core stack of a stage writes."""
    facts = {
        "table-name": settings().table,
        "bus-name": settings().bus,
        "oidc-issuer": settings().oidc_issuer,
        "oidc-audience": settings().oidc_audience,
        "oidc-jwks-url": settings().oidc_jwks_url,
    }
    for name, value in facts.items():
        aws.ssm().put_parameter(Name=f"/qudao/{STAGE}/core/{name}", Value=value, Type="String")
    return world


def test_login_by_code_prints_a_token_within_the_caps(stage: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "connect_to_running", lambda: "http://127.0.0.1:1")
    monkeypatch.setattr(local, "STAGE", STAGE)
    with user_pool():
        client = DealersClient(stage)
        client.publish_price_list("A")
        users = user_row("owner", "dealer_admin", phone=None), user_row("buyer", "dealer_buyer")
        client.import_dealers(dealer_row("D0001", *users))
        stage.drain()
        answer = qudao("login", " Buyer", "--code")
        assert (answer.exit_code, answer.stdout) == (0, "id of buyer\n"), answer.output
        for user, reason in (("buyer", "1 a minute"), ("owner", "no mobile phone"), ("stranger", "no such user")):
            refused = qudao("login", user, "--code")
            assert refused.exit_code == 1 and reason in refused.output


def test_first_administrator_is_invited_accepts_and_invites_others(stage: World) -> None:
    with user_pool():
        first, second = (qudao("admin", "invite", "Li.Wei", "--stage", STAGE, "--name", "李伟") for _ in range(2))
        assert first.exit_code == second.exit_code == 0, first.output + second.output
        old, code = (_code_in(answer.stdout) for answer in (first, second))
        stage.drain()
        assert accept(DealersClient(stage), "li.wei", old).status == 422
        accepted = accept(DealersClient(stage), "li.wei", code)
        assert (accepted.status, accepted.json["id_token"]) == (200, "id of li.wei")
        person = people_of(DealersClient(stage), "HOUSE")["li.wei"]
        assert (person["name"], person["roles"], person["state"]) == ("李伟", ["admin"], "active")
        refused = qudao("admin", "invite", "wang", "--stage", STAGE)
        assert refused.exit_code == 1 and "has an administrator already" in refused.output


def test_admin_invite_refuses_a_wrong_user_name_and_another_issuer(stage: World) -> None:
    wrong = qudao("admin", "invite", "李", "--stage", STAGE)
    assert wrong.exit_code == 1 and "is no user name" in wrong.output
    before = json.dumps(stage.snapshot())
    foreign = qudao("admin", "invite", "li", "--stage", STAGE)
    assert foreign.exit_code == 1 and "trusts another issuer" in foreign.output
    assert json.dumps(stage.snapshot()) == before


def test_admin_invite_names_a_stage_that_is_not_deployed(world: World) -> None:
    refused = qudao("admin", "invite", "li", "--stage", "other")
    assert refused.exit_code == 1 and refused.output.startswith("other cannot be read")


def _code_in(output: str) -> str:
    (line,) = [line for line in output.splitlines() if line.startswith("邀请码")]
    return line.split()[-1]
