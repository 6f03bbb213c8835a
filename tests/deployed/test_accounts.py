"""An imported user accepts the invitation, signs in and is removed, in the deployed system."""

from __future__ import annotations

import time
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

    # The emulator revokes only tokens of an earlier second than the sign-out's.
    issued = int(time.time())
    assert eventually(lambda: int(time.time()) > issued)
    admin.post(f"{people}/in-buyer/remove", {"reason": "离职"})
    refused = aws.cognito().exceptions.NotAuthorizedException
    client_id = identity.pool_of(deployed.stage).client_id

    def refresh_is_refused() -> bool:
        # Cognito refuses from the disabling on, the emulator only from the sign-out after it.
        try:
            aws.cognito().initiate_auth(
                ClientId=client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": tokens["refresh_token"]},
            )
        except refused:
            return True
        return False

    assert eventually(refresh_is_refused)
    with pytest.raises(refused):
        SignIn(deployed.stage, "in-buyer", PASSWORD).token()
    with pytest.raises(ApiProblem):
        admin.post(f"{people}/in-boss/remove", {"reason": "x"})
