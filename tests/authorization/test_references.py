"""Every field, path variable and query parameter that names master data: an unknown code is refused by name.

The routes are taken from their declarations and the masters from contracts/references.py, so a new route cannot forget
the check, and a new field cannot stay out of the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.grades import GRADES, Grade
from contracts.references import REFERENCE_FIELDS, Master
from tests.authorization.body_fields import changed, fields_of
from tests.authorization.sending import problem_of, send_as_first_role
from tests.support.company import SampleCompany
from tests.support.company_data import OWN, PRICE_LIST
from tests.support.declarations import cases, operation_of
from tests.support.functions import load_apps
from tests.support.trigger import Case
from tests.support.warehouses import WAREHOUSES

#: Codes of each master in the sample company, and codes that look like them.
KNOWN: Mapping[Master, set[str]] = {
    Master.WAREHOUSE: set(WAREHOUSES),
    Master.GRADE: {*Grade, *(terms.name_zh for terms in GRADES.values())},
    Master.PRICE_LIST: {PRICE_LIST},
}
UNKNOWN: Mapping[Master, list[str]] = {
    Master.WAREHOUSE: ["GZZ", "XX", "WAREHOUSES"],
    Master.GRADE: ["A级", "VIP", "D", "回放"],
    Master.PRICE_LIST: ["NONE", "A2"],
}
#: What a field that names master data is called; such a field must be in the table.
_NAME_PARTS = ("warehouse", "grade", "price_list", "alternate", "quota")
#: A path that creates an object of the master names a new one.
CREATES = {
    ("PUT", "/warehouses/{warehouse}"),
    ("POST", "/price-lists/{price_list_id}/drafts/{draft}/prices"),
    ("POST", "/price-lists/{price_list_id}/drafts/{draft}/publish"),
    ("GET", "/price-lists/{price_list_id}/drafts/{draft}"),
}


class Reference(NamedTuple):
    """One place of a request that names an object of a master: `at` is the path in a body, or a single name."""

    case: Case
    part: str
    at: tuple[Any, ...]
    master: Master

    def __str__(self) -> str:
        return f"{self.case} {self.part} {'.'.join(map(str, self.at))}"


def references() -> Iterator[Reference]:
    """Yield every reference in a declared route, once."""
    seen = set()
    for case in cases():
        operation = operation_of(case)
        found = [("path", (name,)) for name in operation.path_names if (case.method, case.route) not in CREATES]
        found += [("query", (name,)) for name in (operation.query.model_fields if operation.query else ())]
        found += [("body", path) for path, _ in fields_of(case.body_for(OWN))] if case.body else []
        for part, at in found:
            named = [step for step in at if isinstance(step, str)]
            master = REFERENCE_FIELDS.get(named[-1])
            if part == "body" and len(named) > 1 and named[-2] == "quotas":
                continue  # its keys are the references, see below
            if master and (case.service, case.method, case.route, part, at) not in seen:
                seen.add((case.service, case.method, case.route, part, at))
                yield Reference(case, part, at, master)


REFERENCES = list(references())


def send(company: SampleCompany, reference: Reference, code: str) -> Any:
    """Send the request with this code in place of the reference, and return the answer."""
    case, name = reference.case, str(reference.at[-1])
    if reference.part == "query":
        return send_as_first_role(company, case, query={name: code}, body=case.body_for(OWN))
    if reference.part == "body":
        body = case.body_for(OWN)
        value = body
        for step in reference.at:
            value = value[step]  # type: ignore[index]
        value = {code: 1} if isinstance(value, dict) else [code] if isinstance(value, list) else code
        return send_as_first_role(company, case, body=changed(body, reference.at, value))
    path = case.route
    for variable, named in case.path.items():
        path = path.replace(f"{{{variable}}}", code if variable == name else named.removeprefix("="))
    return company.send(
        case.service, case.method, path, case.body_for(OWN), role=case.first_role, query=case.query_for(OWN), key="k"
    )


def require_refusal(company: SampleCompany, reference: Reference, code: str) -> None:
    """Check that the code is refused with the known ones, and that nothing was stored."""
    before = company.world.snapshot()
    answer = send(company, reference, code)
    problem = problem_of(answer, (str(reference), code))
    assert answer.status == (404 if reference.part == "path" else 422), (code, problem)
    field = ".".join(map(str, reference.at))
    [found] = [
        error for error in problem["errors"] if error["field"] == field or error["field"].startswith(f"{field}.")
    ]
    assert found["code"] == f"unknown-{reference.master.replace('_', '-')}", found
    assert " / " in found["detail"] and "^" not in found["detail"]
    assert all(known in found["detail"] for known in KNOWN[reference.master]), found
    assert company.world.snapshot() == before


def test_field_called_like_a_master_is_in_the_table() -> None:
    missing = set()
    for service, app in load_apps()[0].items():
        for operation in app.operations:
            names = set() if (operation.method, operation.path) in CREATES else set(operation.path_names)
            for model in (operation.body, operation.query):
                names |= _property_names(model.model_json_schema()) if model else set()
            missing |= {
                f"{service} {operation.method} {operation.path}: {name}"
                for name in names - REFERENCE_FIELDS.keys()
                if any(part in name for part in _NAME_PARTS)
            }
    assert missing == set()


def test_every_reference_of_a_declared_body_is_sent() -> None:
    """A body in a scenario that leaves out a reference would leave it unchecked."""
    sent = {(str(reference.case).split("?")[0], reference.part, str(reference.at[-1])) for reference in REFERENCES}
    for case in cases():
        model = operation_of(case).body
        for name in _property_names(model.model_json_schema()) & REFERENCE_FIELDS.keys() if model else ():
            assert (str(case).split("?")[0], "body", name) in sent, (str(case), name)


@pytest.mark.parametrize("reference", REFERENCES, ids=str)
def test_unknown_code_is_refused_with_the_known_ones(company: SampleCompany, reference: Reference) -> None:
    for code in UNKNOWN[reference.master]:
        require_refusal(company, reference, code)


_WAREHOUSE_CODES = st.from_regex(r"[A-Z][A-Z0-9]{1,9}", fullmatch=True)
_CODES: Mapping[Master, st.SearchStrategy[str]] = {
    Master.WAREHOUSE: _WAREHOUSE_CODES,
    Master.GRADE: st.text(st.sampled_from("ABCDPVIP123一二三四级工程类"), min_size=1, max_size=5),
    Master.PRICE_LIST: st.from_regex(r"[A-Z0-9][A-Z0-9_-]{0,8}", fullmatch=True),
}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_plausible_code_is_refused_everywhere(company: SampleCompany, data: st.DataObject) -> None:
    reference = data.draw(st.sampled_from(REFERENCES))
    code = data.draw(_CODES[reference.master].filter(lambda code: code not in KNOWN[reference.master]))
    require_refusal(company, reference, code)


def _property_names(schema: Any) -> set[str]:
    """Return the names of all fields in a JSON schema."""
    if isinstance(schema, list):
        return set().union(*map(_property_names, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    found = set(schema.get("properties", {}))
    return found.union(*map(_property_names, schema.values()))
