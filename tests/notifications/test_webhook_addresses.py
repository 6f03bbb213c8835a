"""Tests of the addresses that webhooks may go to: forbidden ones are refused in every notation."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.webhooks import signed_post
from services.notifications.webhooks.addresses import Target, UrlRefused, is_public, parse_target
from services.notifications.webhooks.signed_post import check_url, post
from tests.notifications.sample_addresses import FORBIDDEN_ADDRESSES, PUBLIC_ADDRESSES, REFUSED_FORMS


@pytest.fixture
def connections() -> Iterator[list[object]]:
    """Every connection that was attempted."""
    attempts: list[object] = []

    def refuse(address: object, *_: object, **__: object) -> socket.socket:
        attempts.append(address)
        raise ConnectionRefusedError

    with patch.object(socket, "create_connection", refuse):
        yield attempts


def resolve_to(answers: list[str]) -> Any:
    def resolve(host: str, port: int) -> list[str]:
        return answers

    return patch.object(signed_post, "resolve", resolve)


def test_corpus_has_at_least_120_cases() -> None:
    assert len(set(REFUSED_FORMS)) + len(set(FORBIDDEN_ADDRESSES)) >= 120


@pytest.mark.parametrize("url", REFUSED_FORMS)
def test_url_is_refused_when_its_form_is_forbidden(url: str, connections: list[object]) -> None:
    resolved: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["8.8.8.8"]  # a public address

    with patch.object(signed_post, "resolve", resolve):
        with pytest.raises(UrlRefused):
            check_url(url, allow_loopback=False)
        assert post(url, {}, b"{}", allow_loopback=False).status is None
    assert connections == [] and resolved == []


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_host_is_refused_when_it_resolves_to_a_forbidden_address(address: str, connections: list[object]) -> None:
    for answer in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        with resolve_to(answer):
            with pytest.raises(UrlRefused):
                check_url("https://hooks.example.com/", allow_loopback=True)
            assert post("https://hooks.example.com/", {}, b"{}", allow_loopback=True).status is None
    assert connections == []


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_public_host_is_connected_at_its_checked_address(address: str, connections: list[object]) -> None:
    with resolve_to([address]):
        check_url("https://hooks.example.com/", allow_loopback=False)
        post("https://hooks.example.com:8443/x", {}, b"{}", allow_loopback=False)
    assert connections == [(address, 8443)]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:8080/",
        "http://localhost:8080/",
        "http://127.0.0.1/",
        "http://127.0.0.1:80/",
        "http://127.0.0.1:443/",
        "http://127.0.0.1:0/",
        "http://user@127.0.0.1:8080/",
        "http://[::1]:8080/",
        "http://127.1:8080/",
        "http://169.254.169.254:8080/",
        "http://hooks.example.com:8080/",
        "ftp://127.0.0.1:8080/",
        "https://127.0.0.1:8080/",
    ],
)
def test_allowed_loopback_accepts_one_notation_only(url: str) -> None:
    with pytest.raises(UrlRefused):
        parse_target(url, allow_loopback=True)


def test_loopback_is_refused_unless_allowed() -> None:
    assert parse_target("http://127.0.0.1:8080/x?y=1", allow_loopback=True) == Target(
        "127.0.0.1", 8080, "/x?y=1", False
    )
    with pytest.raises(UrlRefused):
        parse_target("http://127.0.0.1:8080/x?y=1", allow_loopback=False)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", Target("hooks.example.com", 443, "/", True)),
        ("https://HOOKS.Example.COM:8443/a/b?c=d", Target("hooks.example.com", 8443, "/a/b?c=d", True)),
        ("https://xn--fiq228c.xn--fiqs8s/", Target("xn--fiq228c.xn--fiqs8s", 443, "/", True)),
        ("https://1688.hooks.com/", Target("1688.hooks.com", 443, "/", True)),
    ],
)
def test_parse_target_returns_the_parts_of_a_url(url: str, target: Target) -> None:
    assert parse_target(url) == target


def test_host_is_refused_when_it_does_not_resolve(connections: list[object]) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such host")

    def nowhere(host: str, port: int) -> list[str]:
        return []

    for resolve in (unknown, nowhere):
        with patch.object(signed_post, "resolve", resolve), pytest.raises(UrlRefused):
            check_url("https://hooks.example.com/", allow_loopback=False)
    assert connections == []


@given(st.ip_addresses(v=4))
def test_ipv4_private_by_the_library_is_refused(
    address: ipaddress.IPv4Address,
) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        known_public = address in ipaddress.IPv4Network("192.0.0.0/24")
        assert not is_public(str(address)) or known_public


@given(st.ip_addresses(v=6))
def test_ipv6_private_by_the_library_is_refused(address: ipaddress.IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        embedded = address.ipv4_mapped or address.sixtofour
        assert not is_public(str(address)) or (embedded is not None and is_public(str(embedded)))


@given(st.ip_addresses(v=4))
def test_embedded_ipv4_has_the_result_of_the_ipv4_itself(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    forms = [0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
    for form in forms:
        assert is_public(str(ipaddress.IPv6Address(form))) == is_public(str(address))
