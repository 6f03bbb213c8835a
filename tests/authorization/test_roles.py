"""Authorization matrix: every route, every role, with an own object, another dealer's object and a missing object."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import calls
from tests.support.company import SampleCompany
from tests.support.company_data import ALL_ROLES, DEALER_ROLES, INTERNAL_NOTE, OTHER, OWN, marker
from tests.support.declarations import cases, operation_of, undeclared
from tests.support.functions import load_apps
from tests.support.gateway import Response
from tests.support.trigger import Case

PUBLIC = [case for case in cases() if case.public]
CASES = [case for case in cases() if not case.public]
#: Every route that needs no token, by hand: one more is a decision.
PUBLIC_ROUTES = {
    "dealers POST /invitations/accept",
    "dealers POST /machines/token",
    "dealers POST /sign-in",
    "dealers POST /sign-in/codes",
}
OF_DEALER = [case for case in CASES if case.of_dealer]
WITH_MISSING = [case for case in CASES if case.missing]


def send(company: SampleCompany, case: Case, role: str, dealer: str, **more: Any) -> Response:
    """Send the request about an object of this dealer, as a user of our own dealer or of the distributor."""
    missing = more.pop("missing", False)
    query = case.query_for(dealer, missing=missing)
    path = case.path_for(company.ids, role, dealer, missing=missing)
    return company.send(case.service, case.method, path, case.body_for(dealer), role=role, query=query, **more)


def test_declarations_match_the_apps() -> None:
    apps, broken = load_apps()
    assert not broken
    assert not undeclared(apps), "\n".join(undeclared(apps))


def test_public_routes_are_exactly_the_listed_ones() -> None:
    apps, _ = load_apps()
    public = {
        f"{service} {operation.method} {operation.path}"
        for service, app in apps.items()
        for operation in app.operations
        if operation.public or not operation.roles
    }
    assert public == PUBLIC_ROUTES == {str(case) for case in PUBLIC}


@pytest.mark.parametrize("case", PUBLIC, ids=str)
def test_public_route_answers_all_callers_alike(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    answers = {send(company, case, role, OWN).text for role in ALL_ROLES}
    answers |= {send(company, case, "admin", OWN, token=token).text for token in (None, "", "x.y.z")}
    assert len(answers) == 1
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", [*CASES, *PUBLIC], ids=str)
def test_declared_body_matches_the_route(case: Case) -> None:
    file = f"tests/{case.service}/scenarios.py"
    takes_body = operation_of(case).body is not None
    assert takes_body is (case.body is not None), f"{'add' if takes_body else 'remove'} body= of {case} in {file}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_role_without_access_is_refused(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    with calls.recorded() as uses:
        for role in (role for role in ALL_ROLES if role not in case.roles):
            answer = send(company, case, role, OWN)
            assert answer.status == 403 or answer.status in case.refusals, (role, answer.json)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert not any(use.writes for use in uses), role
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", CASES, ids=str)
def test_role_with_access_is_served(company: SampleCompany, case: Case) -> None:
    saved = company.world.save()
    for role in (role for role in ALL_ROLES if role in case.roles):
        with calls.recorded() as uses:
            # Staff act for every dealer.
            answer = send(company, case, role, OWN if role in DEALER_ROLES else OTHER)
        assert answer.status == case.status, (role, answer.json)
        if any(use.writes for use in uses):
            company.world.restore(saved)


@pytest.mark.parametrize("case", OF_DEALER, ids=str)
def test_object_of_another_dealer_looks_missing(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    for role in DEALER_ROLES:
        with calls.recorded() as uses_of_other:
            other = send(company, case, role, OTHER, key="k-1")
        with calls.recorded() as uses_of_missing:
            missing = send(company, case, role, OTHER, missing=True, key="k-1")
        assert send(company, case, role, OWN, missing=True, key="k-1").text == missing.text
        assert other.status == missing.status, (role, other.json, missing.json)
        assert other.status in (403, 404), (role, other.json)
        assert other.text == missing.text, role
        assert other.headers == missing.headers, role
        assert [use.action for use in uses_of_other] == [use.action for use in uses_of_missing], "its cost differs"
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_MISSING, ids=str)
def test_missing_object_is_not_found(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    for role in sorted(case.roles):
        answer = send(company, case, role, OWN, missing=True)
        if role in case.empty_for:
            assert answer.status == 200 and not any(value for value in answer.json.values()), role
            continue
        assert (answer.status, answer.json["code"]) == (404, "not-found"), (role, answer.json)
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", CASES, ids=str)
def test_answer_to_dealer_contains_nothing_of_others(company: SampleCompany, case: Case) -> None:
    saved = company.world.save()
    for role in DEALER_ROLES:
        for dealer in (OWN, OTHER):
            with calls.recorded() as uses:
                answer = send(company, case, role, dealer)
            assert marker(OTHER) not in answer.text, (role, dealer)
            assert marker("house") not in answer.text, (role, dealer)
            assert INTERNAL_NOTE not in answer.text, (role, dealer)
            if any(use.writes for use in uses):
                company.world.restore(saved)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_request_without_valid_token_is_refused(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    role = case.first_role
    valid = company.token(role)
    no_groups: dict[str, Any] = {"cognito:groups": []}
    both_sides: dict[str, Any] = {"cognito:groups": ["admin", "dealer_admin"], "custom:dealer_id": OWN}
    tokens = {
        "none": None,
        "empty": "",
        "cut short": valid[:-4],
        "expired": company.token(role, exp=1_600_000_000),
        "another audience": company.token(role, aud="other"),
        "another issuer": company.token(role, iss="https://evil.test"),
        "an access token": company.token(role, token_use="access"),
        "no role": company.token(role, **no_groups),
        "both sides": company.token(role, **both_sides),
    }
    texts = set()
    with calls.recorded() as uses:
        for name, token in tokens.items():
            answer = send(company, case, role, OWN, token=token)
            assert answer.status == 401, name
            texts.add(answer.text)
    assert len(texts) == 1, "one message for every cause"
    assert uses == [], "a request without a valid token reads nothing"
    assert company.world.snapshot() == before
