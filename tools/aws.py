"""AWS clients of the command line. Where they talk to is settled by AWS_ENDPOINT_URL alone."""

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


_making = threading.Lock()


@cache
def _made(service: str, _endpoint: str | None) -> Any:
    return boto3.Session().client(service, config=_CONFIG)  # type: ignore[call-overload]


def _client(service: str) -> Any:
    """One client per service and process: clients may be shared between threads, making them may not."""
    with _making:
        return _made(service, emulated())


def emulated() -> str | None:
    """The emulator's address when we talk to one, None on AWS."""
    return os.environ.get("AWS_ENDPOINT_URL")


def cloudformation() -> CloudFormationClient:
    """CloudFormation."""
    made: CloudFormationClient = _client("cloudformation")
    return made


def s3() -> S3Client:
    """S3."""
    made: S3Client = _client("s3")
    return made


def ssm() -> SSMClient:
    """Systems Manager parameters."""
    made: SSMClient = _client("ssm")
    return made


def secrets() -> SecretsManagerClient:
    """Secrets Manager."""
    made: SecretsManagerClient = _client("secretsmanager")
    return made


def dynamodb() -> DynamoDBClient:
    """DynamoDB."""
    made: DynamoDBClient = _client("dynamodb")
    return made


def functions() -> LambdaClient:
    """Lambda."""
    made: LambdaClient = _client("lambda")
    return made


def cognito() -> CognitoIdentityProviderClient:
    """Cognito user pools."""
    made: CognitoIdentityProviderClient = _client("cognito-idp")
    return made


def sqs() -> SQSClient:
    """SQS."""
    made: SQSClient = _client("sqs")
    return made


def parameter(stage: str, owner: str, name: str) -> str:
    """A fact one stack published: `/qudao/<stage>/<owner>/<name>`.

    Raises:
        ssm.exceptions.ParameterNotFound: that stack is not deployed.
    """
    return ssm().get_parameter(Name=f"/qudao/{stage}/{owner}/{name}")["Parameter"]["Value"]
