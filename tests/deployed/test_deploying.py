"""Deploying changes only what differs, and a failed stack is reported in one sentence."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tests.deployed.conftest import STAGE, Deployed
from tools import aws, deploy, package, stacks
from tools.deploy import DeployFailed, Screen
from tools.package import Package


@pytest.fixture
def tickets() -> Package:
    """A package to change or break."""
    (built,) = package.build(["tickets"])
    return built


def test_deploying_the_same_package_again_changes_nothing(deployed: Deployed, tickets: Package) -> None:
    shown: list[stacks.Plan] = []
    assert deploy.deploy(STAGE, [tickets], Screen(show=shown.extend)) == []
    assert shown == []


def test_deploying_one_service_changes_only_that_service(deployed: Deployed, tickets: Package, tmp_path: Path) -> None:
    changed = altered(tickets, tmp_path, "Description", "another one")
    before = stacks.describe(deploy.stack_name(STAGE, "tickets"))
    with pytest.raises(DeployFailed, match="you said no"):
        deploy.deploy(STAGE, [changed], Screen(confirm=lambda: False))
    assert stacks.describe(deploy.stack_name(STAGE, "tickets")) == before


def altered(packaged: Package, folder: Path, key: str, value: object) -> Package:
    """Return the package with one value of its template replaced."""
    template = json.loads(packaged.template.read_text())
    if key == "Description":
        template["Resources"]["WatchClocks"]["Properties"]["Description"] = value
    else:
        template["Resources"][key] = value
    (folder / "template.json").write_text(json.dumps(template))
    return dataclasses.replace(packaged, template=folder / "template.json")


def test_deploying_refuses_invalid_template_in_one_sentence(
    deployed: Deployed, tickets: Package, tmp_path: Path
) -> None:
    broken = altered(tickets, tmp_path, "Impossible", {"Type": "AWS::Qudao::Nothing", "Properties": {}})
    with pytest.raises(DeployFailed, match=r"qudao-test-tickets: .*AWS::Qudao::Nothing"):
        deploy.deploy(STAGE, [broken])


def test_failed_stack_names_resource_and_reason_and_old_one_keeps_working(
    deployed: Deployed, tickets: Package, tmp_path: Path
) -> None:
    document = {"Version": "2012-10-17", "Statement": []}
    for_nobody = {"PolicyName": "p", "PolicyDocument": document, "Roles": ["nobody"]}
    broken = altered(tickets, tmp_path, "Impossible", {"Type": "AWS::IAM::Policy", "Properties": for_nobody})
    with pytest.raises(DeployFailed, match=r"qudao-test-tickets: Impossible \(AWS::IAM::Policy\) failed: .*nobody"):
        deploy.deploy(STAGE, [broken])
    assert deployed.http.get("/api/tickets/tickets").status_code == 401
    deploy.deploy(STAGE, [tickets])


def test_unknown_setting_is_refused_before_any_change(deployed: Deployed, tickets: Package) -> None:
    with pytest.raises(DeployFailed, match="no template has a parameter LogLevle"):
        deploy.deploy(STAGE, [tickets], settings={"LogLevle": "DEBUG"})


def test_setting_stays_until_it_is_set_again(deployed: Deployed, tickets: Package) -> None:
    deploy.deploy(STAGE, [tickets], settings={"LogLevel": "DEBUG"})
    deploy.deploy(STAGE, [tickets])
    assert log_levels() == {"DEBUG"}
    deploy.deploy(STAGE, [tickets], settings={"LogLevel": "INFO"})
    assert log_levels() == {"INFO"}


def log_levels() -> set[str]:
    """Return the log levels that the functions of the service have."""
    names = stacks.resources(deploy.stack_name(STAGE, "tickets"), "AWS::Lambda::Function").values()
    found = [aws.lambda_client().get_function_configuration(FunctionName=name) for name in names]
    return {function["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] for function in found}


def test_stage_with_other_issuer_has_no_user_pool(deployed: Deployed) -> None:
    issuer = {"OidcIssuer": "https://id.example", "OidcAudience": "qudao", "OidcJwksUrl": "https://id.example/keys"}
    deploy.deploy("testissuer", [], settings=issuer)
    assert deploy.deploy("testissuer", []) == []
    assert aws.parameter("testissuer", "core", "oidc-issuer") == "https://id.example"
    assert stacks.describe(deploy.stack_name("testissuer", "identity")) is None


def test_stage_may_change_from_user_pool_to_other_issuer(deployed: Deployed) -> None:
    deploy.deploy("testleaving", [])
    assert "cognito" in aws.parameter("testleaving", "core", "oidc-issuer")
    issuer = {"OidcIssuer": "https://id.example", "OidcAudience": "qudao", "OidcJwksUrl": "https://id.example/keys"}
    deploy.deploy("testleaving", [], settings=issuer)
    assert deploy.deploy("testleaving", []) == []
    assert aws.parameter("testleaving", "core", "oidc-issuer") == "https://id.example"


def test_expired_items_are_removed(deployed: Deployed) -> None:
    described = aws.dynamodb().describe_time_to_live(TableName=f"qudao-{STAGE}")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
