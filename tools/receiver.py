"""A sample receiver of our webhooks, for staff systems to copy from (Standard Webhooks, https://www.standardwebhooks.com).

A receiver checks the signature over the raw bytes before it reads them, refuses messages older than five minutes,
handles every event once however often it arrives, and responds only after the event is stored.

    python -m tools.receiver --port 9000 --secret whsec_…
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook

#: Larger than any event: a larger request is not from Qudao.
_MAX_BYTES = 256_000
#: Ids to remember: far more than can arrive in the five minutes in which a signature is valid.
_MAX_REMEMBERED = 10_000

Message = dict[str, Any]


class InvalidSignature(Exception):
    """The request is not signed with a known secret, too old, or unreadable."""


def verify(body: bytes, headers: dict[str, str], secrets: Iterable[str]) -> Message:
    """Return the message of a request that was signed with a known secret within the last five minutes.

    Several secrets are valid at once while one is being replaced.

    Raises:
        InvalidSignature: it was not, or it is malformed.
    """
    for secret in secrets:
        try:
            message = Webhook(secret).verify(body, headers)
        except Exception:  # the library also raises ValueError, binascii and decoding errors for malformed requests
            continue
        if isinstance(message, dict):
            return message
    raise InvalidSignature


class Receiver:
    """An HTTP server on loopback that stores each genuine message once. Use it as a context manager.

    Args:
        port: 0 chooses a free one.
        secrets: signing secrets to trust, see `trust`.
        handle: called once per message before it is acknowledged; if it raises, the sender tries again.
    """

    def __init__(
        self, port: int = 0, secrets: Iterable[str] = (), handle: Callable[[Message], None] = lambda message: None
    ) -> None:
        self._secrets = list(secrets)
        self._handle = handle
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._changed = threading.Condition()
        self.messages: list[Message] = []
        self.duplicates = 0
        self.refused = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler_of(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The address to register as a webhook endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/webhooks"

    def trust(self, secret: str) -> None:
        """Also accept messages signed with this secret."""
        self._secrets.append(secret)

    def receive(self, body: bytes, headers: dict[str, str]) -> HTTPStatus:
        """Handle one request and return its status: 204 accepted, now or earlier; 401 invalid signature."""
        try:
            message = verify(body, headers, self._secrets)
        except InvalidSignature:
            with self._changed:
                self.refused += 1
            return HTTPStatus.UNAUTHORIZED
        self._handle_once(headers["webhook-id"], message)
        return HTTPStatus.NO_CONTENT

    def _handle_once(self, message_id: str, message: Message) -> None:
        # One at a time: a repeated message must wait while the first is being handled.
        with self._changed:
            if message_id in self._seen:
                self.duplicates += 1
                return
            self._handle(message)
            self.messages.append(message)
            self._seen[message_id] = None
            if len(self._seen) > _MAX_REMEMBERED:
                self._seen.popitem(last=False)
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[Message], bool], timeout_seconds: float) -> Message | None:
        """Wait for the first message that `wanted` accepts and return it; None if it does not arrive in time."""
        with self._changed:
            self._changed.wait_for(lambda: any(map(wanted, self.messages)), timeout_seconds)
            return next(filter(wanted, self.messages), None)

    def serve(self) -> None:
        """Serve until stopped."""
        self._server.serve_forever(poll_interval=0.1)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True, name="webhook-receiver").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds between two reads

        def do_POST(self) -> None:
            self.send_response(self._status())
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _status(self) -> HTTPStatus:
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()):
                return HTTPStatus.LENGTH_REQUIRED
            if int(length[:12]) > _MAX_BYTES:
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                return receiver.receive(self.rfile.read(int(length)), headers)
            except Exception:
                # The handler failed: any status but 2xx makes the sender try again later.
                return HTTPStatus.INTERNAL_SERVER_ERROR

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: the bodies are confidential."""

    return Handler


def main() -> None:
    """Print every genuine message until interrupted."""
    arguments = argparse.ArgumentParser(description="收取并验证 Qudao 的 webhook / receive and verify Qudao's webhooks")
    arguments.add_argument("--port", type=int, default=9000)
    arguments.add_argument("--secret", action="append", required=True, help="whsec_…; repeat it while rotating")
    given = arguments.parse_args()
    receiver = Receiver(
        given.port, given.secret, lambda message: print(json.dumps(message, ensure_ascii=False), flush=True)
    )
    print(f"listening on {receiver.url}", flush=True)
    try:
        receiver.serve()
    except KeyboardInterrupt:
        print(f"{len(receiver.messages)} messages, {receiver.duplicates} duplicates, {receiver.refused} refused")


if __name__ == "__main__":
    main()
