"""The trigger of the user pool: it accepts only the answer that the dealers service computes."""

from __future__ import annotations

from chalice.package import YAMLTemplateSerializer

from services.dealers.identity import challenge_answer
from tests.dealers import challenge_trigger
from tests.support.world import World
from tools import deploy, paths


def test_trigger_accepts_the_answer_of_the_service_to_its_nonce(fast_world: World) -> None:
    challenge = challenge_trigger.begin("buyer")
    answer = challenge_answer("buyer", challenge["nonce"])
    assert challenge_trigger.accepts("buyer", challenge, answer)
    assert not challenge_trigger.accepts("owner", challenge, answer)
    assert not challenge_trigger.accepts("buyer", challenge_trigger.begin("buyer"), answer)


def test_trigger_of_the_pool_accepts_only_an_answer_of_the_service() -> None:
    nonce = challenge_trigger.begin("buyer")
    assert nonce != challenge_trigger.begin("buyer")
    for answer in ("", "123456", "é", "0" * 64):
        assert not challenge_trigger.accepts("buyer", nonce, answer)
    asked = challenge_trigger.run("DefineAuthChallenge", "buyer", session=[], userNotFound=True)
    assert asked == {"issueTokens": False, "failAuthentication": True}
    # A correct password at the beginning of the challenge is not an answer to it.
    by_password = [{"challengeName": "SRP_A", "challengeResult": True}]
    assert challenge_trigger.run("DefineAuthChallenge", "buyer", session=by_password)["failAuthentication"]


def test_trigger_reads_the_key_that_the_deployment_makes() -> None:
    template = YAMLTemplateSerializer().load_template(paths.IDENTITY_TEMPLATE.read_text(), "identity.yaml")
    properties = template["Resources"]["Challenge"]["Properties"]
    name = properties["Environment"]["Variables"]["SEALING_KEY_NAME"]["Fn::Sub"]
    assert name.replace("${Stage}", "dev") == deploy.sealing_key_name("dev")
    # CloudFormation takes no longer code in a template.
    assert len(properties["Code"]["ZipFile"]) <= 4096
