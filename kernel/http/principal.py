"""Verified callers: a valid OIDC token becomes a `Principal`, any other is refused."""

from __future__ import annotations

import time
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import from_json

from kernel.base.problems import NotSignedIn
from kernel.base.settings import settings

if TYPE_CHECKING:
    from kernel.http.issuer_keys import IssuerKeys

#: For issuers whose clock is ahead of ours: a token may be this much younger than now.
_LEEWAY_SECONDS = 30
#: Longest name, as `kernel.http.models.Name` allows it.
_LONGEST_NAME = 120


class Role(StrEnum):
    """Role of a user; the issuer's groups have these names."""

    DEALER_ADMIN = "dealer_admin"
    DEALER_BUYER = "dealer_buyer"
    DEALER_ACCOUNTANT = "dealer_accountant"
    ASSISTANT = "assistant"
    FINANCE = "finance"
    WAREHOUSE = "warehouse"
    AFTERSALES = "aftersales"
    ADMIN = "admin"


DEALER_ROLES = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER, Role.DEALER_ACCOUNTANT})
STAFF_ROLES = frozenset(Role) - DEALER_ROLES


class Principal(NamedTuple):
    """A verified caller. `dealer_id` is set only for dealers' users; it comes from the token, never from a body."""

    user_id: str
    name: str
    roles: frozenset[Role]
    dealer_id: str | None

    @property
    def is_dealer(self) -> bool:
        """True for a dealer's user, who sees only data of that dealer."""
        return self.dealer_id is not None

    @property
    def scope(self) -> str:
        """Owner of idempotency keys and cursors: the dealer, or the staff user.

        The prefix of staff users separates them from dealers, because a user id may equal a dealer id.
        """
        return self.dealer_id or f"user:{self.user_id}"

    @property
    def own_dealer_id(self) -> str:
        """The caller's dealer; only for routes that admit dealers' users alone."""
        if self.dealer_id is None:
            raise LookupError("a staff user has no dealer")
        return self.dealer_id


def principal_of(authorization: str | None) -> Principal:
    """Return the caller of an `Authorization` header.

    Checks signature (RS256 with the issuer's published keys), issuer, audience, expiry, the use as ID token, and that
    roles and dealer are consistent.

    Raises:
        NotSignedIn: a check failed; the answer does not name the check.
        SignInUnavailable: the issuer's keys cannot be read now, so nothing can be checked.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > 8_192:
        raise NotSignedIn
    claims = _verified(token.strip())
    roles = frozenset(Role(name) for name in _groups(claims) if name in Role._value2member_map_)
    dealer_id = claims.get("custom:dealer_id") or None
    if claims.get("token_use", "id") != "id" or not roles or not _consistent(roles, dealer_id):
        raise NotSignedIn
    return Principal(str(claims["sub"]), _name(claims), roles, dealer_id)


def _name(claims: dict[str, Any]) -> str:
    """Return the name of the caller in events: one printable line, because users may choose their names."""
    chosen = "".join(letter if letter.isprintable() else " " for letter in str(claims.get("name") or ""))
    return chosen.strip()[:_LONGEST_NAME] or str(claims.get("cognito:username") or claims["sub"])


def _consistent(roles: frozenset[Role], dealer_id: Any) -> bool:
    """Return True for dealer roles with a dealer, and for staff roles without; a mixture is refused."""
    if isinstance(dealer_id, str):
        return roles <= DEALER_ROLES
    return dealer_id is None and roles <= STAFF_ROLES


def _groups(claims: dict[str, Any]) -> list[str]:
    groups = claims.get("cognito:groups", [])
    return [name for name in groups if isinstance(name, str)] if isinstance(groups, list) else []


def _verified(token: str) -> dict[str, Any]:
    import jwt  # imports cryptography: only functions that answer requests need it, at the first request

    try:
        # Read unverified, only to choose the key. So the rest of the token is parsed once.
        header = from_json(jwt.utils.base64url_decode(token.partition(".")[0]))
        key = _published_keys().key(header["kid"])
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=settings().oidc_issuer,
            audience=settings().oidc_audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        # Without leeway: the end of a token is the end of a removed user's access.
        if float(claims["exp"]) <= time.time():
            raise NotSignedIn
    except (jwt.PyJWTError, ValueError, TypeError, LookupError):
        raise NotSignedIn from None
    return claims


@cache
def _published_keys() -> IssuerKeys:
    from kernel.http.issuer_keys import IssuerKeys

    return IssuerKeys(settings().oidc_jwks_url)
