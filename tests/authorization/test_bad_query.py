"""Every route with a query or a path variable, sent every wrong value: refused by name, and nothing changes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.authorization.body_fields import LONG
from tests.authorization.sending import problem_of, send_as_first_role
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.declarations import cases, operation_of, scenarios_file
from tests.support.trigger import Case, fill_path

WITH_QUERY = [case for case in cases() if case.method == "GET"]
WITH_MISSING_PATH = [case for case in cases() if case.missing and "{" in case.route]

BAD_VALUES: dict[str, list[str]] = {
    "limit": ["0", "-1", "1001", "x", "1.5", "", "NaN", "9" * 400, "１"],
    "cursor": ["", "x", "null", "=" * 50, LONG[:3_000], "gAAAAABl" + "A" * 200],
    "dealer_id": ["", "d", "D0001#", "D0001@", "../D0002", LONG[:500], "D0001,D0002"],
    "from": ["x", "2026-13-01", "2026-02-30", "20261101x", "0001-01-01", ""],
    "to": ["x", "2026-11-31", "1e9999", "0001-01-01", "9999-12-31", ""],
    "state": ["x", "", "REGISTERED"],
    "territory": ["#", "a\u0000b"],
    "category": ["", "x" * 200],
    "text": ["x" * 5_000],
    "skus": ["", "#", ",", "L1;L2"],
    "sku": ["", "#", "L1,L2", "-1"],
    "warehouse": ["", "g", "GZ#", "G,Z", "*"],
    "period": ["", "2026", "2026-13", "2026-1", "1999-12"],
    "month": ["", "2026", "2026-13", "2026-1", "1999-12", "2026-11-01"],
}
#: Path values that name no object.
NO_OBJECT = [
    "x",
    "%00",
    "..",
    "a#b",
    "%23",
    "x" * 3_000,
    "灯",
    "-",
    "{}",
    "NaN",
    "D0001-",
    "null",
    "0",
    "%F0%9F%98%80",
]
#: Of these, the ones that have the form of a warehouse id in lower case.
_WAREHOUSE_IDS = ("NaN", "null")


def bad_values(case: Case, name: str) -> Sequence[str]:
    """Return wrong values of a query field."""
    values = case.bad_query.get(name) or BAD_VALUES.get(name)
    assert values, f'add bad_query={{"{name}": [...]}} to the Trigger of {case} in {scenarios_file(case.service)}'
    return values


@pytest.mark.parametrize("case", WITH_QUERY, ids=str)
def test_query_with_a_wrong_field_is_refused(company: SampleCompany, case: Case) -> None:
    model = operation_of(case).query
    names = {field.alias or name for name, field in model.model_fields.items()} if model else set()
    before = company.world.snapshot()
    for name in names:
        for value in bad_values(case, name):
            problem = problem_of(send_as_first_role(company, case, query={name: value}), (name, value))
            if problem["code"] == "invalid-fields":
                assert name in [error["field"] for error in problem["errors"]], (name, value, problem)
            else:
                assert problem["code"] in ("bad-cursor", "not-found"), (name, value, problem)
    if model:
        problem = problem_of(send_as_first_role(company, case, query={"canary": "1"}), "unknown")
        assert [error["field"] for error in problem["errors"]] == ["canary"]
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_MISSING_PATH, ids=str)
def test_path_that_names_no_object_is_not_found(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    role = case.first_role
    for name in case.missing.keys() & case.path.keys():
        valid = case.path_for(company.ids, role, OWN)
        for value in NO_OBJECT:
            if name == "warehouse" and value in _WAREHOUSE_IDS:
                continue
            path = _with_variable(case, company, name, value.replace("#", "%23"))
            assert path != valid
            answer = company.send(
                case.service, case.method, path, case.body_for(OWN), role=role, query=case.query_for(OWN)
            )
            problem = problem_of(answer, (name, value[:40]))
            assert problem["code"] in ("not-found", "invalid-fields"), (name, value[:40], problem)
    assert company.world.snapshot() == before


def _with_variable(case: Case, company: SampleCompany, name: str, value: str) -> str:
    """Return the path with this value of a variable, written as it is."""
    before, _, after = case.route.partition(f"{{{name}}}")
    names = {other: case.path[other] for other in case.path if other != name}
    parts = [fill_path(part, names, company.ids, case.first_role, OWN) for part in (before, after)]
    return value.join(parts)
