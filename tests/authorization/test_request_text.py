"""Every route, sent damaged text, another charset, parameters twice or unknown, a header twice, and long addresses."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.base.problems import AddressTooLong
from kernel.http.requests import MAX_ADDRESS
from tests.authorization.body_fields import changed, fields_of
from tests.authorization.sending import problem_of, send_as_first_role
from tests.support.company import SampleCompany, public_webhook_hosts, restored_company
from tests.support.company_data import OWN
from tests.support.declarations import cases, operation_of
from tests.support.gateway import Response
from tests.support.trigger import Case
from tests.support.world import opened

ROUTES = list({(case.service, case.method, case.route): case for case in cases()}.values())
WITH_BODY = [case for case in ROUTES if case.body]
WITH_KEY = [case for case in ROUTES if operation_of(case).takes_key]
WITH_PATH = [case for case in ROUTES if case.path]
CHARSETS = ("gbk", "GB18030", "latin-1", '"gb2312"', "utf-16", "us-ascii", "utf-8; charset=gbk", "")


def send(company: SampleCompany, case: Case, **more: Any) -> Response:
    """Send the request of a case with its own body, if nothing else is given."""
    body = case.body_for(OWN) if "raw_body" not in more else None
    return send_as_first_role(company, case, **({"body": body} | more))


@pytest.mark.parametrize("case", ROUTES, ids=str)
def test_request_of_another_charset_is_refused(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    for charset in CHARSETS:
        answer = send(company, case, headers={"Content-Type": f"application/json; Charset={charset}"})
        problem = problem_of(answer, charset)
        assert (answer.status, problem["code"]) == (415, "unsupported-charset"), charset
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_body_that_is_not_utf_8_is_refused(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    text = json.dumps({**(case.body_for(OWN) or {}), "note": "测试é"}, ensure_ascii=False)
    for charset in ("gb18030", "utf-16"):
        answer = send(company, case, raw_body=text.encode(charset))
        assert (answer.status, problem_of(answer, charset)["code"]) == (400, "not-utf-8")
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_damaged_text_in_any_field_is_refused_by_name(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    body = case.body_for(OWN)
    paths = [path for path, value in fields_of(body) if isinstance(value, str)]
    for path in [*paths, ("canary",)]:
        damaged = changed(body, path, "灯\ufffd\ufffd") if path in paths else {**(body or {}), "canary": "\ufffd"}
        for escaped in (False, True):
            raw = json.dumps(damaged, ensure_ascii=escaped)
            problem = problem_of(send(company, case, raw_body=raw), path)
            named = {error["field"] for error in problem["errors"] if error["code"] == "damaged-text"}
            assert named == {".".join(map(str, path))}, problem
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_byte_order_mark_before_a_body_is_left_out(company: SampleCompany, case: Case) -> None:
    answer = send(company, case, raw_body="\ufeff" + json.dumps(case.body_for(OWN)))
    # The sample company has no open invitation; a public route answers as without the mark.
    expected = send(company, case).status if case.public else case.status
    assert answer.status == expected, answer.text


@pytest.mark.parametrize("case", WITH_PATH, ids=str)
def test_damaged_text_in_a_path_is_refused(company: SampleCompany, case: Case) -> None:
    for name in case.path:
        for value in ("%EF%BF%BD", "%B2%E2", "a%FF", "%ED%A0%80"):
            path = case.route.format_map({other: value if other == name else "x" for other in case.path})
            answer = company.send(case.service, case.method, path, case.body_for(OWN), role=case.first_role)
            problem = problem_of(answer, value)
            assert (problem["code"], problem["errors"][0]["field"]) == ("invalid-fields", name)


@pytest.mark.parametrize("case", ROUTES, ids=str)
def test_unknown_parameter_is_refused_with_those_that_exist(company: SampleCompany, case: Case) -> None:
    model = operation_of(case).query
    before = company.world.snapshot()
    problem = problem_of(send(company, case, query={"canary": "1"}), case)
    error = next(error for error in problem["errors"] if error["field"] == "canary")
    assert error["code"] == "extra_forbidden"
    for name, field in model.model_fields.items() if model else ():
        assert error["detail"].count(field.alias or name) >= 2, error
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", ROUTES, ids=str)
def test_repeated_or_damaged_parameter_is_refused_by_name(company: SampleCompany, case: Case) -> None:
    model = operation_of(case).query
    names = {field.alias or name for name, field in model.model_fields.items()} if model else set()
    before = company.world.snapshot()
    path = case.path_for(company.ids, case.first_role, OWN)
    for name in names | {"canary"}:
        for query, code in ((f"{name}=1&{name}=1", "repeated"), (f"{name}=%EF%BF%BD", "damaged-text")):
            answer = company.send(
                case.service, case.method, f"{path}?{query}", case.body_for(OWN), role=case.first_role, key="k-bad"
            )
            found = {(error["field"], error["code"]) for error in problem_of(answer, query)["errors"]}
            assert (name, code) in found, (query, found)
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", ROUTES, ids=str)
def test_too_long_query_is_refused(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    names = [*case.query, "limit", "x" * 65_536]
    for query in ({name: "x" * 65_536} for name in names):
        answer = send(company, case, query=query)
        problem = problem_of(answer, list(query))
        assert (answer.status, problem["code"]) == (414, AddressTooLong(MAX_ADDRESS).code)
    assert company.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_KEY, ids=str)
def test_key_sent_twice_or_in_full_width_is_refused(company: SampleCompany, case: Case) -> None:
    before = company.world.snapshot()
    for second in ("k-1", "k-2"):
        answer = send(company, case, key="k-1", headers=[("idempotency-key", second)])
        assert (answer.status, problem_of(answer, second)["code"]) == (400, "idempotency-key-repeated")
    for key in ("ＡＢＣ", "钥匙", "a\u0000", "\ud800"):
        answer = send(company, case, key=key)
        problem = problem_of(answer, key)
        assert (answer.status, problem["code"]) == (400, "idempotency-key-required")
        assert "po-20261123-1" in problem["detail"]
    assert company.world.snapshot() == before


NAMES = ("ascii", "big5", "cp1252", "cp936", "euc_jp", "hz", "iso8859-1", "koi8-r", "utf-16", "utf-7")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ROUTES),
    st.one_of(st.sampled_from(NAMES), st.text(min_size=1, max_size=12)),
    st.lists(st.tuples(st.sampled_from(["limit", "cursor", "sku", "x", "\ufffd"]), st.text(max_size=6)), max_size=4),
)
def test_random_charset_and_parameters_never_fail(case: Case, charset: str, parameters: list[tuple[str, str]]) -> None:
    with opened(fast=True) as world, public_webhook_hosts():
        company = restored_company(world)
        path = case.path_for(company.ids, case.first_role, OWN)
        query = urlencode(parameters, errors="replace")
        for content_type in (f"application/json; charset={charset}", "application/json"):
            answer = company.send(
                case.service,
                case.method,
                f"{path}?{query}" if query else path,
                case.body_for(OWN),
                role=case.first_role,
                key="k-random",
                headers={"Content-Type": content_type},
            )
            assert answer.status < 500, answer.text
            names = [name for name, _ in parameters]
            if len(set(names)) < len(names):
                assert answer.status >= 400


def test_product_with_a_slash_in_its_code_has_an_address(company: SampleCompany) -> None:
    case = next(case for case in ROUTES if case.route == "/imports/products")
    row = (case.body_for(OWN) or {})["products"][0] | {"sku": "A/B-1"}
    company.send_and_drain("catalog", "POST", "/imports/products", {"products": [row]}, role="admin")
    found = company.send("catalog", "GET", "/products/A%2FB-1", role="admin", dealer=None)
    assert (found.status, found.json["sku"]) == (200, "A/B-1"), found.text
