"""Dealers of a sheet come in by their invitations and order, without any operator, in the deployed system."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from tests.deployed.carrier import run_carrier
from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import open_market
from tools.client import Api
from tools.identity import SignIn

#: tests/dealers/test_way_in.py imports the whole sheet of 400 dealers.
DEALERS, DRAWN = 40, 20
JOBS = (("owner", "dealer_admin"), ("buyer", "dealer_buyer"), ("account", "dealer_accountant"))
_CODE = re.compile(r"用户名(\S+?),邀请码([0-9A-Z-]+)")


def test_imported_users_come_in_by_invitation_and_order(deployed: Deployed) -> None:
    draw = Random(20_261_128)
    open_market(deployed, "WI", ["WI-1"], dealers=1)
    admin = deployed.api("admin")
    rows = [_dealer(number, draw) for number in range(DEALERS)]
    users = {user["username"]: (row["dealer_id"], user) for row in rows for user in row["users"]}
    drawn = draw.sample(sorted(users), DRAWN)
    with run_carrier(deployed.stage) as texts:
        imported = admin.post("/api/dealers/imports/dealers", {"dealers": rows})
        codes = {invitation["username"]: invitation["code"] for invitation in imported["invitations"]}
        texted = {name for name, (_, user) in users.items() if user["phone"]}
        assert codes.keys() == users.keys() - texted

        def all_codes() -> dict[str, str]:
            for text in list(texts):
                if found := _CODE.search(text.body):
                    assert users[found[1]][1]["phone"] == text.phone
                    codes[found[1]] = found[2]
            return codes if codes.keys() >= set(drawn) else {}

        eventually(all_codes, within=120)
        assert set(drawn) & texted and set(drawn) - texted
        for number, username in enumerate(drawn):
            _come_in(deployed, users[username], codes[username], f"own-word-{number}-of-mine")


def _come_in(deployed: Deployed, invited: tuple[str, dict[str, Any]], code: str, password: str) -> None:
    dealer_id, user = invited
    body = {"username": user["username"], "code": code, "password": password}

    def accept() -> bool:
        return deployed.http.post("/api/dealers/invitations/accept", json=body).status_code == 200

    eventually(accept, within=120)
    api = Api(deployed.http, SignIn(deployed.stage, user["username"], password))
    me = api.get("/api/dealers/me")
    assert (me["dealer"]["dealer_id"], me["roles"]) == (dealer_id, user["roles"])
    if user["roles"] != ["dealer_accountant"]:
        order = api.post("/api/orders/orders", {"lines": [{"sku": "WI-1", "quantity": 1}]})
        assert order["order_id"].startswith(dealer_id)


def _dealer(number: int, draw: Random) -> dict[str, Any]:
    """Return a row with three users; one user in three has no phone."""
    users = [
        {
            "username": f"wi{number:02d}-{job}",
            "name": "王",
            "phone": None if draw.randrange(3) == 0 else f"+86138{3 * number + index:08d}",
            "roles": [role],
        }
        for index, (job, role) in enumerate(JOBS)
    ]
    return {
        "dealer_id": f"WIN{number:02d}",
        "name": f"灯饰 {number}",
        "territory": "广州",
        "grade": "A",
        "price_list": "WI",
        "warehouse": "WI0",
        "credit_limit_fen": 1_000_000,
        "payment_days": 30,
        "users": users,
    }
