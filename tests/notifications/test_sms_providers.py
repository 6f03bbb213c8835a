"""Tests of the SMS providers: the choice of one, and the results of AWS End User Messaging."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session

from kernel.store import aws
from services.notifications.sms.providers.aws_provider import AwsProvider
from services.notifications.sms.providers.configured import configured_provider
from services.notifications.sms.providers.provider import Accepted, Rejected, Result, Unknown
from tests.notifications.fixtures import PHONES, override_settings
from tests.notifications.webhook_receiver import closed_port
from tests.support.functions import environment
from tests.support.world import World


def test_recorder_is_the_default_provider_and_aws_is_configurable(world: World) -> None:
    assert type(configured_provider()).__name__ == "Recorder"
    with override_settings(sms_provider="aws"):
        assert isinstance(configured_provider(), AwsProvider)


class FakeAwsEndpoint:
    """Endpoint of the provider on this machine, with the same answer to every request."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.status, self.answer = 200, {"MessageId": "aws-1"}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.requests.append({"target": handler.headers["X-Amz-Target"], **json.loads(body)})
                content = json.dumps(self.answer).encode()
                handler.send_response(self.status)
                handler.send_header("Content-Type", "application/x-amz-json-1.0")
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content)

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def client_for(url: str) -> Any:
    """A real client, created outside of any test world, because a world answers for every address."""
    with environment():
        config = Config(retries={"total_max_attempts": 1}, read_timeout=2)
        return Session().create_client(
            "pinpoint-sms-voice-v2", region_name="us-east-1", endpoint_url=url, config=config
        )


@pytest.fixture(scope="module")
def running_endpoint() -> Iterator[tuple[FakeAwsEndpoint, Any]]:
    endpoint = FakeAwsEndpoint()
    yield endpoint, client_for(endpoint.url)
    endpoint.server.shutdown()
    endpoint.server.server_close()


@pytest.fixture
def aws_endpoint(
    running_endpoint: tuple[FakeAwsEndpoint, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeAwsEndpoint]:
    endpoint, aws_client = running_endpoint
    endpoint.requests.clear()
    endpoint.status, endpoint.answer = 200, {"MessageId": "aws-1"}
    clients: list[tuple[str, bool]] = []

    def client(name: str, *, one_attempt: bool = False) -> Any:
        clients.append((name, one_attempt))
        return aws_client

    monkeypatch.setattr(aws, "client", client)
    yield endpoint
    assert set(clients) == {("pinpoint-sms-voice-v2", True)}, "a client that retries could send twice"


def send_sample() -> Result:
    return AwsProvider().send("sms_1", PHONES["boss"], "payment_received", {})


def test_aws_provider_sends_the_rendered_template_once(aws_endpoint: FakeAwsEndpoint) -> None:
    assert send_sample() == Accepted("aws-1")
    (request,) = aws_endpoint.requests
    assert request["target"].endswith(".SendTextMessage")
    assert request["DestinationPhoneNumber"] == PHONES["boss"]
    assert request["MessageBody"] == "【渠道】您的往来账户有更新,请登录查看。"
    assert request["MessageType"] == "TRANSACTIONAL" and request["Context"] == {"message_id": "sms_1"}


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (400, "ValidationException", Rejected("not-valid")),
        (400, "ConflictException", Rejected("number-opted-out-or-not-verified")),
        (402, "ServiceQuotaExceededException", Rejected("spend-or-quota-reached")),
        (400, "ThrottlingException", Rejected("throttled", temporary=True)),
        (500, "InternalServerException", Unknown("InternalServerException")),
        (503, "SomethingNew", Unknown("SomethingNew")),
    ],
)
def test_aws_error_code_decides_the_result(
    aws_endpoint: FakeAwsEndpoint, status: int, code: str, result: Result
) -> None:
    aws_endpoint.status, aws_endpoint.answer = status, {"__type": code, "Message": PHONES["boss"]}
    assert send_sample() == result
    assert len(aws_endpoint.requests) == 1, "no error is retried"


def test_aws_provider_rejects_temporarily_when_the_connection_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = client_for(f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setattr(aws, "client", lambda name, one_attempt: unreachable)
    assert send_sample() == Rejected("EndpointConnectionError", temporary=True)
