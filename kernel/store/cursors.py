"""Sealed values: cursors, which clients return unread and unchanged, and stored webhook secrets. Keyed digests."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from hashlib import sha256
from hmac import digest
from typing import TYPE_CHECKING, Any

from kernel.base import strict_json
from kernel.base.problems import BadRequest
from kernel.base.settings import settings
from kernel.store import aws

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


@cache
def _box() -> MultiFernet:
    """Return the keys of the stage. The first key encrypts, all keys decrypt, so that keys can be replaced."""
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key) for key in _keys()])


@cache
def _keys() -> list[str]:
    keys = aws.secrets().get_secret_value(SecretId=settings().sealing_key_name)["SecretString"]
    return [key.strip() for key in keys.split(",")]


def keyed_digest(purpose: str, *parts: str) -> bytes:
    """Return 32 bytes that only holders of the stage's first sealing key can compute: HMAC-SHA256 of these texts.

    Args:
        purpose: a word of one use, so that no two uses compute the same digest.
    """
    return digest(_keys()[0].encode(), strict_json.canonical([purpose, *parts]).encode(), sha256)


def seal(value: Any) -> str:
    """Encrypt and sign a JSON value."""
    return _box().encrypt(strict_json.canonical(value).encode()).decode()


def unseal(token: str) -> Any:
    """Return the value of a sealed token.

    Raises:
        Forged: the token was not sealed here, or was altered.
    """
    from cryptography.fernet import InvalidToken

    try:
        # Base64 can write the same bytes in several ways; only the way of `seal` is accepted.
        if urlsafe_b64encode(urlsafe_b64decode(token)).decode() != token:
            raise Forged
        return strict_json.parse(_box().decrypt(token))
    except (InvalidToken, ValueError):
        raise Forged from None


class Forged(ValueError):
    """The token was not sealed here."""


def next_cursor(bound_to: list[str], key: dict[str, Any] | None) -> str | None:
    """Return the cursor after a page; None after the last page.

    Args:
        bound_to: caller, route and filter for which alone the cursor is valid.
    """
    return seal([bound_to, key]) if key else None


def open_cursor(bound_to: list[str], cursor: str | None) -> dict[str, Any] | None:
    """Return the key after which the page begins; None for the first page.

    Raises:
        BadRequest: the cursor is forged, or of another caller, route or filter.
    """
    if cursor is None:
        return None
    try:
        bound, key = unseal(cursor)
    except (ValueError, TypeError):  # forged, or sealed for another purpose
        bound, key = None, None
    if bound != bound_to or not isinstance(key, dict):
        raise BadRequest("bad-cursor", "翻页游标无效,请从第一页开始 / this cursor is not valid here; start from page 1")
    return key
