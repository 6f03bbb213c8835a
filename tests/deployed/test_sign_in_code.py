"""A user signs in by the code of an SMS, in the deployed system: the pool's trigger, and no other way to its tokens."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from tests.deployed.carrier import run_carrier
from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import open_market
from tools import aws, identity, paths

PHONE = "+8613900007001"


def test_user_signs_in_by_code_once_and_only_through_the_service(deployed: Deployed) -> None:
    open_market(deployed, "SC", ["SC-1"], dealers=1)
    admin = deployed.api("admin")
    person = {"username": "sc-buyer", "name": "采购", "phone": PHONE, "roles": ["dealer_buyer"]}

    def ask(username: str) -> Any:
        answer = deployed.http.post("/api/dealers/sign-in/codes", json={"username": username})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def sign_in(code: str) -> Any:
        body = {"username": "sc-buyer", "code": code}
        return deployed.http.post("/api/dealers/sign-in", json=body)

    with run_carrier(deployed.stage) as texts:
        admin.post("/api/dealers/dealers/SC000/people", person)
        pool = identity.pool_of(deployed.stage)
        assert eventually(lambda: identity.has_account(deployed.stage, "sc-buyer"))
        assert ask("sc-buyer") == ask("no-such-user")
        text = eventually(lambda: next((text for text in texts if "登录验证码" in text.body), None))
    assert text is not None and text.phone == PHONE
    code = re.findall(r"\d{6}", text.body)[0]
    assert sign_in(f"{(int(code) + 1) % 10**6:06d}").status_code == 422
    signed_in = sign_in(code)
    assert signed_in.status_code == 200, signed_in.text
    assert signed_in.json()["expires_in"] <= 300
    headers = {"Authorization": f"Bearer {signed_in.json()['id_token']}"}
    me = deployed.http.get("/api/dealers/me", headers=headers).json()
    assert (me["name"], me["dealer"]["dealer_id"], me["roles"]) == ("采购", "SC000", ["dealer_buyer"])
    assert sign_in(code).status_code == 422

    # Without the sealing key, the challenge of the pool itself cannot be answered.
    client = aws.cognito()
    challenge = client.initiate_auth(
        ClientId=pool.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "sc-buyer"}
    )
    with pytest.raises(client.exceptions.NotAuthorizedException):
        client.respond_to_auth_challenge(
            ClientId=pool.client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "sc-buyer", "ANSWER": code},
        )
    listed = [text for text in admin.pages("/api/notifications/sms", "texts") if text["username"] == "sc-buyer"]
    assert any("******" in text["text"] for text in listed)
    assert not any(code in str(text) for text in listed)


def sign_in_in_new_process(stage: str, user: str) -> subprocess.CompletedProcess[str]:
    """Sign in as the command line does. This process may have a connection to the table of another test."""
    code = "import sys; from tools import local_login; print(local_login.sign_in_by_code(*sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", code, stage, user], capture_output=True, text=True, cwd=paths.ROOT)


def test_command_line_signs_a_user_in_by_code(deployed: Deployed) -> None:
    open_market(deployed, "SD", ["SD-1"], dealers=1)
    person = {"username": "sd-buyer", "name": "采购", "phone": "+8613900007002", "roles": ["dealer_buyer"]}
    deployed.api("admin").post("/api/dealers/dealers/SD000/people", person)
    assert eventually(lambda: identity.has_account(deployed.stage, "sd-buyer"))
    signed_in = sign_in_in_new_process(deployed.stage, "sd-buyer")
    assert signed_in.returncode == 0, signed_in.stderr
    headers = {"Authorization": f"Bearer {signed_in.stdout.strip()}"}
    assert deployed.http.get("/api/dealers/me", headers=headers).json()["dealer"]["dealer_id"] == "SD000"
    assert "1 a minute" in sign_in_in_new_process(deployed.stage, "sd-buyer").stderr
