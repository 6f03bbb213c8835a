"""Tests of one signed request over real sockets: signature, checked address, deadline, hostile responses."""

from __future__ import annotations

import base64
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from kernel.time import clock
from services.notifications.webhooks import addresses, signed_post
from services.notifications.webhooks.addresses import Target
from services.notifications.webhooks.signed_post import Response, _exchange, new_secret, signed_headers
from tests.notifications.webhook_receiver import closed_port, run_receiver, run_slow_server

BODY = '{"id":"evt_D0001-000123_3","type":"order.shipped.v1","title":"灯带"}'


def post(url: str, headers: dict[str, str] | None = None) -> Response:
    return signed_post.post(url, headers or {}, BODY.encode(), allow_loopback=True)


def headers_signed_with(*secrets: str, now: datetime | None = None) -> dict[str, str]:
    return signed_headers("evt_D0001-000123_3", BODY, secrets, now or datetime.now(UTC), replay=False)


def test_signature_is_verified_over_the_raw_body() -> None:
    secret = new_secret()
    with run_receiver() as receiver:
        answer = post(receiver.url, headers_signed_with(secret))
        (request,) = receiver.received
    assert answer.status == 200 and answer.seconds < 5
    assert request.body == BODY.encode() and request.path == "/qudao?from=test"
    assert request.verified_by(secret)["title"] == "灯带"
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert request.headers["webhook-id"] == "evt_D0001-000123_3"
    assert request.headers["webhook-timestamp"].isdigit()
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    with pytest.raises(WebhookVerificationError):
        request.verified_by(new_secret())


def test_signature_equals_the_published_test_vector() -> None:
    moment = datetime(2021, 2, 25, 8, 54, 37, 900_000, tzinfo=UTC)
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"test": 2432232314}'
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", body, [secret], moment, replay=False)
    expected = Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment.replace(microsecond=0), body)
    assert headers["webhook-timestamp"] == "1614243277"
    assert headers["webhook-signature"] == expected


def test_signature_time_does_not_depend_on_the_time_zone() -> None:
    moment = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    shanghai = moment.astimezone(clock.BUSINESS_ZONE)
    secret = new_secret()
    assert headers_signed_with(secret, now=moment) == headers_signed_with(secret, now=shanghai)


def test_signature_is_valid_for_both_secrets_during_rotation() -> None:
    new, old = new_secret(), new_secret()
    headers = headers_signed_with(new, old)
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (new, old):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


def test_secrets_are_unique_and_in_standard_form() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32 for secret in secrets)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_post_does_not_follow_redirects(status: int) -> None:
    with run_receiver() as receiver, run_receiver() as elsewhere:
        receiver.answer(status, Location=elsewhere.url)
        answer = post(receiver.url)
        assert answer.status == status
        assert len(receiver.received) == 1 and elsewhere.received == []


def test_post_ignores_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with run_receiver() as receiver, run_receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert post(receiver.url).status == 200
        assert len(receiver.received) == 1 and proxy.received == []


def test_response_contains_the_retry_after_header() -> None:
    with run_receiver() as receiver:
        receiver.answer(503, Retry_After="120")
        assert post(receiver.url).retry_after == "120"


def test_response_has_no_status_when_the_port_is_closed() -> None:
    assert post(f"http://127.0.0.1:{closed_port()}/").status is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b"H"),  # a status line without an end
        (b"HTTP/1.1 200 OK\r\n", b"x"),  # a header without an end
        (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),  # headers without an end
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),  # never a final status
    ],
)
def test_slow_server_is_cut_off_at_the_deadline(first: bytes, then: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 0.6)
    with run_slow_server(first, then) as port:
        started = time.monotonic()
        answer = post(f"http://127.0.0.1:{port}/")
    assert answer.status is None
    assert time.monotonic() - started < 2


def test_endless_response_body_is_not_read() -> None:
    with run_slow_server(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1_000, 0.001) as port:
        answer = post(f"http://127.0.0.1:{port}/")
    assert answer.status == 200 and answer.seconds < 2


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"\x00\xff\x00\xff\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * 70_000 + b"\r\n\r\n",
        b"HTTP/9.9 99999 OK\r\n\r\n",
    ],
)
def test_response_has_no_status_when_it_is_not_http(response: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 1.0)
    with run_slow_server(response, b"", 0.3) as port:
        assert post(f"http://127.0.0.1:{port}/").status is None


def test_post_does_not_wait_for_a_hanging_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_post, "_RESOLVE_SECONDS", 0.2)

    def hang(host: str, port: int) -> list[str]:
        time.sleep(1)
        return ["8.8.8.8"]

    monkeypatch.setattr(signed_post, "resolve", hang)
    started = time.monotonic()
    assert post("https://hooks.example.com/").status is None
    assert time.monotonic() - started < 0.9


def test_post_connects_to_the_address_it_checked() -> None:
    """Check against DNS rebinding: the first answer is public, all later answers are this machine."""
    answers = iter([["8.8.8.8"]])
    connected: list[object] = []

    def resolve(host: str, port: int) -> list[str]:
        return next(answers, ["127.0.0.1"])

    def connect(address: object, *_: object, **__: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    with patch.object(signed_post, "resolve", resolve), patch.object(socket, "create_connection", connect):
        assert post("https://hooks.example.com/").status is None
        assert connected == [("8.8.8.8", 443)]
        assert post("https://hooks.example.com/").status is None
        assert connected == [("8.8.8.8", 443)], "the second answer was 127.0.0.1, so there was no connection"


# ---- TLS ----


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for hooks.example.com and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.now(UTC)
    signed_certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(signed_certificate.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.mark.parametrize(
    ("host", "trusted", "status"),
    [
        ("hooks.example.com", True, 200),
        ("hooks.example.com", False, None),  # not signed by a trusted authority
        ("other.example.com", True, None),  # a certificate for another name
    ],
)
def test_tls_sends_and_checks_the_host_name_of_a_pinned_address(
    certificate: Path, host: str, trusted: bool, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=str(certificate)) if trusted else ssl.create_default_context()
    monkeypatch.setattr(signed_post, "_trust", lambda: trust)
    # The receiver runs on this machine, so only this address is allowed.
    monkeypatch.setattr(signed_post, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(signed_post, "resolve", lambda name, port: ["127.0.0.1"])
    with run_receiver(server) as receiver:
        monkeypatch.setattr(addresses, "PORTS", {receiver.port})
        answer = post(f"https://{host}:{receiver.port}/x")
        assert answer.status == status
        assert receiver.tls_names == [host]
        assert [request.headers["host"] for request in receiver.received] == (
            [f"{host}:{receiver.port}"] if status else []
        )


def test_unfinished_tls_handshake_is_cut_off_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 0.5)
    monkeypatch.setattr(signed_post, "is_public", lambda address: True)
    monkeypatch.setattr(signed_post, "resolve", lambda name, port: ["127.0.0.1"])
    with run_slow_server(b"", b"\x16", 0.05) as port:
        monkeypatch.setattr(addresses, "PORTS", {port})
        started = time.monotonic()
        assert post(f"https://hooks.example.com:{port}/").status is None
    assert time.monotonic() - started < 2


def test_the_second_address_is_tried_when_the_first_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    attempted: list[object] = []
    connect = socket.create_connection

    def fail_for_first(address: tuple[str, int], timeout: float) -> socket.socket:
        attempted.append(address[0])
        if len(attempted) == 1:
            raise TimeoutError
        return connect(("127.0.0.1", address[1]), timeout)

    with run_receiver() as receiver:
        target = Target("hooks.example.com", receiver.port, "/", tls=False)
        with patch.object(socket, "create_connection", fail_for_first):
            status, _ = _exchange(target, ["192.0.2.1", "192.0.2.2"], {}, b"{}", time.monotonic() + 5)
    assert status == 200 and attempted == ["192.0.2.1", "192.0.2.2"]
