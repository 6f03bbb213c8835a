"""What we hand out and want back unread and unchanged (cursors), or must store unreadable (webhook secrets)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING, Any

from kernel.base import strict_json
from kernel.base.problems import BadRequest
from kernel.base.settings import settings
from kernel.store import aws

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


@cache
def _box() -> MultiFernet:
    """The keys of the stage, separated by commas: the first seals, all of them open, so that keys can be changed."""
    from cryptography.fernet import Fernet, MultiFernet

    keys = aws.secrets().get_secret_value(SecretId=settings().sealing_key_name)["SecretString"]
    return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])


def seal(value: Any) -> str:
    """A JSON value as an authenticated, unreadable token."""
    return _box().encrypt(strict_json.canonical(value).encode()).decode()


def unseal(token: str) -> Any:
    """The value in a token we sealed.

    Raises:
        Forged: it is not one of ours, or was altered.
    """
    from cryptography.fernet import InvalidToken

    try:
        # Base64 has several spellings of the same bytes; only the one we gave out is ours.
        if urlsafe_b64encode(urlsafe_b64decode(token)).decode() != token:
            raise Forged
        return strict_json.parse(_box().decrypt(token))
    except (InvalidToken, ValueError):
        raise Forged from None


class Forged(ValueError):
    """A token that we did not seal."""


def next_cursor(bound_to: list[str], key: dict[str, Any] | None) -> str | None:
    """The cursor after a page, good only for the same caller, route and filter; None after the last page."""
    return seal([bound_to, key]) if key else None


def open_cursor(bound_to: list[str], cursor: str | None) -> dict[str, Any] | None:
    """The key to go on from.

    Raises:
        BadRequest: forged, or made for another caller, route or filter.
    """
    if cursor is None:
        return None
    try:
        bound, key = unseal(cursor)
    except (ValueError, TypeError):  # forged, or sealed for something else
        bound, key = None, None
    if bound != bound_to or not isinstance(key, dict):
        raise BadRequest("bad-cursor", "翻页游标无效,请从第一页开始 / this cursor is not valid here; start from page 1")
    return key
