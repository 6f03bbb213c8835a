"""AWS clients of the command line. Where they talk to is settled by AWS_ENDPOINT_URL alone."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, s3={"addressing_style": "path"})


@cache
def _session(_endpoint: str | None) -> boto3.Session:
    return boto3.Session()


def emulated() -> str | None:
    """The emulator's address when we talk to one, None on AWS."""
    return os.environ.get("AWS_ENDPOINT_URL")


def cloudformation() -> CloudFormationClient:
    """CloudFormation."""
    return _session(emulated()).client("cloudformation", config=_CONFIG)


def s3() -> S3Client:
    """S3."""
    return _session(emulated()).client("s3", config=_CONFIG)


def ssm() -> SSMClient:
    """Systems Manager parameters."""
    return _session(emulated()).client("ssm", config=_CONFIG)


def secrets() -> SecretsManagerClient:
    """Secrets Manager."""
    return _session(emulated()).client("secretsmanager", config=_CONFIG)


def dynamodb() -> DynamoDBClient:
    """DynamoDB."""
    return _session(emulated()).client("dynamodb", config=_CONFIG)


def functions() -> LambdaClient:
    """Lambda."""
    return _session(emulated()).client("lambda", config=_CONFIG)


def cognito() -> CognitoIdentityProviderClient:
    """Cognito user pools."""
    return _session(emulated()).client("cognito-idp", config=_CONFIG)


def parameter(stage: str, owner: str, name: str) -> str:
    """A fact one stack published: `/qudao/<stage>/<owner>/<name>`.

    Raises:
        ssm.exceptions.ParameterNotFound: that stack is not deployed.
    """
    return ssm().get_parameter(Name=f"/qudao/{stage}/{owner}/{name}")["Parameter"]["Value"]
