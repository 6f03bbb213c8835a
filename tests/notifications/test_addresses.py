"""What a URL may not reach, in every spelling we know, and that nothing is connected to where it is refused."""

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
from services.notifications.webhooks.signed_post import check, post

#: Refused by their form, whatever they resolve to.
REFUSED_FORMS = [
    # not https
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://hooks.example.com:70/_POST",
    "javascript:alert(1)",
    "//hooks.example.com/",
    "hooks.example.com",
    "https:hooks.example.com",
    "https:/hooks.example.com/",
    "https:///hooks.example.com/",
    "https://",
    "",
    # addresses of this machine, of the net, of clouds' metadata
    "https://127.0.0.1/",
    "https://127.0.0.1:8443/",
    "http://127.0.0.1:8080/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/latest/meta-data/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700::1111]/",
    "https://[::1",
    # names without a dot, or odd ones
    "https://localhost/",
    "https://metadata/",
    "https://hooks.example.com./",
    "https://.example.com/",
    "https://hooks..example.com/",
    "https://-hooks.example.com/",
    "https://hooks_example.com/",
    "https://*.example.com/",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 130}com/",
    "https://①②⑦.⓪.⓪.①/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://exämple.com/",
    "https://127.0.0.1%00.example.com/",
    "https://hooks.example.com%2f@127.0.0.1/",
    # user names, ports, fragments, and characters that parsers disagree about
    "https://user@hooks.example.com/",
    "https://user:pass@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/",
    "https://@hooks.example.com/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:6379/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:-443/",
    "https://hooks.example.com:44 3/",
    "https://hooks.example.com:４４３/",
    "https://hooks.example.com/#fragment",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com\\.127.0.0.1/",
    "https://hooks.example.com/ ",
    " https://hooks.example.com/",
    "https://hooks.example.com/\r\nX-Injected: 1",
    "https://hooks.example.com/\tx",
    "https://hooks.example.com/\x00",
    "ht\ntps://hooks.example.com/",
    "https://hooks.example.com/" + "a" * 2_000,
]

#: Fine by their form; what they resolve to is not.
BAD_ADDRESSES = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2002:c0a8:101::1",
    "2606:4700::5efe:127.0.0.1",
    "2606:4700::200:5efe:10.0.0.1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
    "",
]

GOOD_ADDRESSES = [
    "8.8.8.8",
    "1.1.1.1",
    "114.114.114.114",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2400:3200::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.fixture
def listened() -> Iterator[list[object]]:
    """Every connection that was attempted."""
    attempts: list[object] = []

    def refuse(address: object, *_: object, **__: object) -> socket.socket:
        attempts.append(address)
        raise ConnectionRefusedError

    with patch.object(socket, "create_connection", refuse):
        yield attempts


def resolving(answers: list[str]) -> Any:
    def resolve(host: str, port: int) -> list[str]:
        return answers

    return patch.object(signed_post, "resolve", resolve)


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(set(REFUSED_FORMS)) + len(set(BAD_ADDRESSES)) >= 120


@pytest.mark.parametrize("url", REFUSED_FORMS)
def test_a_url_of_such_a_form_is_refused_at_registration_and_at_sending(url: str, listened: list[object]) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8"]  # even if it resolved to something harmless

    with patch.object(signed_post, "resolve", resolve):
        with pytest.raises(UrlRefused):
            check(url, allow_loopback=False)
        assert post(url, {}, b"{}", allow_loopback=False).status is None
    assert listened == [] and asked == []


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_a_name_that_resolves_to_such_an_address_is_refused_each_time(address: str, listened: list[object]) -> None:
    for answer in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        with resolving(answer):
            with pytest.raises(UrlRefused):
                check("https://hooks.example.com/", allow_loopback=True)
            assert post("https://hooks.example.com/", {}, b"{}", allow_loopback=True).status is None
    assert listened == []


@pytest.mark.parametrize("address", GOOD_ADDRESSES)
def test_a_name_on_the_public_internet_is_connected_to_at_its_checked_address(
    address: str, listened: list[object]
) -> None:
    with resolving([address]):
        check("https://hooks.example.com/", allow_loopback=False)
        post("https://hooks.example.com:8443/x", {}, b"{}", allow_loopback=False)
    assert listened == [(address, 8443)]


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
def test_allowing_this_machine_allows_one_spelling_of_it_and_nothing_else(url: str) -> None:
    with pytest.raises(UrlRefused):
        parse_target(url, allow_loopback=True)


def test_this_machine_is_reached_only_where_that_is_allowed() -> None:
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
def test_an_ordinary_address_is_taken_apart(url: str, target: Target) -> None:
    assert parse_target(url) == target


def test_a_name_that_resolves_to_nothing_is_refused(listened: list[object]) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such host")

    def nowhere(host: str, port: int) -> list[str]:
        return []

    for resolve in (unknown, nowhere):
        with patch.object(signed_post, "resolve", resolve), pytest.raises(UrlRefused):
            check("https://hooks.example.com/", allow_loopback=False)
    assert listened == []


@given(st.ip_addresses(v=4))
def test_hardly_any_ipv4_is_judged_otherwise_than_the_library_does_where_both_say_private(
    address: ipaddress.IPv4Address,
) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        known_public = address in ipaddress.IPv4Network("192.0.0.0/24")
        assert not is_public(str(address)) or known_public


@given(st.ip_addresses(v=6))
def test_what_the_library_calls_private_is_never_public_here(address: ipaddress.IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        embedded = address.ipv4_mapped or address.sixtofour
        assert not is_public(str(address)) or (embedded is not None and is_public(str(embedded)))


@given(st.ip_addresses(v=4))
def test_an_embedded_ipv4_is_judged_as_the_ipv4_itself(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    forms = [0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
    for form in forms:
        assert is_public(str(ipaddress.IPv6Address(form))) == is_public(str(address))
