"""Idempotency keys of every route that takes one."""

from __future__ import annotations

import pytest

from tests.authorization.body_fields import other_body
from tests.authorization.sending import problem_of, send_as_first_role
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.declarations import cases, operation_of
from tests.support.functions import load_apps
from tests.support.trigger import Case

WITH_KEY = [case for case in cases() if operation_of(case).takes_key]


def test_every_post_route_takes_a_key() -> None:
    without_key = {
        f"{service} {operation.method} {operation.path}"
        for service, app in load_apps()[0].items()
        for operation in app.operations
        if operation.method == "POST" and not operation.takes_key
    }
    # To mark a message as read twice is the same as once. A quote writes nothing. An invitation is itself accepted
    # once, a code is used once and asked for once a minute. Answers with tokens may not be recorded.
    assert without_key == {
        "notifications POST /inbox/{message_id}/read",
        "orders POST /orders/quote",
        "dealers POST /invitations/accept",
        "dealers POST /machines/token",
        "dealers POST /sign-in",
        "dealers POST /sign-in/codes",
    }


@pytest.mark.parametrize("case", WITH_KEY, ids=str)
def test_missing_or_malformed_key_is_refused(company: SampleCompany, case: Case) -> None:
    body = case.body_for(OWN)
    before = company.world.snapshot()
    for key in (None, "", "k" * 256, "a#b", "钥匙"):
        problem = problem_of(send_as_first_role(company, case, body=body, key=key), key)
        assert (problem["status"], problem["code"]) == (400, "idempotency-key-required")
        assert [error["field"] for error in problem["errors"]] == ["Idempotency-Key"]
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_KEY, ids=str)
def test_repeated_request_gets_the_recorded_response(company: SampleCompany, case: Case) -> None:
    body = case.body_for(OWN)
    first = send_as_first_role(company, case, body=body, key="k-again")
    assert first.status == case.status, first.json
    before = company.world.snapshot()
    again = send_as_first_role(company, case, body=body, key="k-again")
    assert (again.status, again.text) == (first.status, first.text)
    assert company.world.snapshot() == before
    company.world.drain()
    later = company.world.snapshot()
    assert send_as_first_role(company, case, body=body, key="k-again").text == first.text
    if case.body:
        other = send_as_first_role(company, case, body=other_body(case, OWN), key="k-again")
        assert (other.status, other.json["code"]) == (422, "idempotency-key-reused"), other.json
        assert other.json["errors"][0]["field"] == "Idempotency-Key"
    assert company.world.snapshot() == later
