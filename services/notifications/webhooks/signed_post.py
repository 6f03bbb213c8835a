"""One signed POST to a public address, within a deadline."""

from __future__ import annotations

import base64
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple

from standardwebhooks.webhooks import Webhook

from kernel.time import clock
from services.notifications.webhooks.addresses import Target, UrlRefused, is_public, parse_target

CONTENT_TYPE = "application/cloudevents+json"


#: From resolving the name to the last header of the answer.
DEADLINE_SECONDS = 10.0


_CONNECT_SECONDS = 3.0


_RESOLVE_SECONDS = 3.0


_ADDRESSES_TRIED = 2


_SECRET_BYTES = 32


#: Addresses of a host, as text.
Resolver = Callable[[str, int], list[str]]


class Answer(NamedTuple):
    """What an endpoint said: its status (None: nothing within the deadline) and its `Retry-After`, if any."""

    status: int | None
    retry_after: str | None
    seconds: float


def new_secret() -> str:
    """A fresh signing secret in the form Standard Webhooks gives it: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(event_id: str, body: str, signing: Iterable[str], now: datetime, *, replay: bool) -> dict[str, str]:
    """The headers of an attempt; one signature for each secret, so that a receiver may change over in its own time."""
    # The library takes any zone for UTC, so it gets whole seconds in UTC.
    moment = datetime.fromtimestamp(clock.epoch(now), UTC)
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "Qudao-Webhooks/1",
        "webhook-id": event_id,
        "webhook-timestamp": str(clock.epoch(now)),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, moment, body) for secret in signing),
        **({"qudao-replay": "true"} if replay else {}),
    }


def check(url: str, *, allow_loopback: bool) -> None:
    """See whether we would send to a URL at this moment.

    Raises:
        UrlRefused: no, for whatever reason.
    """
    _addresses(parse_target(url, allow_loopback=allow_loopback))


def post(url: str, headers: dict[str, str], body: bytes, *, allow_loopback: bool) -> Answer:
    """Send once, after checking where to. Takes `DEADLINE_SECONDS` at most."""
    begun = time.monotonic()
    try:
        target = parse_target(url, allow_loopback=allow_loopback)
        status, retry_after = _exchange(target, _addresses(target), headers, body, begun + DEADLINE_SECONDS)
    except (UrlRefused, OSError, HTTPException, ValueError):
        # One outcome for all: how a connection failed would tell what listens where.
        status, retry_after = None, None
    return Answer(status, retry_after, time.monotonic() - begun)


def _system_resolver(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


#: Replaced in tests.
resolve: Resolver = _system_resolver


def _addresses(target: Target) -> list[str]:
    """The addresses to connect to. One that is not public spoils them all: such a name plays games."""
    if target.is_loopback:
        return [target.host]
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        # The system's resolver knows no deadline, so it is waited for from outside.
        found = pool.submit(resolve, target.host, target.port).result(timeout=_RESOLVE_SECONDS)
    except (OSError, UnicodeError, TimeoutError):
        raise UrlRefused from None
    finally:
        pool.shutdown(wait=False)
    if not found or not all(is_public(address) for address in found):
        raise UrlRefused
    return found[:_ADDRESSES_TRIED]


class _Pinned(HTTPConnection):
    """A connection to addresses decided beforehand; the host's name is said (Host, SNI) and checked (certificate)."""

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
            left = self._deadline - time.monotonic()
            try:
                self.sock = socket.create_connection((address, self.port), max(0.001, min(_CONNECT_SECONDS, left)))
                break
            except OSError:
                if number == len(self._addresses):
                    raise
        self.sock.settimeout(DEADLINE_SECONDS)
        if self._tls:
            # Shaken hands on only once it is in place, where `cut` can reach it.
            self.sock = _trust().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        """End whatever is being waited for, from another thread."""
        self.is_cut = True
        if self.sock is not None:
            try:
                # The plain method: the one for TLS would wait for the other side.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchange(
    target: Target, addresses: list[str], headers: dict[str, str], body: bytes, deadline: float
) -> tuple[int, str | None]:
    connection = _Pinned(target, addresses, deadline)
    # A socket's own timeout starts anew with every byte; this one does not.
    watch = threading.Timer(max(0.0, deadline - time.monotonic()), connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target.path, body, headers)
        response = connection.getresponse()
        if connection.is_cut:
            raise TimeoutError  # what was cut off in the middle of its headers looks like an answer
        return response.status, response.headers.get("Retry-After")
    finally:
        watch.cancel()
        connection.close()
