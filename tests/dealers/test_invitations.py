"""Invitations: the code, its ways to the user, and its acceptance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reads.invitations import ALPHABET, invitation_code
from services.dealers.items import UsernameItem, username_key
from services.dealers.rules import MAX_WRONG_CODES, password_problems, plain_code
from tests.dealers.accounts import PASSWORD, PHONE, accept, people_of
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


def test_imported_user_without_phone_signs_in_with_the_code_of_the_answer(
    client: DealersClient, pool: UserPool
) -> None:
    file = dealer_row("D0001", user_row("ming", phone=None), user_row("li", "dealer_buyer"))
    answer = client.import_dealers(file, key="k")
    (shown,) = answer.json["invitations"]
    assert (shown["username"], shown["delivery"]) == ("ming", "shown")
    assert client.import_dealers(file, key="k").json == answer.json
    client.world.drain()
    assert people_of(client, "D0001")["ming"]["state"] == "invited"
    accepted = accept(client, "ming", shown["code"].lower().replace("-", " "))
    assert (accepted.status, accepted.json["id_token"]) == (200, "id of ming"), accepted.json
    assert pool.accounts["ming"].password == PASSWORD
    assert people_of(client, "D0001")["ming"]["state"] == "active"
    again = accept(client, "ming", shown["code"], "another-word-1")
    assert (again.status, again.json["errors"][0]["code"]) == (422, "not-valid")
    assert pool.accounts["ming"].password == PASSWORD


def test_phone_gets_the_code_that_no_item_event_or_log_has(
    client: DealersClient, pool: UserPool, capfd: pytest.CaptureFixture[str]
) -> None:
    sent: list[dict[str, str]] = []
    real = "services.notifications.sms.providers.recorder.Recorder.send"

    def send(_: Any, message_id: str, phone: str, template: str, variables: dict[str, str]) -> Any:
        from services.notifications.sms.providers.provider import Accepted

        sent.append({"phone": phone, "template": template, **variables})
        return Accepted("p")

    with patch(real, send):
        assert client.import_dealers(dealer_row("D0001", user_row("ming"))).json["invitations"] == []
        client.import_staff(user_row("he", "warehouse"))
        client.world.drain()
        client.world.redeliver_everything()
    assert [(text["phone"], text["username"]) for text in sent] == [(PHONE, "ming"), (PHONE, "he")]
    for text in sent:
        for kept in (text["code"], plain_code(text["code"])):
            assert kept not in str(client.world.snapshot()) + "".join(capfd.readouterr())
        assert accept(client, text["username"], text["code"]).status == 200


def test_recorder_stores_no_code(client: DealersClient) -> None:
    client.import_dealers(dealer_row("D0001", user_row("ming")))
    client.world.drain()
    (recorded,) = [item for item in client.world.items("SMS#") if item["kind"] == "sms_recorded"]
    assert "邀请码******" in recorded["text"] and "ming" in recorded["text"]


def test_import_invites_no_user_without_invite_or_own_user_pool(client: DealersClient) -> None:
    body = {"dealers": [dealer_row("D0001", user_row("ming", phone=None))], "invite": False}
    assert client.post("/imports/dealers", body).json["invitations"] == []
    assert people_of(client, "D0001")["ming"]["state"] == "active"
    with patch("services.dealers.identity.identity_provider", lambda: None):
        invited = client.post("/dealers/D0001/people", user_row("li", "dealer_buyer", phone=None))
    assert (invited.status, invited.json["delivery"], invited.json["code"]) == (201, "none", None)
    assert accept(client, "li", invitation_code("D0001", "li", 1)).status == 422


def test_new_invitation_replaces_the_old_one(client: DealersClient, pool: UserPool) -> None:
    old = client.import_dealers(dealer_row("D0001", user_row("ming", phone=None))).json["invitations"][0]["code"]
    client.world.drain()
    new = client.post("/dealers/D0001/people/ming/invitation", {"show_code": True}, key="again").json["code"]
    assert client.post("/dealers/D0001/people/ming/invitation", {"show_code": True}, key="again").json["code"] == new
    assert accept(client, "ming", old).status == 422
    assert accept(client, "ming", new).status == 200


def test_invitation_ends_after_seven_days_and_after_ten_wrong_codes(client: DealersClient) -> None:
    rows = [user_row("ming", phone=None), user_row("li", phone=None)]
    shown = client.import_dealers(dealer_row("D0001", *rows)).json["invitations"]
    codes = {invitation["username"]: invitation["code"] for invitation in shown}
    client.world.drain()
    unknown = accept(client, "nobody", "0000-0000-0000")
    for _ in range(MAX_WRONG_CODES):
        assert accept(client, "li", "0000-0000-0000").text == unknown.text
    assert accept(client, "li", codes["li"]).text == unknown.text
    assert UsernameItem.get(*username_key("li")).wrong_codes == MAX_WRONG_CODES
    client.world.clock.advance(days=7)
    assert accept(client, "ming", codes["ming"]).text == unknown.text


def test_of_two_acceptances_at_once_one_sets_the_password(client: DealersClient, pool: UserPool) -> None:
    code = client.import_dealers(dealer_row("D0001", user_row("ming", phone=None))).json["invitations"][0]["code"]
    client.world.drain()
    rivals: list[Response] = []
    with before_commit(0, lambda: rivals.append(accept(client, "ming", code, "first-come-1"))):
        late = accept(client, "ming", code)
    assert [rivals[0].status, late.status] == [200, 422]
    assert pool.accounts["ming"].password == "first-come-1"


@pytest.mark.parametrize(
    "password", ["", "short-1", "no-digit-at-all", "123456789012", " leading-blank-1", "xx-ming-2026-xx", "a1" * 100]
)
def test_weak_password_is_refused_and_costs_no_attempt(client: DealersClient, password: str) -> None:
    code = client.import_dealers(dealer_row("D0001", user_row("ming", phone=None))).json["invitations"][0]["code"]
    client.world.drain()
    before = client.world.snapshot()
    refused = accept(client, "ming", code, password)
    assert refused.status == 422 and [error["code"] for error in refused.json["errors"]] == ["weak-password"]
    assert client.world.snapshot() == before
    assert accept(client, "ming", code).status == 200


@given(st.text(alphabet=ALPHABET, min_size=12, max_size=12), st.integers(0, 12))
def test_code_is_read_however_it_is_copied(code: str, at: int) -> None:
    copied = f" {code[:at]}-{code[at:]}".lower().replace("0", "o").replace("1", "l")
    assert plain_code(copied) == code


@given(st.text(max_size=40))
def test_accepted_password_is_one_the_user_pool_takes(password: str) -> None:
    if not password_problems("password", password, "ming"):
        policy = yaml.load(paths.IDENTITY_TEMPLATE.read_text(), yaml.BaseLoader)["Resources"]["UserPool"]
        assert len(password) >= int(policy["Properties"]["Policies"]["PasswordPolicy"]["MinimumLength"])
        assert any(letter.islower() for letter in password) and any(letter.isdigit() for letter in password)
