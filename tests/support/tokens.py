"""ID tokens of a pretended issuer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any
from unittest.mock import patch

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER, AUDIENCE = "https://issuer.test/pool", "qudao-test-client"
KEY_ID = "test-key-1"


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """Return the issuer's private key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims_of(
    *, role: str = "dealer_buyer", dealer_id: str | None = None, roles: Sequence[str] | None = None, **claims: Any
) -> dict[str, Any]:
    """Return the claims of an ID token. A claim given as None is left out."""
    now = int(time.time()) // 60 * 60
    user = f"{role}-{dealer_id or 'house'}"
    given: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user,
        "cognito:username": user,
        "token_use": "id",
        "iat": now,
        "exp": now + 3600,
        "cognito:groups": list(roles or [str(role)]),
        "custom:dealer_id": dealer_id,
    }
    return {name: value for name, value in (given | claims).items() if value is not None}


@lru_cache(maxsize=1_000)
def cached_token(claims: str) -> str:
    """Return the token of these claims, given as JSON. A signature takes as long as the work of a route."""
    return sign(json.loads(claims))


def sign(claims: dict[str, Any], *, key: Any = None, algorithm: str = "RS256", **headers: Any) -> str:
    """Sign claims with the issuer's key, or with `key`."""
    return jwt.encode(claims, key or signing_key(), algorithm=algorithm, headers={"kid": KEY_ID, **headers})


@contextmanager
def published_keys() -> Iterator[None]:
    """Hand the issuer's public key over instead of fetching it; nothing else in the check of tokens is replaced."""
    published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key()))
    keys = {"keys": [published | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
    with patch.object(jwt.PyJWKClient, "fetch_data", lambda client: keys):
        yield
