"""The way in of 400 dealers without any operator, and the way out: removed or suspended, on every route."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from kernel.store import aws
from services.notifications.sms.providers.provider import Accepted
from tests.dealers.accounts import accept, people_of, token_clock
from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.dealers.steps import TERMS
from tests.dealers.user_pool import VALID_FOR, user_pool
from tests.support.company import restored_company
from tests.support.company_data import OWN
from tests.support.declarations import cases
from tests.support.silence import without_logs
from tests.support.tokens import AUDIENCE
from tests.support.world import World

DEALERS, DRAWN, SEED = 400, 20, 20_261_128
#: Dealers of one request: a drain carries no more texts.
ROWS = 100
JOBS = (("owner", "dealer_admin"), ("buyer", "dealer_buyer"), ("account", "dealer_accountant"))
Texts = dict[str, str]


@pytest.fixture
def texts() -> Iterator[Texts]:
    """Codes by user name, as the SMS provider gets them."""
    sent: Texts = {}

    def send(_: Any, message_id: str, phone: str, template: str, variables: dict[str, str]) -> Accepted:
        sent[variables["username"]] = variables["code"]
        return Accepted(message_id)

    with patch("services.notifications.sms.providers.recorder.Recorder.send", send):
        yield sent


def sheet(draw: Random) -> list[dict[str, Any]]:
    """Return 400 dealers with three users each; one user in three has no phone."""
    rows = []
    for number in range(DEALERS):
        users = [
            user_row(
                f"w{number:03d}-{job}",
                role,
                phone=None if draw.randrange(3) == 0 else f"+86199{3 * number + index:08d}",
            )
            for index, (job, role) in enumerate(JOBS)
        ]
        rows.append(dealer_row(f"W{number:03d}", *users))
    return rows


def sign_in(**given: str) -> dict[str, Any]:
    """Ask the user pool for tokens, as the client of a dealer does."""
    flow = "REFRESH_TOKEN_AUTH" if "REFRESH_TOKEN" in given else "USER_PASSWORD_AUTH"
    client: Any = aws.client("cognito-idp")
    answer: dict[str, Any] = client.initiate_auth(ClientId=AUDIENCE, AuthFlow=flow, AuthParameters=given)
    return answer["AuthenticationResult"]  # type: ignore[no-any-return]


def refused() -> Any:
    return aws.client("cognito-idp").exceptions.NotAuthorizedException


def open_catalog(client: DealersClient) -> None:
    product = {"sku": "W-1", "name_zh": "灯", "name_en": "Lamp", "category": "bulb", "carton": 1}
    draft, price = "/price-lists/A/drafts/1", {"sku": "W-1", "unit_price": "1", "price_policy": "P"}
    for path, body in (
        ("/imports/products", {"products": [product]}),
        (f"{draft}/prices", {"prices": [price]}),
        (f"{draft}/publish", {"name": "价", "valid_from": "2026-01-01"}),
    ):
        answer = client.world.call("catalog", "POST", path, body=body, token=client.admin, key=path)
        assert answer.status < 300, answer.json


def test_imported_users_set_a_password_sign_in_and_order_by_themselves(fast_world: World, texts: Texts) -> None:
    draw = Random(SEED)
    client = DealersClient(fast_world)
    with user_pool(signs=True):
        open_catalog(client)
        rows = sheet(draw)
        shown: Texts = {}
        with without_logs():
            for at in range(0, DEALERS, ROWS):
                imported = client.import_dealers(*rows[at : at + ROWS])
                assert (imported.status, imported.json["users"]["created"]) == (200, ROWS * len(JOBS))
                shown |= {invitation["username"]: invitation["code"] for invitation in imported.json["invitations"]}
                fast_world.drain()
        users = {user["username"]: (row, user) for row in rows for user in row["users"]}
        # Every user has exactly one way to the code.
        assert texts.keys() | shown.keys() == users.keys() and not texts.keys() & shown.keys()

        drawn = draw.sample(sorted(users), DRAWN)
        assert {name in texts for name in drawn} == {True, False}
        for number, username in enumerate(drawn):
            row, user = users[username]
            password = f"own-word-{number}-of-mine"
            accepted = accept(client, username, texts.get(username) or shown[username], password)
            assert accepted.status == 200, accepted.json
            tokens = sign_in(USERNAME=username, PASSWORD=password)
            me = client.get("/me", tokens["IdToken"]).json
            assert (me["name"], me["dealer"]["dealer_id"], me["roles"]) == (
                user["name"],
                row["dealer_id"],
                user["roles"],
            )
            order = {"lines": [{"sku": "W-1", "quantity": 1}]}
            answer = fast_world.call("orders", "POST", "/orders", body=order, token=tokens["IdToken"], key="first")
            if user["roles"] == ["dealer_accountant"]:
                assert answer.status == 403
            else:
                assert (answer.status, answer.json["order_id"][:4]) == (202, row["dealer_id"])
        fast_world.drain()
        assert people_of(client, users[drawn[0]][0]["dealer_id"])[drawn[0]]["state"] == "active"


@pytest.mark.parametrize("end", ["removed", "suspended"])
def test_access_ends_on_every_route_within_five_minutes(fast_world: World, texts: Texts, end: str) -> None:
    company = restored_company(fast_world)
    people = f"/dealers/{OWN}/people"
    with user_pool(signs=True):
        company.send_and_drain(
            "dealers", "POST", people, user_row("leaving", "dealer_buyer"), role="dealer_admin", dealer=OWN
        )
        client = DealersClient(fast_world)
        tokens = accept(client, "leaving", texts["leaving"]).json
        assert sign_in(REFRESH_TOKEN=tokens["refresh_token"])["ExpiresIn"] == VALID_FOR
        issued = int(time.time())
        if end == "removed":
            company.send_and_drain("dealers", "POST", f"{people}/leaving/remove", {"reason": "离职"}, role="admin")
        else:
            terms = TERMS | {"status": "suspended"}
            company.send_and_drain("dealers", "PUT", f"/dealers/{OWN}/terms", terms, role="finance")
        with pytest.raises(refused()):
            sign_in(REFRESH_TOKEN=tokens["refresh_token"])
        with pytest.raises(refused()):
            sign_in(USERNAME="leaving", PASSWORD="deng-pao-2026")
    tokens_of_roles = {
        str(case): company.token(case.first_role, OWN, iat=issued, exp=issued + VALID_FOR)
        for case in cases()
        if not case.public
    }
    with token_clock(issued):
        # Until then it works: a service asks no other party about a token.
        assert client.get("/me", tokens["id_token"]).status == 200
    before = fast_world.snapshot()
    with token_clock(issued + VALID_FOR):
        for case in cases():
            for token in (tokens["id_token"], tokens_of_roles.get(str(case))):
                if token and not case.public:
                    path = case.path_for(company.ids, case.first_role, OWN)
                    body = case.body_for(OWN)
                    answer = company.send(case.service, case.method, path, body, role=case.first_role, token=token)
                    assert answer.status == 401, case
    assert fast_world.snapshot() == before
