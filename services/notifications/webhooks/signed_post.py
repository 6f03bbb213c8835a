"""One signed POST to a public address, within a deadline."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPConnection, HTTPException
from secrets import token_bytes
from typing import NamedTuple

from standardwebhooks.webhooks import Webhook

from kernel.base.settings import settings
from kernel.time import clock
from services.notifications.webhooks.addresses import Target, UrlRefused, is_public, parse_target

CONTENT_TYPE = "application/cloudevents+json"

#: Time from resolving the name to the last header of the response.
DEADLINE_SECONDS = 10.0

_CONNECT_SECONDS = 3.0

_RESOLVE_SECONDS = 3.0

_ADDRESSES_TRIED = 2

_SECRET_BYTES = 32


#: Addresses of a host, as text.
Resolver = Callable[[str, int], list[str]]


class Response(NamedTuple):
    """Response of an endpoint: its status (None: no answer within the deadline) and its `Retry-After`, if any."""

    status: int | None
    retry_after: str | None
    seconds: float


def new_secret() -> str:
    """Return a new signing secret in the form of Standard Webhooks: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(token_bytes(_SECRET_BYTES)).decode()


def signed_headers(event_id: str, body: str, secrets: Iterable[str], now: datetime, *, replay: bool) -> dict[str, str]:
    """Return the headers of an attempt, with one signature for each secret.

    With two secrets a receiver can replace its own while both are valid.
    """
    # The library treats any time zone as UTC, so it gets whole seconds in UTC.
    moment = datetime.fromtimestamp(clock.epoch(now), UTC)
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "Qudao-Webhooks/1",
        "webhook-id": event_id,
        "webhook-timestamp": str(clock.epoch(now)),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, moment, body) for secret in secrets),
        **({"qudao-replay": "true"} if replay else {}),
    }


def is_loopback_allowed() -> bool:
    """Return True if webhooks may go to this machine: if configured, and only in the stages `local` and `test…`."""
    stage = settings().stage
    return settings().webhook_allow_loopback and (stage == "local" or stage.startswith("test"))


def check_url(url: str, *, allow_loopback: bool) -> None:
    """Check that requests to a URL are allowed at this moment.

    Raises:
        UrlRefused: they are not; the error gives no reason.
    """
    _addresses(parse_target(url, allow_loopback=allow_loopback))


def post(url: str, headers: dict[str, str], body: bytes, *, allow_loopback: bool) -> Response:
    """Send one request, after checking its address. Takes `DEADLINE_SECONDS` at most."""
    started = time.monotonic()
    try:
        target = parse_target(url, allow_loopback=allow_loopback)
        status, retry_after = _exchange(target, _addresses(target), headers, body, started + DEADLINE_SECONDS)
    except (UrlRefused, OSError, HTTPException, ValueError):
        # One outcome for all failures: the kind of failure would show which addresses accept connections.
        status, retry_after = None, None
    return Response(status, retry_after, time.monotonic() - started)


def _system_resolver(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


#: Replaced in tests.
resolve: Resolver = _system_resolver


def _addresses(target: Target) -> list[str]:
    """The addresses to connect to; none if one of them is not public, because such a name is suspicious."""
    if target.is_loopback:
        return [target.host]
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        # The system's resolver has no deadline, so this thread waits for it with a timeout.
        found = pool.submit(resolve, target.host, target.port).result(timeout=_RESOLVE_SECONDS)
    except (OSError, UnicodeError, TimeoutError):
        raise UrlRefused from None
    finally:
        pool.shutdown(wait=False)
    if not found or not all(is_public(address) for address in found):
        raise UrlRefused
    return found[:_ADDRESSES_TRIED]


class _PinnedConnection(HTTPConnection):
    """A connection to checked addresses. The host name is sent (Host, SNI) and checked against the certificate."""

    def __init__(self, target: Target, addresses: list[str], deadline: float) -> None:
        super().__init__(target.host, target.port)
        self.default_port = 443 if target.tls else 80
        self._tls = target.tls
        self._addresses = addresses
        self._deadline = deadline
        self.is_cut = False

    def connect(self) -> None:
        """Connect to the first address that answers."""
        for number, address in enumerate(self._addresses, 1):
            remaining = self._deadline - time.monotonic()
            try:
                self.sock = socket.create_connection((address, self.port), max(0.001, min(_CONNECT_SECONDS, remaining)))
                break
            except OSError:
                if number == len(self._addresses):
                    raise
        self.sock.settimeout(DEADLINE_SECONDS)
        if self._tls:
            # The handshake starts only after the socket is stored, where `cut` can reach it.
            self.sock = _trust().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        """End the present wait, from another thread."""
        self.is_cut = True
        if self.sock is not None:
            try:
                # The plain method: the TLS method would wait for the other side.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchange(
    target: Target, addresses: list[str], headers: dict[str, str], body: bytes, deadline: float
) -> tuple[int, str | None]:
    connection = _PinnedConnection(target, addresses, deadline)
    # A socket's timeout restarts with every byte; this timer does not.
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), connection.cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", target.path, body, headers)
        response = connection.getresponse()
        if connection.is_cut:
            raise TimeoutError  # a response cut off within its headers looks complete
        return response.status, response.headers.get("Retry-After")
    finally:
        timer.cancel()
        connection.close()
