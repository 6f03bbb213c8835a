"""The trigger of the user pool, run from the template that deploys it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from chalice.package import YAMLTemplateSerializer

from tests.support.functions import SEALING_KEY
from tools import paths

#: The only thing that the trigger reads.
_SECRETS = SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": f"{SEALING_KEY}, an-older-key"})  # noqa: N803


@cache
def handler() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Return the function of the template."""
    template = YAMLTemplateSerializer().load_template(paths.IDENTITY_TEMPLATE.read_text(), "identity.yaml")
    loaded: dict[str, Any] = {}
    with patch.dict(sys.modules, boto3=SimpleNamespace(client=lambda _: _SECRETS)):
        exec(template["Resources"]["Challenge"]["Properties"]["Code"]["ZipFile"], loaded)
    function: Callable[[dict[str, Any], Any], dict[str, Any]] = loaded["handler"]
    return function


def run(trigger: str, username: str, **request: Any) -> dict[str, Any]:
    """Return the response of one trigger, such as `DefineAuthChallenge`."""
    event = {"triggerSource": f"{trigger}_Authentication", "userName": username, "request": request, "response": {}}
    with patch.dict("os.environ", SEALING_KEY_NAME="qudao/test/sealing-key"):
        response: dict[str, Any] = handler()(event, None)["response"]
    return response


def begin(username: str) -> Mapping[str, str]:
    """Return the parameters of a new challenge, as Cognito gets them of its triggers."""
    assert run("DefineAuthChallenge", username, session=[])["challengeName"] == "CUSTOM_CHALLENGE"
    made = run("CreateAuthChallenge", username, challengeName="CUSTOM_CHALLENGE", session=[])
    parameters: Mapping[str, str] = made["publicChallengeParameters"]
    return parameters


def accepts(username: str, challenge: Mapping[str, str], answer: str) -> bool:
    """Return True if Cognito issues tokens for this answer to a challenge."""
    verified = run(
        "VerifyAuthChallengeResponse", username, privateChallengeParameters=dict(challenge), challengeAnswer=answer
    )
    rounds = [{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": verified["answerCorrect"]}]
    return bool(run("DefineAuthChallenge", username, session=rounds)["issueTokens"])
