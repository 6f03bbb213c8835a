"""Callers: only a valid ID token of the issuer is accepted, and every refusal has the same answer."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kernel.base.problems import NotSignedIn
from kernel.http import principal
from kernel.http.principal import DEALER_ROLES, STAFF_ROLES, Role, principal_of
from tests.kernel.sample_service import SampleService, sheet
from tests.support.tokens import AUDIENCE, ISSUER, KEY_ID, claims_of, sign, signing_key
from tests.support.world import World

PUBLIC_PEM = (
    signing_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BUYER: dict[str, Any] = {"role": "dealer_buyer", "dealer_id": "D0001"}


def buyer(**claims: Any) -> str:
    return sign(claims_of(**BUYER, **claims))


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(header: Any, claims: Any, signature: bytes = b"") -> str:
    return f"{_part(header)}.{_part(claims)}.{_part(signature)}"


def _hs256_with_the_public_key() -> str:
    import hashlib
    import hmac

    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': KEY_ID})}.{_part(claims_of(**BUYER))}"
    return f"{signed}.{_part(hmac.new(PUBLIC_PEM, signed.encode(), hashlib.sha256).digest())}"


def _tampered() -> str:
    header, _, signature = buyer().split(".")
    return f"{header}.{_part(claims_of(role='admin'))}.{signature}"


def _own_key_in_the_header() -> str:
    published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key()))
    return sign(claims_of(**BUYER), key=OTHER_KEY, jwk=published, jku="https://evil.test/keys")


FORGED: dict[str, Callable[[], str]] = {
    "no algorithm": lambda: _unsigned({"alg": "none", "kid": KEY_ID}, claims_of(**BUYER)),
    "no algorithm, in mixed case": lambda: _unsigned({"alg": "nOnE", "kid": KEY_ID}, claims_of(**BUYER)),
    "symmetric with the public key as secret": _hs256_with_the_public_key,
    "symmetric with an empty secret": lambda: _unsigned({"alg": "HS256", "kid": KEY_ID}, claims_of(**BUYER)),
    "another key under our id": lambda: sign(claims_of(**BUYER), key=OTHER_KEY),
    "another key in the header": _own_key_in_the_header,
    "an unknown key id": lambda: sign(claims_of(**BUYER), kid="other"),
    "a path as key id": lambda: sign(claims_of(**BUYER), kid="../../../../dev/null"),
    "a list as key id": lambda: _unsigned({"alg": "RS256", "kid": [KEY_ID]}, claims_of(**BUYER)),
    "an object as key id": lambda: _unsigned({"alg": "RS256", "kid": {"a": 1}}, claims_of(**BUYER)),
    "no key id": lambda: _unsigned({"alg": "RS256"}, claims_of(**BUYER)),
    "PS256 with our key": lambda: jwt.encode(claims_of(**BUYER), signing_key(), "PS256", headers={"kid": KEY_ID}),
    "RS512 with our key": lambda: jwt.encode(claims_of(**BUYER), signing_key(), "RS512", headers={"kid": KEY_ID}),
    "other claims under our signature": _tampered,
    "no signature": lambda: buyer().rpartition(".")[0] + ".",
    "two parts": lambda: buyer().rpartition(".")[0],
    "four parts": lambda: buyer() + ".e30",
    "another issuer": lambda: buyer(iss="https://evil.test/pool"),
    "our issuer and a slash": lambda: buyer(iss=ISSUER + "/"),
    "no issuer": lambda: buyer(iss=None),
    "another audience": lambda: buyer(aud="another-client"),
    "our audience beside nothing": lambda: buyer(aud=[]),
    "no audience": lambda: buyer(aud=None),
    "an access token": lambda: buyer(token_use="access", aud=None, client_id=AUDIENCE),
    "an access token with our audience": lambda: buyer(token_use="access"),
    "an expired token": lambda: buyer(exp=int(time.time()) - 120),
    "a token that has just expired": lambda: buyer(exp=int(time.time()) - 1),
    "no expiry": lambda: buyer(exp=None),
    "an expiry that is text": lambda: buyer(exp="tomorrow"),
    "an expiry that is no number": lambda: sign({**claims_of(**BUYER), "exp": float("nan")}),
    "an expiry beyond all numbers": lambda: sign({**claims_of(**BUYER), "exp": float("inf")}),
    "a token from tomorrow": lambda: buyer(iat=int(time.time()) + 86_400),
    "not valid before tomorrow": lambda: buyer(nbf=int(time.time()) + 86_400),
    "no time of issue": lambda: buyer(iat=None),
    "no subject": lambda: buyer(sub=None),
    "a subject that is a number": lambda: sign({**claims_of(**BUYER), "sub": 5}),
    "no roles": lambda: buyer(**{"cognito:groups": None}),
    "an empty list of roles": lambda: buyer(**{"cognito:groups": []}),
    "unknown roles": lambda: buyer(**{"cognito:groups": ["root", "Admin"]}),
    "roles as text": lambda: buyer(**{"cognito:groups": "dealer_buyer"}),
    "roles as an object": lambda: buyer(**{"cognito:groups": {"dealer_buyer": True}}),
    "a role in another case": lambda: buyer(**{"cognito:groups": ["DEALER_BUYER"]}),
    "dealer and staff roles at once": lambda: buyer(**{"cognito:groups": ["dealer_buyer", "admin"]}),
    "a dealer's role without a dealer": lambda: sign(claims_of(role="dealer_buyer")),
    "a dealer's role with an empty dealer": lambda: sign(claims_of(role="dealer_buyer", **{"custom:dealer_id": ""})),
    "a staff role with a dealer": lambda: sign(claims_of(role="admin", dealer_id="D0001")),
    "a dealer id that is a number": lambda: buyer(**{"custom:dealer_id": 1}),
    "a dealer id that is a list": lambda: buyer(**{"custom:dealer_id": ["D0001"]}),
    "more than eight kilobytes": lambda: buyer(padding="x" * 8_192),
    "claims nested a thousand deep": lambda: _unsigned(
        {"alg": "RS256", "kid": KEY_ID}, b'{"a":' + b"[" * 2500 + b"]" * 2500 + b"}"
    ),
    "a header nested a thousand deep": lambda: _unsigned(b'{"a":' + b"[" * 2500 + b"]" * 2500 + b"}", {}),
    "claims that are a list": lambda: _unsigned({"alg": "RS256", "kid": KEY_ID}, [1]),
    "not even text": lambda: "\udcff.\udcff.\udcff",
    "Chinese": lambda: "令牌.令牌.令牌",
    "spaces": lambda: "   ",
}


@pytest.mark.parametrize("forged", FORGED)
def test_forged_token_is_refused(world: World, forged: str) -> None:
    with pytest.raises(NotSignedIn):
        principal_of(f"Bearer {FORGED[forged]()}")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic {}",
        "{}",
        "bearer{}",
        "Bearer,{}",
        "Token {}",
        "Bearer {} x",
        "Bearer {},{}",
    ],
)
def test_header_without_exactly_one_bearer_token_is_refused(world: World, header: str | None) -> None:
    with pytest.raises(NotSignedIn):
        principal_of(header and header.replace("{}", buyer()))


def test_caller_of_a_dealer_comes_from_the_token_alone(world: World) -> None:
    caller = principal_of(f"Bearer {buyer(sub='u-1', name='王芳')}")
    assert (caller.user_id, caller.name, caller.dealer_id) == ("u-1", "王芳", "D0001")
    assert caller.roles == {Role.DEALER_BUYER}
    assert caller.is_dealer
    assert caller.own_dealer_id == "D0001"


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [("王\u3000芳", "王 芳"), ("王芳\n2026 admin", "王芳 2026 admin"), ("\u202e芳", "芳"), ("x" * 2_000, "x" * 120)],
)
def test_caller_name_is_one_printable_line(world: World, chosen: str, shown: str) -> None:
    assert principal_of(f"Bearer {buyer(name=chosen)}").name == shown


def test_caller_name_is_the_user_name_when_empty(world: World) -> None:
    token = buyer(name=" \u200b ", **{"cognito:username": "wang"})
    assert principal_of(f"Bearer {token}").name == "wang"


def test_scheme_is_accepted_in_any_case(world: World) -> None:
    assert principal_of(f"bearer {buyer()}").dealer_id == "D0001"


def test_staff_caller_has_no_dealer(world: World) -> None:
    caller = principal_of(f"Bearer {sign(claims_of(role='finance', sub='u-9'))}")
    assert (caller.dealer_id, caller.is_dealer) == (None, False)
    with pytest.raises(LookupError):
        _ = caller.own_dealer_id


def test_staff_user_and_dealer_have_different_scopes(world: World) -> None:
    dealer = principal_of(f"Bearer {buyer()}")
    clerk = principal_of(f"Bearer {sign(claims_of(role='assistant', sub='D0001'))}")
    assert dealer.scope != clerk.scope


def test_users_of_one_dealer_have_the_same_scope(world: World) -> None:
    first, second = (principal_of(f"Bearer {buyer(sub=user)}") for user in ("u-1", "u-2"))
    assert first.scope == second.scope


def test_unknown_groups_are_ignored_beside_a_role(world: World) -> None:
    caller = principal_of(f"Bearer {buyer(**{'cognito:groups': ['eu-pool', 7, 'dealer_buyer']})}")
    assert caller.roles == {Role.DEALER_BUYER}


def test_token_with_several_audiences_is_accepted(world: World) -> None:
    assert principal_of(f"Bearer {buyer(aud=['other', AUDIENCE])}").dealer_id == "D0001"


def test_token_without_token_use_is_accepted(world: World) -> None:
    assert principal_of(f"Bearer {buyer(token_use=None)}").dealer_id == "D0001"


def test_token_of_an_issuer_whose_clock_is_ahead_is_accepted(world: World) -> None:
    now = int(time.time())
    assert principal_of(f"Bearer {buyer(iat=now + 10, exp=now + 310)}").dealer_id == "D0001"


def test_every_role_is_a_dealer_or_a_staff_role() -> None:
    assert set(Role) == DEALER_ROLES | STAFF_ROLES
    assert not DEALER_ROLES & STAFF_ROLES


def test_withdrawn_key_is_refused_once_keys_are_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = buyer()
    principal_of(f"Bearer {token}")
    replaced = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key()))
    keys = {"keys": [replaced | {"kid": "key-2", "use": "sig", "alg": "RS256"}]}
    with monkeypatch.context() as later:
        later.setattr(jwt.PyJWKClient, "fetch_data", lambda client: keys)
        cache = principal._published_keys().jwk_set_cache
        assert cache
        cache.jwk_set_with_timestamp = None  # an hour has passed
        try:
            with pytest.raises(NotSignedIn):
                principal_of(f"Bearer {token}")
        finally:
            principal._published_keys.cache_clear()


def test_unknown_keys_cause_no_request_to_the_issuer_each_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    principal_of(f"Bearer {buyer()}")
    calls = []
    real = jwt.PyJWKClient.fetch_data

    def counted(client: jwt.PyJWKClient) -> Any:
        calls.append(client)
        return real(client)

    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", counted)
    for number in range(20):
        with pytest.raises(NotSignedIn):
            principal_of(f"Bearer {sign(claims_of(**BUYER), kid=f'made-up-{number}')}")
    assert len(calls) <= 1


@pytest.mark.parametrize("forged", ["no algorithm", "another issuer", "an expired token", "claims that are a list"])
def test_every_refused_token_gets_the_same_answer(world: World, service: SampleService, forged: str) -> None:
    answers = [
        world.call("sample", "POST", "/sheets", body=sheet(), key="k", token=token)
        for token in (None, FORGED[forged]())
    ]
    assert answers[0].status == answers[1].status == 401
    assert answers[0].text == answers[1].text
    assert answers[0].headers["Content-Type"] == "application/problem+json"
    assert world.snapshot() == {}
