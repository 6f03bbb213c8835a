"""Who is let in: exactly the bearer of the issuer's ID token for us, and nobody learns why not."""

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
from tests.kernel.desk import Desk, sheet
from tests.world import AUDIENCE, ISSUER, KEY_ID, World, claims_of, sign, signing_key

PUBLIC_PEM = (
    signing_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BUYER: dict[str, Any] = {"role": "dealer_buyer", "dealer_id": "D0001"}


def buyer(**claims: Any) -> str:
    return sign(claims_of(**BUYER, **claims))


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _handmade(header: Any, claims: Any, signature: bytes = b"") -> str:
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
    published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(STRANGER.public_key()))
    return sign(claims_of(**BUYER), key=STRANGER, jwk=published, jku="https://evil.test/keys")


FORGED: dict[str, Callable[[], str]] = {
    "no algorithm": lambda: _handmade({"alg": "none", "kid": KEY_ID}, claims_of(**BUYER)),
    "no algorithm, spelt otherwise": lambda: _handmade({"alg": "nOnE", "kid": KEY_ID}, claims_of(**BUYER)),
    "symmetric with the public key as secret": _hs256_with_the_public_key,
    "symmetric with an empty secret": lambda: _handmade({"alg": "HS256", "kid": KEY_ID}, claims_of(**BUYER)),
    "another key under our id": lambda: sign(claims_of(**BUYER), key=STRANGER),
    "another key brought along": _own_key_in_the_header,
    "an unknown key id": lambda: sign(claims_of(**BUYER), kid="other"),
    "a path as key id": lambda: sign(claims_of(**BUYER), kid="../../../../dev/null"),
    "a list as key id": lambda: _handmade({"alg": "RS256", "kid": [KEY_ID]}, claims_of(**BUYER)),
    "an object as key id": lambda: _handmade({"alg": "RS256", "kid": {"a": 1}}, claims_of(**BUYER)),
    "no key id": lambda: _handmade({"alg": "RS256"}, claims_of(**BUYER)),
    "PS256 with our key": lambda: jwt.encode(claims_of(**BUYER), signing_key(), "PS256", headers={"kid": KEY_ID}),
    "RS512 with our key": lambda: jwt.encode(claims_of(**BUYER), signing_key(), "RS512", headers={"kid": KEY_ID}),
    "another's claims under our signature": _tampered,
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
    "roles we do not know": lambda: buyer(**{"cognito:groups": ["root", "Admin"]}),
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
    "claims nested a thousand deep": lambda: _handmade(
        {"alg": "RS256", "kid": KEY_ID}, b'{"a":' + b"[" * 2500 + b"]" * 2500 + b"}"
    ),
    "a header nested a thousand deep": lambda: _handmade(b'{"a":' + b"[" * 2500 + b"]" * 2500 + b"}", {}),
    "claims that are a list": lambda: _handmade({"alg": "RS256", "kid": KEY_ID}, [1]),
    "not even text": lambda: "\udcff.\udcff.\udcff",
    "Chinese": lambda: "令牌.令牌.令牌",
    "spaces": lambda: "   ",
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_token_that_is_not_the_issuers_for_us_lets_nobody_in(world: World, forged: str) -> None:
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
def test_anything_but_one_bearer_token_lets_nobody_in(world: World, header: str | None) -> None:
    with pytest.raises(NotSignedIn):
        principal_of(header and header.replace("{}", buyer()))


def test_a_dealers_user_is_known_by_the_token_alone(world: World) -> None:
    caller = principal_of(f"Bearer {buyer(sub='u-1', name='王芳')}")
    assert (caller.user_id, caller.name, caller.dealer_id) == ("u-1", "王芳", "D0001")
    assert caller.roles == {Role.DEALER_BUYER}
    assert caller.is_dealer
    assert caller.own_dealer_id == "D0001"


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [("王\u3000芳", "王 芳"), ("王芳\n2026 admin", "王芳 2026 admin"), ("\u202e芳", "芳"), ("x" * 2_000, "x" * 120)],
)
def test_a_chosen_name_is_shown_as_one_plain_line(world: World, chosen: str, shown: str) -> None:
    assert principal_of(f"Bearer {buyer(name=chosen)}").name == shown


def test_who_chose_no_name_that_can_be_read_is_called_by_the_user_name(world: World) -> None:
    token = buyer(name=" \u200b ", **{"cognito:username": "wang"})
    assert principal_of(f"Bearer {token}").name == "wang"


def test_the_scheme_may_be_written_in_any_case(world: World) -> None:
    assert principal_of(f"bearer {buyer()}").dealer_id == "D0001"


def test_staff_have_no_dealer(world: World) -> None:
    caller = principal_of(f"Bearer {sign(claims_of(role='finance', sub='u-9'))}")
    assert (caller.dealer_id, caller.is_dealer) == (None, False)
    with pytest.raises(LookupError):
        _ = caller.own_dealer_id


def test_no_staff_user_shares_keys_and_cursors_with_a_dealer(world: World) -> None:
    dealer = principal_of(f"Bearer {buyer()}")
    clerk = principal_of(f"Bearer {sign(claims_of(role='assistant', sub='D0001'))}")
    assert dealer.scope != clerk.scope


def test_two_users_of_a_dealer_share_keys_and_cursors(world: World) -> None:
    first, second = (principal_of(f"Bearer {buyer(sub=user)}") for user in ("u-1", "u-2"))
    assert first.scope == second.scope


def test_groups_that_are_no_roles_are_ignored_beside_one_that_is(world: World) -> None:
    caller = principal_of(f"Bearer {buyer(**{'cognito:groups': ['eu-pool', 7, 'dealer_buyer']})}")
    assert caller.roles == {Role.DEALER_BUYER}


def test_our_client_may_be_one_of_several_audiences(world: World) -> None:
    assert principal_of(f"Bearer {buyer(aud=['other', AUDIENCE])}").dealer_id == "D0001"


def test_an_issuer_that_does_not_mark_token_use_is_accepted(world: World) -> None:
    assert principal_of(f"Bearer {buyer(token_use=None)}").dealer_id == "D0001"


def test_half_a_minute_of_clock_difference_is_forgiven(world: World) -> None:
    now = int(time.time())
    assert principal_of(f"Bearer {buyer(exp=now - 10, iat=now + 10)}").dealer_id == "D0001"


def test_every_role_is_a_dealers_or_the_houses() -> None:
    assert set(Role) == DEALER_ROLES | STAFF_ROLES
    assert not DEALER_ROLES & STAFF_ROLES


def test_a_key_the_issuer_withdrew_counts_no_longer_once_the_keys_are_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = buyer()
    principal_of(f"Bearer {token}")
    replaced = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(STRANGER.public_key()))
    keys = {"keys": [replaced | {"kid": "key-2", "use": "sig", "alg": "RS256"}]}
    with monkeypatch.context() as later:
        later.setattr(jwt.PyJWKClient, "fetch_data", lambda client: keys)
        kept = principal._published_keys().jwk_set_cache
        assert kept
        kept.jwk_set_with_timestamp = None  # an hour has passed
        try:
            with pytest.raises(NotSignedIn):
                principal_of(f"Bearer {token}")
        finally:
            principal._published_keys.cache_clear()


def test_unknown_keys_do_not_make_us_ask_the_issuer_each_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    principal_of(f"Bearer {buyer()}")
    asked = []
    real = jwt.PyJWKClient.fetch_data

    def counted(client: jwt.PyJWKClient) -> Any:
        asked.append(client)
        return real(client)

    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", counted)
    for number in range(20):
        with pytest.raises(NotSignedIn):
            principal_of(f"Bearer {sign(claims_of(**BUYER), kid=f'made-up-{number}')}")
    assert len(asked) <= 1


def test_an_issuer_out_of_reach_lets_nobody_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_: Any) -> Any:
        raise jwt.PyJWKClientConnectionError("timed out")

    principal._published_keys.cache_clear()
    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", unreachable)
    with pytest.raises(NotSignedIn):
        principal_of(f"Bearer {buyer()}")


@pytest.mark.parametrize("forged", ["no algorithm", "another issuer", "an expired token", "claims that are a list"])
def test_every_cause_gives_the_same_answer_and_nothing_is_written(world: World, desk: Desk, forged: str) -> None:
    answers = [
        world.call("desk", "POST", "/sheets", body=sheet(), key="k", token=token) for token in (None, FORGED[forged]())
    ]
    assert answers[0].status == answers[1].status == 401
    assert answers[0].text == answers[1].text
    assert answers[0].headers["Content-Type"] == "application/problem+json"
    assert world.snapshot() == {}
