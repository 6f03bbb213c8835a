"""One attempt over real sockets: signature, pinning, deadline, and that no answer of any kind can hurt."""

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
from services.notifications.webhooks.signed_post import Answer, _exchange, new_secret, signed_headers
from tests.notifications.receiver import closed_port, dribbling, receiving

BODY = '{"id":"evt_D0001-000123_3","type":"order.shipped.v1","title":"灯带"}'


def post(url: str, headers: dict[str, str] | None = None) -> Answer:
    return signed_post.post(url, headers or {}, BODY.encode(), allow_loopback=True)


def headers_by(*secrets: str, now: datetime | None = None) -> dict[str, str]:
    return signed_headers("evt_D0001-000123_3", BODY, secrets, now or datetime.now(UTC), replay=False)


def test_a_receiver_verifies_what_we_send_over_the_raw_bytes() -> None:
    secret = new_secret()
    with receiving() as receiver:
        answer = post(receiver.url, headers_by(secret))
        (got,) = receiver.received
    assert answer.status == 200 and answer.seconds < 5
    assert got.body == BODY.encode() and got.path == "/qudao?from=test"
    assert got.verified_by(secret)["title"] == "灯带"
    assert got.headers["content-type"] == "application/cloudevents+json"
    assert got.headers["webhook-id"] == "evt_D0001-000123_3"
    assert got.headers["webhook-timestamp"].isdigit()
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    with pytest.raises(WebhookVerificationError):
        got.verified_by(new_secret())


def test_the_signature_is_that_of_the_published_vector() -> None:
    moment = datetime(2021, 2, 25, 8, 54, 37, 900_000, tzinfo=UTC)
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"test": 2432232314}'
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", body, [secret], moment, replay=False)
    expected = Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment.replace(microsecond=0), body)
    assert headers["webhook-timestamp"] == "1614243277"
    assert headers["webhook-signature"] == expected


def test_the_time_of_the_signature_does_not_depend_on_the_zone_it_is_given_in() -> None:
    moment = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    shanghai = moment.astimezone(clock.BUSINESS_ZONE)
    secret = new_secret()
    assert headers_by(secret, now=moment) == headers_by(secret, now=shanghai)


def test_during_a_change_of_secrets_both_verify_and_a_third_does_not() -> None:
    new, old = new_secret(), new_secret()
    headers = headers_by(new, old)
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (new, old):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


def test_secrets_are_of_the_standard_form_and_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32 for secret in made)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiving() as receiver, receiving() as elsewhere:
        receiver.answer(status, Location=elsewhere.url)
        answer = post(receiver.url)
        assert answer.status == status
        assert len(receiver.received) == 1 and elsewhere.received == []


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver, receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert post(receiver.url).status == 200
        assert len(receiver.received) == 1 and proxy.received == []


def test_retry_after_is_handed_on() -> None:
    with receiving() as receiver:
        receiver.answer(503, Retry_After="120")
        assert post(receiver.url).retry_after == "120"


def test_nothing_listening_is_no_answer() -> None:
    assert post(f"http://127.0.0.1:{closed_port()}/").status is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b"H"),  # a status line without an end
        (b"HTTP/1.1 200 OK\r\n", b"x"),  # a header without an end
        (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),  # headers without an end
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),  # never coming to the point
    ],
)
def test_a_server_that_dribbles_is_cut_off_at_the_deadline(
    first: bytes, then: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 0.6)
    with dribbling(first, then) as port:
        begun = time.monotonic()
        answer = post(f"http://127.0.0.1:{port}/")
    assert answer.status is None
    assert time.monotonic() - begun < 2


def test_an_endless_body_is_not_read() -> None:
    with dribbling(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1_000, 0.001) as port:
        answer = post(f"http://127.0.0.1:{port}/")
    assert answer.status == 200 and answer.seconds < 2


@pytest.mark.parametrize(
    "said",
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
def test_what_is_not_http_is_no_answer(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 1.0)
    with dribbling(said, b"", 0.3) as port:
        assert post(f"http://127.0.0.1:{port}/").status is None


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_post, "_RESOLVE_SECONDS", 0.2)

    def hang(host: str, port: int) -> list[str]:
        time.sleep(1)
        return ["8.8.8.8"]

    monkeypatch.setattr(signed_post, "resolve", hang)
    begun = time.monotonic()
    assert post("https://hooks.example.com/").status is None
    assert time.monotonic() - begun < 0.9


# ---- a name that changes its mind ----


def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to() -> None:
    """DNS rebinding: the first answer is harmless, every later one is this machine."""
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
        assert connected == [("8.8.8.8", 443)], "the second answer was 127.0.0.1: not even tried"


# ---- TLS ----


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for hooks.example.com and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.now(UTC)
    made = (
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
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.mark.parametrize(
    ("host", "trusted", "status"),
    [
        ("hooks.example.com", True, 200),
        ("hooks.example.com", False, None),  # nobody we trust has signed it
        ("other.example.com", True, None),  # it is somebody else's
    ],
)
def test_over_tls_the_name_is_said_and_checked_though_the_address_is_pinned(
    certificate: Path, host: str, trusted: bool, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=str(certificate)) if trusted else ssl.create_default_context()
    monkeypatch.setattr(signed_post, "_trust", lambda: trust)
    # The receiver stands on this machine, so that alone is let through.
    monkeypatch.setattr(signed_post, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(signed_post, "resolve", lambda name, port: ["127.0.0.1"])
    with receiving(server) as receiver:
        monkeypatch.setattr(addresses, "PORTS", {receiver.port})
        answer = post(f"https://{host}:{receiver.port}/x")
        assert answer.status == status
        assert receiver.tls_names == [host]
        assert [got.headers["host"] for got in receiver.received] == ([f"{host}:{receiver.port}"] if status else [])


def test_a_server_that_never_finishes_the_handshake_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 0.5)
    monkeypatch.setattr(signed_post, "is_public", lambda address: True)
    monkeypatch.setattr(signed_post, "resolve", lambda name, port: ["127.0.0.1"])
    with dribbling(b"", b"\x16", 0.05) as port:
        monkeypatch.setattr(addresses, "PORTS", {port})
        begun = time.monotonic()
        assert post(f"https://hooks.example.com:{port}/").status is None
    assert time.monotonic() - begun < 2


def test_the_second_address_is_tried_when_the_first_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    connect = socket.create_connection

    def first_is_dead(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[0])
        if len(tried) == 1:
            raise TimeoutError
        return connect(("127.0.0.1", address[1]), timeout)

    with receiving() as receiver:
        target = Target("hooks.example.com", receiver.port, "/", tls=False)
        with patch.object(socket, "create_connection", first_is_dead):
            status, _ = _exchange(target, ["192.0.2.1", "192.0.2.2"], {}, b"{}", time.monotonic() + 5)
    assert status == 200 and tried == ["192.0.2.1", "192.0.2.2"]
