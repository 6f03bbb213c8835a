"""The core stack keeps what must not be lost, and depends on no particular identity provider."""

from __future__ import annotations

from typing import Any

import pytest
from chalice.package import YAMLTemplateSerializer

from tools import paths, template

Json = dict[str, Any]


@pytest.fixture(scope="module")
def core() -> Json:
    loaded: Json = YAMLTemplateSerializer().load_template(paths.CORE_TEMPLATE.read_text(), "core.yaml")
    return loaded


def test_the_table_outlives_its_stack_and_can_be_restored(core: Json) -> None:
    table = core["Resources"]["Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True}
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}


def test_artefacts_are_versioned_encrypted_and_never_public(core: Json) -> None:
    bucket = core["Resources"]["ArtefactBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


def test_with_an_issuer_of_ones_own_nothing_of_cognito_is_made(core: Json) -> None:
    cognito = {name: one for name, one in core["Resources"].items() if one["Type"].startswith("AWS::Cognito::")}
    assert cognito
    assert {one["Condition"] for one in cognito.values()} == {"OwnPool"}
    assert core["Conditions"]["OwnPool"] == {"Fn::Equals": [{"Ref": "OidcIssuer"}, ""]}


def test_a_user_cannot_move_to_another_dealer_nor_sign_up_alone(core: Json) -> None:
    client = core["Resources"]["UserPoolClient"]["Properties"]
    assert "custom:dealer_id" in client["ReadAttributes"]
    assert "custom:dealer_id" not in client["WriteAttributes"]
    assert core["Resources"]["UserPool"]["Properties"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_every_fact_a_service_asks_of_the_core_is_published(core: Json) -> None:
    published = {
        one["Properties"]["Name"]["Fn::Sub"]
        for one in core["Resources"].values()
        if one["Type"] == "AWS::SSM::Parameter" and "Condition" not in one
    }
    assert published >= {f"/qudao/${{Stage}}/core/{fact}" for fact in template.CORE_PARAMETERS.values()}
