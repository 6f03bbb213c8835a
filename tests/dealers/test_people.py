"""People of a dealer and of the head office, and the end of access."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from contracts.dealers import UserItem, user_key
from kernel.http.idempotency import IdempotencyKey
from services.dealers.invite_person import invite_first_administrator
from tests.dealers.accounts import PASSWORD, accept, people_of
from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.dealers.user_pool import UserPool, user_pool
from tests.support.gateway import Response
from tests.support.interruptions import before_commit
from tests.support.world import World
from tools import paths


@pytest.fixture
def pool(world: World) -> Iterator[UserPool]:
    with user_pool() as pool:
        yield pool


@pytest.fixture
def client(world: World, pool: UserPool) -> DealersClient:
    client = DealersClient(world)
    client.publish_price_list("A")
    return client


def test_removed_user_loses_the_account_and_the_item_keeps_the_reason(client: DealersClient, pool: UserPool) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming"), user_row("li", "dealer_buyer")))
    client.world.drain()
    token = client.world.token(role="dealer_admin", dealer_id="D0001", sub="u-ming")
    removed = client.world.call(
        "dealers", "POST", "/dealers/D0001/people/li/remove", body={"reason": "离职"}, token=token, key="r"
    )
    assert (removed.status, removed.json["state"]) == (200, "removed")
    client.world.drain()
    client.world.redeliver_everything()
    assert not pool.accounts["li"].is_enabled and pool.accounts["ming"].is_enabled
    item = UserItem.get(*user_key("D0001", "li"))
    assert (item.removed_by, item.removal_reason, item.phone) == ("u-ming", "离职", None)
    assert [user["username"] for user in client.get("/dealers/D0001").json["users"]] == ["ming"]
    assert people_of(client, "D0001", own=True)["li"]["state"] == "removed"
    # An import without the user changes nothing, and one with the user is refused by name.
    assert client.import_dealers(dealer_row("D0001", user_row("ming"))).json["users"]["unchanged"] == 1
    refused = client.import_dealers(dealer_row("D0001", user_row("ming"), user_row("li", "dealer_buyer")))
    assert [(error["field"], error["code"]) for error in refused.json["errors"]] == [
        ("dealers.0.users.1.username", "removed")
    ]


def test_removed_user_name_is_invited_again_or_moves_to_another_dealer(client: DealersClient, pool: UserPool) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming"), user_row("li", "dealer_buyer")), dealer_row("D0002"))
    moving = user_row("li", "dealer_buyer", phone=None)
    taken = client.post("/dealers/D0002/people", moving)
    assert (taken.status, taken.json["errors"][0]["code"]) == (422, "taken")
    client.world.drain()
    for dealer_id in ("D0001", "D0002"):
        owner = "D0001"
        client.post(f"/dealers/{owner}/people/li/remove", {"reason": "r"})
        invited = client.post(f"/dealers/{dealer_id}/people", moving)
        assert invited.status == 201, invited.json
        client.world.drain()
        assert accept(client, "li", invited.json["code"]).status == 200
    client.world.redeliver_everything()
    account = pool.accounts["li"]
    assert (account.is_enabled, account.facts["custom:dealer_id"]) == (True, "D0002")
    assert people_of(client, "D0001")["li"]["state"] == "removed"
    client.post("/dealers/D0002/people/li/remove", {"reason": "r"})
    client.import_staff(user_row("li", "finance"))
    client.world.drain()
    assert pool.accounts["li"].facts == {"name": "王 li"} and pool.accounts["li"].roles == {"finance"}


def test_old_password_of_a_removed_user_never_works_again(client: DealersClient, pool: UserPool) -> None:
    code = client.import_dealers(
        dealer_row("D0001", user_row("ming"), user_row("li", "dealer_buyer", phone=None))
    ).json["invitations"][0]["code"]
    client.world.drain()
    accept(client, "li", code)
    client.post("/dealers/D0001/people/li/remove", {"reason": "r"})
    client.world.drain()
    client.post("/dealers/D0001/people", user_row("li", "dealer_buyer", phone=None))
    client.world.drain()
    assert pool.accounts["li"].is_enabled and pool.accounts["li"].password != PASSWORD
    assert accept(client, "li", code).status == 422


@pytest.mark.parametrize("dealer_id", ["D0001", "HOUSE"])
def test_last_administrator_can_be_neither_removed_nor_demoted(client: DealersClient, dealer_id: str) -> None:
    role, other = ("dealer_admin", "dealer_buyer") if dealer_id == "D0001" else ("admin", "finance")
    people = [user_row("ming", role), user_row("li", role)]
    if dealer_id == "HOUSE":
        client.import_staff(*people)
    else:
        client.import_dealers(dealer_row(dealer_id, *people))
    path = f"/dealers/{dealer_id}/people"

    def remove(username: str) -> Response:
        return client.post(f"{path}/{username}/remove", {"reason": "r"})

    rivals: list[Response] = []
    with before_commit(0, lambda: rivals.append(remove("li"))):
        late = remove("ming")
    assert (rivals[0].status, late.status, late.json["code"]) == (200, 409, "last-administrator")
    demoted = client.world.call(
        "dealers", "PUT", f"{path}/ming/roles", body={"roles": [other], "version": 1}, token=client.admin
    )
    assert (demoted.status, demoted.json["code"]) == (409, "last-administrator")
    if dealer_id == "HOUSE":
        refused = client.import_staff(user_row("ming", "finance"))
        assert refused.json["errors"][0]["code"] == "no-administrator"
    assert people_of(client, dealer_id)["ming"]["roles"] == [role]


def test_roles_are_changed_by_version_and_only_to_own_kinds(client: DealersClient, pool: UserPool) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming"), user_row("li", "dealer_buyer")))
    path, roles = "/dealers/D0001/people/li/roles", ["dealer_buyer", "dealer_accountant"]

    def put(version: int, roles: list[str]) -> Response:
        return client.world.call("dealers", "PUT", path, body={"roles": roles, "version": version}, token=client.admin)

    first = put(1, roles)
    assert first.status == 200 and put(1, roles).text == first.text
    assert put(1, ["dealer_buyer"]).status == 412
    wrong = put(2, ["dealer_buyer", "admin"])
    assert [(error["field"], error["code"]) for error in wrong.json["errors"]] == [("roles.1", "wrong-role")]
    client.world.drain()
    assert pool.accounts["li"].roles == set(roles)


def test_dealer_administrator_manages_own_people_only(client: DealersClient) -> None:
    client.import_dealers(dealer_row("D0001"), dealer_row("D0002"))
    token = client.world.token(role="dealer_admin", dealer_id="D0001")
    for dealer_id in ("D0002", "HOUSE", "D9999"):
        assert client.get(f"/dealers/{dealer_id}/people", token).status == 404
        answer = client.world.call(
            "dealers", "POST", f"/dealers/{dealer_id}/people", body=user_row("x1"), token=token, key=dealer_id
        )
        assert answer.status == 404


def test_suspended_dealer_is_signed_out_until_it_is_active_again(client: DealersClient, pool: UserPool) -> None:
    code = client.import_dealers(dealer_row("D0001", user_row("ming", phone=None))).json["invitations"][0]["code"]
    client.world.drain()
    accept(client, "ming", code)
    for version, status in enumerate(("suspended", "active"), start=1):
        assert client.put_terms("D0001", version=version, status=status).status == 200
        client.world.drain()
        client.world.redeliver_everything()
        assert pool.accounts["ming"].is_enabled is (status == "active")
        assert pool.accounts["ming"].sessions == 0 and pool.accounts["ming"].password == PASSWORD


# ---- the end of a token ----


def test_tokens_are_valid_for_five_minutes_and_can_be_revoked() -> None:
    template = yaml.load(paths.IDENTITY_TEMPLATE.read_text(), yaml.BaseLoader)
    properties = template["Resources"]["UserPoolClient"]["Properties"]
    assert properties["TokenValidityUnits"] == {"IdToken": "minutes", "AccessToken": "minutes", "RefreshToken": "days"}
    assert int(properties["IdTokenValidity"]) <= 5 and int(properties["AccessTokenValidity"]) <= 5
    assert properties["EnableTokenRevocation"] == "true"


def test_first_administrator_is_invited_only_while_there_is_no_other(client: DealersClient, pool: UserPool) -> None:
    def invite(username: str, number: int) -> Any:
        key = IdempotencyKey.of(who="user:operator", route="admin", key=f"{number}", path={}, body=None, status=200)
        return invite_first_administrator(username, "李", key)

    codes = [invite("li", number).code for number in range(2)]
    assert len(set(codes)) == 2 and invite("wang", 3) is None
    client.world.drain()
    assert [accept(client, "li", code).status for code in codes] == [422, 200]
    assert pool.accounts["li"].roles == {"admin"}
