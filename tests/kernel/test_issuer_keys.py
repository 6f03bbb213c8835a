"""The issuer's keys are kept while it cannot be reached, and no user is signed out because of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import jwt
import pytest

from kernel.base.problems import NotSignedIn, SignInUnavailable
from kernel.http import issuer_keys, principal
from kernel.http.principal import principal_of
from tests.kernel.sample_service import SampleService, sheet
from tests.support.tokens import claims_of, sign
from tests.support.world import World

BUYER: dict[str, Any] = {"role": "dealer_buyer", "dealer_id": "D0001"}


def buyer(**claims: Any) -> str:
    return sign(claims_of(**BUYER, **claims))


@pytest.fixture
def issuer_away(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[int]]]:
    """Make the issuer unreachable when called; returns the attempts to reach it so far."""
    attempts: list[int] = []

    def unreachable(_: Any) -> Any:
        attempts.append(1)
        raise jwt.PyJWKClientConnectionError("timed out")

    def leave() -> list[int]:
        monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", unreachable)
        return attempts

    principal._published_keys.cache_clear()
    yield leave
    principal._published_keys.cache_clear()


def hours_later(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    moment = time.monotonic() + hours * 3600
    monkeypatch.setattr(issuer_keys.time, "monotonic", lambda: moment)
    cache = principal._published_keys().jwk_set_cache
    assert cache
    cache.jwk_set_with_timestamp = None  # an hour has passed


def test_keys_once_read_are_valid_while_the_issuer_is_away(
    issuer_away: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    principal_of(f"Bearer {buyer()}")
    issuer_away()
    hours_later(monkeypatch, 23)
    assert principal_of(f"Bearer {buyer()}").dealer_id == "D0001"
    with pytest.raises(NotSignedIn):
        principal_of(f"Bearer {buyer(aud='others')}")


def test_keys_are_not_kept_longer_than_a_day(
    issuer_away: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    principal_of(f"Bearer {buyer()}")
    issuer_away()
    hours_later(monkeypatch, 25)
    with pytest.raises(SignInUnavailable):
        principal_of(f"Bearer {buyer()}")


def test_token_with_an_unread_key_may_still_be_valid(
    issuer_away: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    principal_of(f"Bearer {buyer()}")
    issuer_away()
    hours_later(monkeypatch, 2)
    with pytest.raises(SignInUnavailable):
        principal_of(f"Bearer {sign(claims_of(**BUYER), kid='new')}")


def test_issuer_that_is_away_is_asked_once_in_a_while(issuer_away: Callable[[], list[int]]) -> None:
    attempts = issuer_away()
    for _ in range(20):
        with pytest.raises(SignInUnavailable):
            principal_of(f"Bearer {buyer()}")
    assert len(attempts) == 1


def test_issuer_is_asked_again_after_a_pause(
    issuer_away: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as outage:
        outage.setattr(jwt.PyJWKClient, "fetch_data", Mock(side_effect=jwt.PyJWKClientConnectionError("timed out")))
        with pytest.raises(SignInUnavailable):
            principal_of(f"Bearer {buyer()}")
    later = time.monotonic() + 31
    monkeypatch.setattr(issuer_keys.time, "monotonic", lambda: later)
    assert principal_of(f"Bearer {buyer()}").dealer_id == "D0001"


def test_answer_asks_to_retry_while_the_issuer_is_away(
    issuer_away: Callable[[], list[int]], world: World, service: SampleService
) -> None:
    issuer_away()
    answer = world.call("sample", "POST", "/sheets", body=sheet(), key="k", token=buyer())
    assert (answer.status, answer.json["code"]) == (503, "sign-in-unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert service.created == 0
