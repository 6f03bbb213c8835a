"""Addresses that webhooks may go to: only those of the public internet."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

#: Ports of HTTPS; a request to another port could reach some other kind of server.
PORTS = frozenset({443, 8443})

MAX_URL = 2_000

_LOOPBACK = "127.0.0.1"

_LOWEST_LOOPBACK_PORT = 1024

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

#: Host name with a dot whose last label begins with a letter: no IP address in any notation, no local name.
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")

_TEXT = re.compile(r"[!-\[\]-~]+")  # visible ASCII without the backslash, which some clients read as a slash

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata service of one cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # host agent of another cloud, at an address that looks public
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)

_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")

_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(net)
    for net in ("2001::/23", "2001:db8::/32", "3fff::/20")  # tunnels and special registrations, documentation
)

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")

_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


class UrlRefused(ValueError):
    """Webhooks may not go to this URL. Carries no reason, because the reason would show what the name resolves to."""


class Target(NamedTuple):
    """Parts of a URL whose form is allowed. `path` includes the query."""

    host: str
    port: int
    path: str
    tls: bool

    @property
    def is_loopback(self) -> bool:
        """True for a receiver on the developer's own machine, where that is allowed."""
        return self.host == _LOOPBACK


def parse_target(url: str, *, allow_loopback: bool = False) -> Target:
    """Return the parts of a URL.

    Args:
        allow_loopback: also accept `http://127.0.0.1:<port>`, for the local stage.
    Raises:
        UrlRefused: not https, a user name, a fragment, another port, an IP address, a name without a dot, other
            characters than visible ASCII.
    """
    if len(url) > MAX_URL or not _TEXT.fullmatch(url):
        raise UrlRefused
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlRefused from None
    host = (parts.hostname or "").lower()
    if "@" in parts.netloc or parts.fragment:
        raise UrlRefused
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if allow_loopback and parts.scheme == "http" and host == _LOOPBACK and (port or 0) >= _LOWEST_LOOPBACK_PORT:
        return Target(host, int(port or 0), path, tls=False)
    if parts.scheme != "https" or (port or 443) not in PORTS or port == 0 or not _NAME.fullmatch(host):
        raise UrlRefused
    return Target(host, port or 443, path, tls=True)


def is_public(text: str) -> bool:
    """Return True if a resolved address is a public one; an IPv4 address embedded in IPv6 is checked itself."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return _public_v4(address)
    if address.scope_id is not None:
        return False
    if address.ipv4_mapped is not None:
        return _public_v4(address.ipv4_mapped)
    number = int(address)
    if address in _NAT64:
        return _public_v4(_v4(number))
    if address in _SIX_TO_FOUR:
        return _public_v4(_v4(number >> 80))
    if (number >> 32) & 0xFFFFFFFF in _ISATAP and not _public_v4(_v4(number)):
        return False
    return address in _GLOBAL_V6 and not any(address in net for net in _REFUSED_V6)


def _public_v4(address: ipaddress.IPv4Address) -> bool:
    return not any(address in net for net in _REFUSED_V4)


def _v4(number: int) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(number & 0xFFFFFFFF)
