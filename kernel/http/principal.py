"""Who is calling: any OIDC issuer's token becomes a Principal, or nothing does. Fails closed."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import from_json

from kernel.base.problems import NotSignedIn
from kernel.base.settings import settings

if TYPE_CHECKING:
    from jwt import PyJWKClient

_LEEWAY_SECONDS = 30
#: As long as a name may be in a file of people (kernel.http.models.Name).
_LONGEST_NAME = 120


class Role(StrEnum):
    """What a user may be; the issuer's groups carry these names."""

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
    """A verified caller. `dealer_id` is set for dealers' users and only for them; it never comes from a body."""

    user_id: str
    name: str
    roles: frozenset[Role]
    dealer_id: str | None

    @property
    def is_dealer(self) -> bool:
        """A dealer's user, who sees only that dealer's things."""
        return self.dealer_id is not None

    @property
    def scope(self) -> str:
        """Whose idempotency keys and cursors these are: the dealer's, or the staff user's own.

        Users are named by the issuer and may be called like a dealer, so the two are told apart.
        """
        return self.dealer_id or f"user:{self.user_id}"

    @property
    def own_dealer_id(self) -> str:
        """The caller's dealer; only for routes that dealers alone may call."""
        if self.dealer_id is None:
            raise LookupError("a staff user has no dealer")
        return self.dealer_id


def principal_of(authorization: str | None) -> Principal:
    """The caller behind an `Authorization` header.

    Checks signature (RS256 by the issuer's published keys), issuer, audience, expiry, that it is an ID token, and that
    roles and dealer fit together.

    Raises:
        NotSignedIn: on anything else, without saying why.
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
    """What the caller is called in histories: one plain line, for a user may be free to choose the own name."""
    chosen = "".join(letter if letter.isprintable() else " " for letter in str(claims.get("name") or ""))
    return chosen.strip()[:_LONGEST_NAME] or str(claims.get("cognito:username") or claims["sub"])


def _consistent(roles: frozenset[Role], dealer_id: Any) -> bool:
    """Dealer roles come with a dealer, staff roles without; a mixture is nobody."""
    if isinstance(dealer_id, str):
        return roles <= DEALER_ROLES
    return dealer_id is None and roles <= STAFF_ROLES


def _groups(claims: dict[str, Any]) -> list[str]:
    groups = claims.get("cognito:groups", [])
    return [name for name in groups if isinstance(name, str)] if isinstance(groups, list) else []


def _verified(token: str) -> dict[str, Any]:
    import jwt  # pulls in cryptography: only functions that serve requests pay for it, at the first one

    try:
        # Nothing is believed of it but which key to try, so the rest of the token need not be taken apart twice.
        header = from_json(jwt.utils.base64url_decode(token.partition(".")[0]))
        key = _published_keys().get_signing_key(header["kid"])
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=settings().oidc_issuer,
            audience=settings().oidc_audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, LookupError):
        raise NotSignedIn from None
    return claims


@cache
def _published_keys() -> PyJWKClient:
    from jwt import PyJWKClient

    # Kept for an hour as a set. Not as single keys (`cache_keys`), which would outlive their withdrawal by the issuer.
    return PyJWKClient(settings().oidc_jwks_url, lifespan=3600, timeout=5)
