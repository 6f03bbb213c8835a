"""An imported user accepts the invitation, signs in and is removed, in the deployed system."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import open_market
from tools import aws, identity
from tools.client import Api, ApiProblem
from tools.identity import SignIn

PASSWORD = "deng-pao-2026"


def test_imported_user_accepts_signs_in_and_is_removed(deployed: Deployed) -> None:
    open_market(deployed, "IN", ["IN-1"], dealers=1)
    admin = deployed.api("admin")
    people = "/api/dealers/dealers/IN000/people"
    person = {"username": "in-buyer", "name": "采购", "phone": None, "roles": ["dealer_buyer"]}
    code = admin.post(people, person)["code"]
    body = {"username": "in-buyer", "code": code, "password": PASSWORD}

    def accept() -> Any:
        answer = deployed.http.post("/api/dealers/invitations/accept", json=body)
        return answer.json() if answer.status_code == 200 else None

    tokens = eventually(accept)
    assert tokens["expires_in"] <= 300
    headers = {"Authorization": f"Bearer {tokens['id_token']}"}
    me = deployed.http.get("/api/dealers/me", headers=headers).json()
    assert (me["name"], me["dealer"]["dealer_id"], me["roles"]) == ("采购", "IN000", ["dealer_buyer"])
    assert deployed.http.post("/api/dealers/invitations/accept", json=body).status_code == 422
    signed_in = SignIn(deployed.stage, "in-buyer", PASSWORD)
    assert Api(deployed.http, signed_in).get("/api/dealers/me")["dealer"]["dealer_id"] == "IN000"

    admin.post(f"{people}/in-buyer/remove", {"reason": "离职"})
    refused = aws.cognito().exceptions.NotAuthorizedException

    pool = identity.pool_of(deployed.stage)

    def is_closed() -> bool:
        return not aws.cognito().admin_get_user(UserPoolId=pool.pool_id, Username="in-buyer")["Enabled"]

    assert eventually(is_closed)
    with pytest.raises(refused):
        aws.cognito().initiate_auth(
            ClientId=pool.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["refresh_token"]},
        )
    with pytest.raises(refused):
        SignIn(deployed.stage, "in-buyer", PASSWORD).token()
    with pytest.raises(ApiProblem):
        admin.post(f"{people}/in-boss/remove", {"reason": "x"})
