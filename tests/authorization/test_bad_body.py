"""Every route with a body, sent every wrong body: refused by the name of the field, and nothing changes."""

from __future__ import annotations

import json

import pytest

from tests.authorization.body_fields import bad_bodies, changed, fields_of
from tests.authorization.sending import problem_of, send_as_first_role
from tests.support import calls
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.declarations import cases, operation_of
from tests.support.trigger import Case

WITH_BODY = [case for case in cases() if case.body]
#: Raw bodies that are no JSON object, with the code of the refusal.
RAW: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "invalid-json"),
    "null": ("null", "invalid-fields"),
    "a list": ("[]", "invalid-fields"),
    "a text": ('"x"', "invalid-fields"),
    "half": ('{"a":', "invalid-json"),
    "NaN": ('{"a":NaN}', "invalid-json"),
    "Infinity": ('{"a":-Infinity}', "invalid-json"),
    "1e400": ('{"a":1e400}', "invalid-json"),
    "a key twice": ('{"a":1,"a":1}', "invalid-json"),
    "half a surrogate pair": ('{"a":"\\ud800"}', "invalid-json"),
    "100,000 deep": ("[" * 100_000 + "]" * 100_000, "invalid-json"),
    "5 MB": (b'{"a":"' + b"x" * 5_000_000 + b'"}', "body-too-large"),
    "not UTF-8": (b'{"a":"\xff"}', "not-utf-8"),
}
_NOT_NUMBERS = ("NaN", "Infinity", "1e999", "0x10", "１", "+1", "--1", "1.", "1_000", "9" * 400)


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_body_with_a_wrong_field_is_refused(company: SampleCompany, case: Case) -> None:
    model, valid = operation_of(case).body, case.body_for(OWN)
    assert model is not None and valid is not None
    before = company.world.snapshot()
    tried = 0
    with calls.recorded() as uses:
        for body, path in bad_bodies(case, valid):
            if len(path) == 1 and path[0] in model.model_fields and path[0] not in valid and path[0] != "canary":
                continue  # an optional field of this route
            about = (path, json.dumps(body, ensure_ascii=False)[:200])
            problem = problem_of(send_as_first_role(company, case, body=body), about)
            tried += 1
            if problem["code"] == "body-too-large" or (problem["code"], path) == ("stale", ("version",)):
                continue
            assert problem["code"] == "invalid-fields", (about, problem)
            named = ".".join(map(str, path))
            fields = [error["field"] for error in problem["errors"]]
            assert any(field == named or field.startswith(f"{named}.") for field in fields), (about, fields)
            assert all(" / " in error["detail"] for error in problem["errors"]), problem["errors"]
            assert not any(use.writes for use in uses), about
    assert tried >= 15
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_body_that_is_no_json_object_is_refused(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    for name, (raw, code) in RAW.items():
        problem = problem_of(send_as_first_role(company, case, raw_body=raw), name)
        assert problem["code"] == code, (name, problem)
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_body_with_a_malformed_number_is_refused(company: SampleCompany, case: Case) -> None:
    body = case.body_for(OWN)
    before = company.world.snapshot()
    for path, value in fields_of(body):
        if isinstance(value, int) and not isinstance(value, bool):
            for literal in _NOT_NUMBERS:
                raw = json.dumps(changed(body, path, "\u0001here\u0001")).replace('"\\u0001here\\u0001"', literal)
                problem_of(send_as_first_role(company, case, raw_body=raw), (path, literal))
    assert company.world.snapshot() == before
