"""A pretended SMS carrier on this machine, in place of the recorder of the deployed system for a while."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tools import aws

#: Botocore's variable with the address of AWS End User Messaging.
_ADDRESS = "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2"


class Text(NamedTuple):
    """A text message as the carrier gets it."""

    phone: str
    body: str


@contextmanager
def run_carrier(stage: str) -> Iterator[list[Text]]:
    """Let the stage send its texts to a carrier on this machine; yield the texts as they come."""
    texts: list[Text] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            texts.append(Text(sent["DestinationPhoneNumber"], sent["MessageBody"]))
            answer = json.dumps({"MessageId": f"text-{len(texts)}"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    name, before = _sender(stage)
    carrier = {"QUDAO_SMS_PROVIDER": "aws", _ADDRESS: f"http://127.0.0.1:{server.server_address[1]}"}
    _configure(name, before | carrier)
    try:
        yield texts
    finally:
        _configure(name, before)
        server.shutdown()
        server.server_close()


def _sender(stage: str) -> tuple[str, dict[str, str]]:
    """Return name and environment of the function that sends texts."""
    pages = aws.lambda_client().get_paginator("list_functions").paginate()
    (found,) = [
        function
        for page in pages
        for function in page["Functions"]
        if function["FunctionName"].startswith(f"qudao-{stage}-notifications-SendSms")
    ]
    return found["FunctionName"], dict(found["Environment"]["Variables"])


def _configure(name: str, variables: dict[str, str]) -> None:
    aws.lambda_client().update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    aws.lambda_client().get_waiter("function_updated_v2").wait(FunctionName=name)
