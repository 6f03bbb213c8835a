"""Machines: accounts of partners' systems, their secrets and their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dealers.accounts import people_of
from tests.dealers.fixtures import DealersClient, dealer_row
from tests.dealers.user_pool import UserPool, user_pool
from tests.support.gateway import Response
from tests.support.world import World

PATH = "/dealers/D0001/machines"
ERP = {"name": "ERP", "roles": ["dealer_buyer"]}


@pytest.fixture
def pool(fast_world: World) -> Iterator[UserPool]:
    with user_pool(signs=True) as pool:
        yield pool


@pytest.fixture
def client(fast_world: World, pool: UserPool) -> DealersClient:
    client = DealersClient(fast_world)
    client.publish_price_list("A")
    client.import_dealers(dealer_row("D0001"))
    return client


def sign_in(client: DealersClient, machine: dict[str, Any], secret: str | None = None) -> Response:
    body = {"client_id": machine["client_id"], "client_secret": secret or machine["client_secret"]}
    return client.world.call("dealers", "POST", "/machines/token", body=body)


def registered(client: DealersClient, key: str | None = None, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, ERP | fields, key)
    assert answer.status == 201, answer.json
    client.world.drain()
    machine: dict[str, Any] = answer.json
    return machine


def test_machine_gets_token_with_dealer_and_roles(client: DealersClient) -> None:
    machine = registered(client, key="k")
    assert registered(client, key="k") == machine
    token = sign_in(client, machine)
    assert (token.status, token.json["expires_in"]) == (200, 300)
    me = client.get("/me", token.json["id_token"]).json
    assert (me["name"], me["dealer"]["dealer_id"], me["roles"]) == ("ERP", "D0001", ["dealer_buyer"])
    (shown,) = client.get(PATH).json["machines"]
    assert (shown["last_used_on"], shown["created_by"]) == ("2026-11-23", "u-admin")
    assert "client_secret" not in shown
    assert f"machine:{machine['client_id']}" not in people_of(client, "D0001")


def test_secret_is_in_no_item_event_or_log(client: DealersClient, capfd: pytest.CaptureFixture[str]) -> None:
    machine = registered(client)
    sign_in(client, machine)
    client.world.drain()
    assert machine["client_secret"] not in str(client.world.snapshot()) + "".join(capfd.readouterr())


def test_old_secret_is_valid_for_seven_days_after_rotation(client: DealersClient) -> None:
    machine = registered(client)
    path = f"{PATH}/{machine['client_id']}/rotate"
    rotated = client.post(path, None, "r").json
    assert client.post(path, None, "r").json == rotated and rotated["client_secret"] != machine["client_secret"]
    client.world.clock.advance(days=6)
    assert [sign_in(client, one).status for one in (machine, rotated)] == [200, 200]
    client.world.clock.advance(days=1)
    assert [sign_in(client, one).status for one in (machine, rotated)] == [422, 200]
    again = client.post(path, None).json
    assert [sign_in(client, one).status for one in (machine, rotated, again)] == [422, 200, 200]
    last = client.post(path, None).json
    assert [sign_in(client, one).status for one in (rotated, again, last)] == [422, 200, 200]


def test_revoked_machine_loses_its_account_and_every_change_has_an_event(client: DealersClient, pool: UserPool) -> None:
    machine = registered(client)
    assert sign_in(client, machine).status == 200
    client.post(f"{PATH}/{machine['client_id']}/rotate", None)
    revoked = client.post(f"{PATH}/{machine['client_id']}/revoke", {"reason": "换系统"})
    assert (revoked.status, revoked.json["revocation_reason"]) == (200, "换系统")
    client.world.drain()
    client.world.redeliver_everything()
    refused = sign_in(client, machine)
    unknown = sign_in(client, {"client_id": "M" + 16 * "0", "client_secret": machine["client_secret"]})
    assert refused.status == 422 and refused.text == unknown.text
    assert not pool.accounts[f"machine:{machine['client_id']}"].is_enabled
    assert client.post(f"{PATH}/{machine['client_id']}/rotate", None).status == 404
    events = client.events(machine["client_id"])
    assert [event["data"]["change"] for event in events] == ["registered", "secret-rotated", "revoked"]


def test_machine_of_a_suspended_dealer_gets_no_token(client: DealersClient) -> None:
    machine = registered(client)
    assert sign_in(client, machine).status == 200
    client.put_terms("D0001", status="suspended")
    client.world.drain()
    assert (sign_in(client, machine).status, sign_in(client, machine).json["code"]) == (409, "account-closed")


@pytest.mark.parametrize(("owner", "role"), [("D0001", "dealer_admin"), ("D0001", "finance"), ("HOUSE", "admin")])
def test_machine_gets_no_role_of_an_administrator_or_of_others(client: DealersClient, owner: str, role: str) -> None:
    refused = client.post(f"/dealers/{owner}/machines", {"name": "ERP", "roles": [role]})
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [("roles.0", "wrong-role")]


def test_routes_of_people_do_not_manage_machines(client: DealersClient) -> None:
    name = f"machine:{registered(client)['client_id']}"
    people = f"/dealers/D0001/people/{name}"
    for path, body in ((f"{people}/invitation", {"show_code": True}), (f"{people}/remove", {"reason": "r"})):
        assert client.post(path, body).status in (404, 422)
