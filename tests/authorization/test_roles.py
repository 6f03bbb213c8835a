"""Every route as every role, about one's own thing, another dealer's, and one that does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from services.notifications.webhooks import signed_post
from tests.authorization.cases import CASES, Case
from tests.authorization.town import DEALER_ROLES, OTHER, OWN, ROLES, Town, canary, settle
from tests.support import calls
from tests.support.functions import load_apps
from tests.support.gateway import Response
from tests.support.world import World


@pytest.fixture
def town(world: World, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr(signed_post, "resolve", lambda *_: ["93.184.216.34"])
    return settle(world)


def asked(town: Town, case: Case, role: str, dealer: str, **more: Any) -> Response:
    """Ask about a dealer's thing, always as a user of our own dealer or of the house."""
    missing = more.pop("missing", False)
    query = case.query_for(dealer, missing=missing)
    path = case.asked(town.things, role, dealer, missing=missing)
    body = case.body(dealer) if case.body else None
    return town.ask(case.service, case.method, path, body, role=role, query=query, **more)


def test_every_route_has_a_case_and_every_case_a_route() -> None:
    apps, _ = load_apps()
    routes = {(name, one.method, one.path) for name, app in apps.items() for one in app.operations}
    cases = {(case.service, case.method, case.path) for case in CASES}
    assert routes - cases == set(), "write down in cases.py who may use these"
    assert cases - routes == set(), "these are gone"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_whoever_is_not_allowed_is_refused_and_changes_nothing(town: Town, case: Case) -> None:
    before = town.world.snapshot()
    with calls.recorded() as uses:
        for role in (role for role in ROLES if role not in case.allows):
            answer = asked(town, case, role, OWN)
            assert answer.status == 403 or answer.status in case.otherwise, (role, answer.json)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert not any(use.writes for use in uses), role
    assert town.world.snapshot() == before


@pytest.mark.parametrize("case", CASES, ids=str)
def test_whoever_is_allowed_is_served(town: Town, case: Case) -> None:
    saved = town.world.save()
    for role in (role for role in ROLES if role in case.allows):
        with calls.recorded() as uses:
            # Staff belong to no dealer: what they may, they may for any.
            answer = asked(town, case, role, OWN if role in DEALER_ROLES else OTHER)
        assert answer.status == case.status, (role, answer.json)
        if any(use.writes for use in uses):
            town.world.restore(saved)


OF_A_DEALER = [case for case in CASES if case.of_a_dealer]


@pytest.mark.parametrize("case", OF_A_DEALER, ids=str)
def test_another_dealers_thing_cannot_be_told_from_none(town: Town, case: Case) -> None:
    before = town.world.snapshot()
    for role in DEALER_ROLES:
        with calls.recorded() as for_other:
            other = asked(town, case, role, OTHER, key="k-1")
        with calls.recorded() as for_none:
            missing = asked(town, case, role, OTHER, missing=True, key="k-1")
        assert asked(town, case, role, OWN, missing=True, key="k-1").text == missing.text
        assert other.status == missing.status, (role, other.json, missing.json)
        assert other.status in (403, 404), (role, other.json)
        assert other.text == missing.text, role
        assert other.headers == missing.headers, role
        assert [use.action for use in for_other] == [use.action for use in for_none], "it can be told by its cost"
    assert town.world.snapshot() == before


@pytest.mark.parametrize("case", [case for case in CASES if case.missing], ids=str)
def test_what_does_not_exist_is_not_found_by_anybody_allowed(town: Town, case: Case) -> None:
    before = town.world.snapshot()
    for role in sorted(case.allows):
        answer = asked(town, case, role, OWN, missing=True)
        if role in case.none_is_empty_for:
            assert answer.status == 200 and not any(value for value in answer.json.values()), role
            continue
        assert (answer.status, answer.json["code"]) == (404, "not-found"), (role, answer.json)
    assert town.world.snapshot() == before


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_answer_to_a_dealer_speaks_of_the_other(town: Town, case: Case) -> None:
    saved = town.world.save()
    for role in DEALER_ROLES:
        for about in (OWN, OTHER):
            with calls.recorded() as uses:
                answer = asked(town, case, role, about)
            assert canary(OTHER) not in answer.text, (role, about)
            assert canary("house") not in answer.text, (role, about)
            assert "内部-canary" not in answer.text, (role, about)
            if any(use.writes for use in uses):
                town.world.restore(saved)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nobody_is_served_without_a_good_token(town: Town, case: Case) -> None:
    before = town.world.snapshot()
    role = next(role for role in ROLES if role in case.allows)
    good = town.token(role)
    roleless: dict[str, Any] = {"cognito:groups": []}
    both: dict[str, Any] = {"cognito:groups": ["admin", "dealer_admin"], "custom:dealer_id": OWN}
    forged = {
        "none": None,
        "empty": "",
        "cut short": good[:-4],
        "expired": town.token(role, exp=1_600_000_000),
        "another audience": town.token(role, aud="other"),
        "another issuer": town.token(role, iss="https://evil.test"),
        "an access token": town.token(role, token_use="access"),
        "no role": town.token(role, **roleless),
        "both sides": town.token(role, **both),
    }
    texts = set()
    with calls.recorded() as uses:
        for name, token in forged.items():
            answer = asked(town, case, role, OWN, token=token)
            assert answer.status == 401, name
            texts.add(answer.text)
    assert len(texts) == 1, "one message for every cause"
    assert uses == [], "nothing is looked up for strangers"
    assert town.world.snapshot() == before
