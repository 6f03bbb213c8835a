"""AWS clients of the command line. AWS_ENDPOINT_URL alone decides between AWS and the emulator."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, s3={"addressing_style": "path"})


_creation = threading.Lock()


@cache
def _created(service: str, _endpoint: str | None) -> Any:
    return boto3.Session().client(service, config=_CONFIG)  # type: ignore[call-overload]


def _client(service: str) -> Any:
    """Return the client of a service. Threads may share clients, but must not create them at the same time."""
    with _creation:
        return _created(service, emulated())


def emulated() -> str | None:
    """Return the emulator's address, None on AWS."""
    return os.environ.get("AWS_ENDPOINT_URL")


def cloudformation() -> CloudFormationClient:
    """CloudFormation."""
    client: CloudFormationClient = _client("cloudformation")
    return client


def s3() -> S3Client:
    """S3."""
    client: S3Client = _client("s3")
    return client


def ssm() -> SSMClient:
    """Systems Manager parameters."""
    client: SSMClient = _client("ssm")
    return client


def secrets() -> SecretsManagerClient:
    """Secrets Manager."""
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def dynamodb() -> DynamoDBClient:
    """DynamoDB."""
    client: DynamoDBClient = _client("dynamodb")
    return client


def lambda_client() -> LambdaClient:
    """Lambda."""
    client: LambdaClient = _client("lambda")
    return client


def cognito() -> CognitoIdentityProviderClient:
    """Cognito user pools."""
    client: CognitoIdentityProviderClient = _client("cognito-idp")
    return client


def sqs() -> SQSClient:
    """SQS."""
    client: SQSClient = _client("sqs")
    return client


def parameter(stage: str, owner: str, name: str) -> str:
    """Return a value that a stack published: `/qudao/<stage>/<owner>/<name>`.

    Raises:
        ssm.exceptions.ParameterNotFound: that stack is not deployed.
    """
    return ssm().get_parameter(Name=f"/qudao/{stage}/{owner}/{name}")["Parameter"]["Value"]
