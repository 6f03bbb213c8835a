"""The core stack protects its data and needs no identity provider; the identity stack has a strict user pool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chalice.package import YAMLTemplateSerializer

from kernel.http.principal import Role
from tools import paths, template

Json = dict[str, Any]


def resources_of(template: Path) -> Json:
    loaded: Json = YAMLTemplateSerializer().load_template(template.read_text(), template.name)["Resources"]
    return loaded


@pytest.fixture(scope="module")
def core() -> Json:
    """Resources of the core stack."""
    return resources_of(paths.CORE_TEMPLATE)


@pytest.fixture(scope="module")
def identity() -> Json:
    """Resources of the identity stack, which a stage with another issuer does not have."""
    return resources_of(paths.IDENTITY_TEMPLATE)


def test_table_outlives_its_stack_and_can_be_restored(core: Json) -> None:
    table = core["Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True}
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}


def test_artefacts_are_versioned_encrypted_and_never_public(core: Json) -> None:
    bucket = core["ArtefactBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


def test_user_can_neither_change_dealer_nor_sign_up_alone(identity: Json) -> None:
    client = identity["UserPoolClient"]["Properties"]
    assert "custom:dealer_id" in client["ReadAttributes"]
    assert "custom:dealer_id" not in client["WriteAttributes"]
    assert identity["UserPool"]["Properties"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_user_pool_outlives_its_stack(identity: Json) -> None:
    assert identity["UserPool"]["DeletionPolicy"] == identity["UserPool"]["UpdateReplacePolicy"] == "Retain"


def test_every_role_is_a_group(identity: Json) -> None:
    groups = {
        group["Properties"]["GroupName"]
        for group in identity.values()
        if group["Type"] == "AWS::Cognito::UserPoolGroup"
    }
    assert groups == {role.value for role in Role}


def test_core_exports_every_value_that_services_import(core: Json) -> None:
    published = {
        resource["Properties"]["Name"]["Fn::Sub"]
        for resource in core.values()
        if resource["Type"] == "AWS::SSM::Parameter" and "Condition" not in resource
    }
    assert published >= {f"/qudao/${{Stage}}/core/{fact}" for fact in template.CORE_PARAMETERS.values()}
