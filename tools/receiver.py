"""A sample receiver of our webhooks, for staff systems to copy from (Standard Webhooks, https://www.standardwebhooks.com).

What a receiver owes itself: check the signature over the raw bytes before reading them, refuse what is older than five
minutes, take every event once however often it comes, and answer only after the event is safely kept.

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

#: Our events are small; who sends more is not us.
_MAX_BYTES = 256_000
#: Ids to remember: far more than can come within the five minutes in which a signature is good.
_REMEMBERED = 10_000

Message = dict[str, Any]


class NotGenuine(Exception):
    """Not signed with a secret of ours, too old, or not readable."""


def verified(body: bytes, headers: dict[str, str], secrets: Iterable[str]) -> Message:
    """The message in a request that was signed with one of our secrets within the last five minutes.

    Several secrets are valid at once while one is being replaced.

    Raises:
        NotGenuine: anything else, whatever is wrong with it.
    """
    for secret in secrets:
        try:
            message = Webhook(secret).verify(body, headers)
        except Exception:  # the library lets ValueError, binascii and decoding errors of malformed requests through
            continue
        if isinstance(message, dict):
            return message
    raise NotGenuine


class Receiver:
    """An HTTP server on loopback that keeps each genuine message once. Use as a context manager.

    Args:
        port: 0 takes a free one.
        secrets: signing secrets that are trusted from the start, see `trust`.
        handle: called once per message before it is acknowledged; if it raises, the sender comes again.
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
        """Accept what is signed with this secret, too."""
        self._secrets.append(secret)

    def take(self, body: bytes, headers: dict[str, str]) -> HTTPStatus:
        """Decide on one request: 204 taken (now or earlier), 401 not genuine."""
        try:
            message = verified(body, headers, self._secrets)
        except NotGenuine:
            with self._changed:
                self.refused += 1
            return HTTPStatus.UNAUTHORIZED
        self._run_or_replay(headers["webhook-id"], message)
        return HTTPStatus.NO_CONTENT

    def _run_or_replay(self, message_id: str, message: Message) -> None:
        # One at a time: a repeat that arrives while the first is still being handled must wait for its outcome.
        with self._changed:
            if message_id in self._seen:
                self.duplicates += 1
                return
            self._handle(message)
            self.messages.append(message)
            self._seen[message_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[Message], bool], timeout_seconds: float) -> Message | None:
        """The first message that is wanted, as soon as it is here; None if it does not come in time."""
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
        timeout = 10  # seconds a sender may dawdle

        def do_POST(self) -> None:
            self.send_response(self._decide())
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _decide(self) -> HTTPStatus:
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()):
                return HTTPStatus.LENGTH_REQUIRED
            if int(length[:12]) > _MAX_BYTES:
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                return receiver.take(self.rfile.read(int(length)), headers)
            except Exception:
                # The handler could not keep it: anything but 2xx makes the sender try again later.
                return HTTPStatus.INTERNAL_SERVER_ERROR

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the bodies are other people's business."""

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
