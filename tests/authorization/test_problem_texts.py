"""Texts of problems of every field of every request model, and rows whose form and content are both wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from kernel.base.problems import FieldProblem
from kernel.http.content_checks import content_problems
from kernel.http.field_messages import ROW_NAMES, form_problems
from kernel.http.models import Body, Query
from tests.authorization.body_fields import bad_bodies
from tests.authorization.sending import problem_of, send_as_first_role
from tests.authorization.test_bad_query import bad_values
from tests.support.company import SampleCompany
from tests.support.company_data import OWN
from tests.support.declarations import cases, operation_of
from tests.support.trigger import Case

ROUTES = list({(case.service, case.method, case.route): case for case in cases()}.values())
WITH_BODY = [case for case in ROUTES if case.body]
WITH_QUERY = [case for case in ROUTES if operation_of(case).query]
#: Parts of patterns, and English of the libraries.
FOREIGN = ("^", "\\w", "[A-Z", "[a-z", "{0,", "Input should", "Field required", "Extra inputs", "Value error", "valid ")
#: One of them announces an example or the allowed values.
ALLOWED = ("如 ", "可选", "可用", "没有任何字段", "应为", "须", "不可")


def check_text(problem: FieldProblem) -> None:
    chinese, slash, english = problem.detail.partition(" / ")
    assert slash and english, problem
    assert chinese and not chinese[0].isascii(), problem
    assert not any(foreign in problem.detail for foreign in FOREIGN), problem
    assert any(word in chinese for word in ALLOWED), problem


def problems(model: type[Body | Query], value: Any) -> list[FieldProblem]:
    try:
        if issubclass(model, Query):
            model.model_validate(value)
        else:
            model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        return form_problems(model, error, 1_000)
    return []


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_problem_of_a_body_field_is_in_our_own_words(case: Case) -> None:
    model, valid = operation_of(case).body, case.body_for(OWN)
    assert model is not None and valid is not None
    found = [problem for body, _ in bad_bodies(case, valid) for problem in problems(model, body)]
    assert found
    for problem in found:
        check_text(problem)


@pytest.mark.parametrize("case", WITH_QUERY, ids=str)
def test_problem_of_a_parameter_is_in_our_own_words(case: Case) -> None:
    model = operation_of(case).query
    assert model is not None
    for name, field in model.model_fields.items():
        sent = field.alias or name
        for value in (*bad_values(case, sent), "\u0000"):
            for problem in problems(model, {sent: value, "canary": "1"}):
                check_text(problem)


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_pattern_of_every_request_field_has_words(case: Case) -> None:
    model = operation_of(case).body
    assert model is not None
    schema = model.model_json_schema()
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            pending += node.values()
            is_decimal = str(node.get("pattern", "")).startswith("^(?!")
            if isinstance(node.get("pattern"), str) and not is_decimal:
                assert node.get("examples") and " / " in node.get("description", ""), node
        elif isinstance(node, list):
            pending += node


# ---- rows: their names, and form together with content ----

CHECKED = [case for case in ROUTES if operation_of(case).check]


def test_every_import_order_and_stock_document_has_a_check_of_content() -> None:
    assert {case.route for case in CHECKED} == {
        "/orders",
        "/orders/quote",
        "/imports/products",
        "/price-lists/{price_list_id}/drafts/{draft}/prices",
        "/imports/dealers",
        "/imports/staff",
        "/stock/goods-receipts",
        "/stock/adjustments",
        "/stock/transfers",
    }


#: Per route: what makes the content of a row wrong, and the field and code of its problem.
WRONG_CONTENT: dict[str, tuple[dict[str, Any], str, str]] = {
    "/orders": ({"sku": "NOPE"}, "sku", "unknown-sku"),
    "/imports/products": ({"sku": "NOPE", "status": "discontinued", "successor": "NONE"}, "successor", "unknown-sku"),
    "/price-lists/{price_list_id}/drafts/{draft}/prices": ({"sku": "NOPE"}, "sku", "unknown-sku"),
    "/imports/dealers": ({"dealer_id": "D9998", "price_list": "NONE"}, "price_list", "unknown-price-list"),
    "/stock/goods-receipts": ({"sku": "NOPE"}, "sku", "unknown-sku"),
    "/stock/adjustments": ({"sku": "NOPE"}, "sku", "unknown-sku"),
    "/stock/transfers": ({"sku": "NOPE"}, "sku", "unknown-sku"),
}


@pytest.mark.parametrize("case", [case for case in CHECKED if case.route in WRONG_CONTENT], ids=str)
def test_one_answer_names_wrong_form_and_wrong_content_of_all_rows(company: SampleCompany, case: Case) -> None:
    body = case.body_for(OWN)
    assert body is not None
    rows = next(name for name, value in body.items() if isinstance(value, list))
    change, field, code = WRONG_CONTENT[case.route]
    row = body[rows][0]
    nameless = {name: value for name, value in row.items() if name not in ROW_NAMES}
    name = next(one for one in ROW_NAMES if one in row)
    first = {**row, **change}
    second = {**first, name: f"{first[name]}2", "canary": 1} if first[name] != row[name] else {**first, "canary": 1}
    sent = {**body, rows: [nameless, first, second]}
    before = company.world.snapshot()
    problem = problem_of(send_as_first_role(company, case, body=sent), case)
    found = {(error["field"], error["code"]): error for error in problem["errors"]}
    assert (f"{rows}.0.{name}", "missing") in found, found
    assert (f"{rows}.2.canary", "extra_forbidden") in found, found
    for index, wrong in ((1, first), (2, second)):
        assert found[f"{rows}.{index}.{field}", code]["row"] == wrong[name], found
    assert company.world.snapshot() == before


def test_order_with_unknown_product_and_zero_pieces_names_both(company: SampleCompany) -> None:
    case = next(case for case in CHECKED if case.route == "/orders")
    body = {"lines": [{"sku": "NOPE", "quantity": 1}, {"sku": "L1", "quantity": 0}, {"sku": "NO", "quantity": 0}]}
    errors = problem_of(send_as_first_role(company, case, body=body), body)["errors"]
    assert {(error["field"], error["row"]) for error in errors} == {
        ("lines.0.sku", "NOPE"),
        ("lines.1.quantity", "L1"),
        ("lines.2.quantity", "NO"),
        ("lines.2.sku", "NO"),
    }


def test_content_problem_that_depends_on_a_wrong_field_is_left_out() -> None:
    case = next(case for case in CHECKED if case.route.endswith("/prices"))
    model = operation_of(case).body
    assert model is not None
    value = {"prices": [{"sku": "L1", "unit_price": "x", "price_policy": "A", "breaks": []}]}

    def check(body: Any) -> None:
        from kernel.base.problems import Invalid

        if body.prices[0].unit_price < 1:
            raise Invalid([FieldProblem(field="prices.0.price_policy", code="cheap", detail="低 / low")])

    assert content_problems(model, value, problems(model, value), check) == []
