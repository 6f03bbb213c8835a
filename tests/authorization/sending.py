"""Requests of a declared case that must be refused."""

from __future__ import annotations

from typing import Any

from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.gateway import Response
from tests.support.trigger import Case


def send_as_first_role(company: SampleCompany, case: Case, *, key: str | None = "k-bad", **more: Any) -> Response:
    """Send the request of a case about our own dealer, as the first role the route lets in."""
    role = case.first_role
    path = case.path_for(company.ids, role, OWN)
    query = case.query_for(OWN) | more.pop("query", {})
    return company.send(case.service, case.method, path, role=role, key=key, query=query, **more)


def problem_of(answer: Response, about: Any) -> Any:
    """Return the problem document of an answer, which must be a refusal of bounded length."""
    assert 400 <= answer.status < 500, (about, answer.status, answer.text[:300])
    assert answer.headers["Content-Type"] == "application/problem+json", about
    assert answer.json["status"] == answer.status, about
    assert len(answer.text) < 200_000, about
    return answer.json
