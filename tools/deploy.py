"""Deploy Qudao: the core stack, then the relay, then the services. One code path for AWS and for the emulator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from chalice.package import YAMLTemplateSerializer
from cryptography.fernet import Fernet

from tools import aws, emulator_fixups, paths, stacks
from tools.package import Package
from tools.stacks import DeployFailed, Plan, Progress
from tools.template import CORE_PARAMETERS

_PARALLEL_STACKS = 4


@dataclass(frozen=True)
class Screen:
    """Output and confirmation of a deployment; by default silent and confirmed."""

    show: Callable[[list[Plan]], None] = lambda _plans: None
    confirm: Callable[[], bool] = lambda: True
    progress: Progress = lambda _stack, _done, _of: None


def deploy(
    stage: str,
    packages: Iterable[Package],
    screen: Screen | None = None,
    settings: Mapping[str, str] | None = None,
) -> list[str]:
    """Deploy these packages to a stage. A stack whose template and code are unchanged stays as it is.

    Args:
        stage: name of the copy of Qudao, for example `dev`.
        settings: values for parameters of the templates by name (OidcIssuer, AlarmEmail, LogLevel, SmsProvider ...),
            for every stack that has them; parameters without a value here keep their present value.
    Returns:
        Names of the changed stacks.
    Raises:
        DeployFailed: names the resource that failed and the reason, or states that AWS is not reachable.
    """
    screen, given, packages = screen or Screen(), dict(settings or {}), list(packages)
    _check_settings(given, packages)
    try:
        changed = _deploy_identity(stage, given, screen)
        changed += _deploy_core(stage, given, screen)
        _ensure_sealing_key(stage)
        changed += _deploy_services(stage, packages, given, screen)
        if aws.emulated():
            emulator_fixups.create_what_emulator_skips(stage)
    except (ClientError, BotoCoreError) as error:
        raise DeployFailed(f"AWS refused or could not be reached: {error}") from None
    return changed


def stack_name(stage: str, part: str) -> str:
    """Return the name of a part's stack."""
    return f"qudao-{stage}-{part}"


def sealing_key_name(stage: str) -> str:
    """Return the name of the secret that seals cursors."""
    return f"qudao/{stage}/sealing-key"


def _parameters(template: Path) -> set[str]:
    return set(YAMLTemplateSerializer().load_template(template.read_text(), template.name)["Parameters"])


def _check_settings(given: Mapping[str, str], packages: list[Package]) -> None:
    of_services = (json.loads(package.template.read_text())["Parameters"].keys() for package in packages)
    known = _parameters(paths.CORE_TEMPLATE).union(*of_services)
    if unknown := sorted(given.keys() - known):
        raise DeployFailed(f"no template has a parameter {unknown[0]}: there are {', '.join(sorted(known))}")


def _deploy_identity(stage: str, given: dict[str, str], screen: Screen) -> list[str]:
    """Deploy the user pool and add it to the settings, unless the stage trusts another issuer."""
    name = stack_name(stage, "identity")
    trusted = given.get("OidcIssuer") or stacks.parameters(stack_name(stage, "core")).get("OidcIssuer")
    if trusted and trusted != stacks.outputs(name).get("OidcIssuer"):
        return []
    template = {"TemplateBody": paths.IDENTITY_TEMPLATE.read_text()}
    changed = _apply([stacks.plan(name, template, {"Stage": stage})], screen)
    given |= stacks.outputs(name)
    # The emulator signs tokens in Cognito's name, but serves the keys itself.
    keys = f"{endpoint}/{given['UserPoolId']}" if (endpoint := aws.emulated()) else given["OidcIssuer"]
    given["OidcJwksUrl"] = f"{keys}/.well-known/jwks.json"
    return changed


def _deploy_core(stage: str, given: Mapping[str, str], screen: Screen) -> list[str]:
    declared = _parameters(paths.CORE_TEMPLATE)
    values = {name: value for name, value in given.items() if name in declared} | {"Stage": stage}
    template = {"TemplateBody": paths.CORE_TEMPLATE.read_text()}
    return _apply([stacks.plan(stack_name(stage, "core"), template, values, declared)], screen)


def _ensure_sealing_key(stage: str) -> None:
    """Create the key that seals cursors, once. CloudFormation cannot generate a Fernet key."""
    client = aws.secrets()
    try:
        client.create_secret(
            Name=sealing_key_name(stage),
            Description="seals cursors handed to clients",
            SecretString=Fernet.generate_key().decode(),
        )
    except client.exceptions.ResourceExistsException:
        return


def _deploy_services(stage: str, packages: list[Package], given: Mapping[str, str], screen: Screen) -> list[str]:
    with ThreadPoolExecutor(max_workers=_PARALLEL_STACKS) as pool:
        plans = list(pool.map(lambda package: _plan_service(stage, package, given), packages))
    changed = _apply(plans, screen)
    for package in packages:
        _publish_url(stage, package.service)
    return changed


def _apply(plans: list[Plan | None], screen: Screen) -> list[str]:
    changed = [plan for plan in plans if plan is not None]
    if not changed:
        return []
    screen.show(changed)
    if not screen.confirm():
        raise DeployFailed("nothing was changed: you said no")
    # The relay goes first: without it, events of the services stay unsent.
    first = [plan for plan in changed if plan.stack.endswith(f"-{paths.RELAY}")]
    rest = [plan for plan in changed if plan not in first]
    with ThreadPoolExecutor(max_workers=_PARALLEL_STACKS) as pool:
        for group in (first, rest):
            list(pool.map(lambda plan: stacks.apply(plan, screen.progress), group))
    return [plan.stack for plan in changed]


def _plan_service(stage: str, package: Package, given: Mapping[str, str]) -> Plan | None:
    bucket = aws.parameter(stage, "core", "artefact-bucket")
    code = _upload(bucket, f"packages/{package.service}", "zip", package.archive.read_bytes())
    template = json.loads(package.template.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": code}
    body = json.dumps(template, ensure_ascii=False, sort_keys=True).encode()
    # Larger than a request may be, so CloudFormation reads it from the bucket.
    address = f"{aws.s3().meta.endpoint_url}/{bucket}/{_upload(bucket, f'templates/{package.service}', 'json', body)}"
    declared = template["Parameters"].keys()
    values = {name: value for name, value in given.items() if name in declared}
    values |= {name: f"/qudao/{stage}/core/{fact}" for name, fact in CORE_PARAMETERS.items()}
    values |= {"Stage": stage, "SealingKeyName": sealing_key_name(stage)}
    return stacks.plan(stack_name(stage, package.service), {"TemplateURL": address}, values, declared)


def _upload(bucket: str, folder: str, kind: str, content: bytes) -> str:
    """Store content under its hash, so a new version never overwrites one that another stack still uses."""
    key = f"{folder}/{hashlib.sha256(content).hexdigest()}.{kind}"
    client = aws.s3()
    try:
        client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
            raise
        client.put_object(Bucket=bucket, Key=key, Body=content)
    return key


def _publish_url(stage: str, service: str) -> None:
    """Publish the address of a service's API. The emulator serves all APIs at one address."""
    outputs = stacks.outputs(stack_name(stage, service))
    if "RestAPIId" not in outputs:
        return
    url = outputs["EndpointURL"].rstrip("/")
    if endpoint := aws.emulated():
        url = f"{endpoint}/_aws/execute-api/{outputs['RestAPIId']}/api"
    name: dict[str, Any] = {"Name": f"/qudao/{stage}/{service}/api-url"}
    aws.ssm().put_parameter(**name, Value=url, Type="String", Overwrite=True)
