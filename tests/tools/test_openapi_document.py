"""The OpenAPI document is what generators of clients can read: plain names, examples, and every problem code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kernel.http.declarations import Operation
from tools import paths
from tools.openapi import document
from tools.openapi.schema_names import plain_names
from tools.stage import load_app

DOCUMENT = document()
SCHEMAS = DOCUMENT["components"]["schemas"]
DECLARED: dict[str, Operation] = {
    f"{service}_{operation.name}": operation
    for service in paths.services()
    if service != paths.RELAY
    for operation in load_app(service).operations
}
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation for methods in DOCUMENT["paths"].values() for operation in methods.values()
}
every_operation = pytest.mark.parametrize("name", sorted(DECLARED))


def test_schema_names_consist_of_letters_and_digits() -> None:
    assert [name for name in SCHEMAS if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)] == []


def test_schema_names_differ_in_more_than_capitals() -> None:
    assert len({name.lower() for name in SCHEMAS}) == len(SCHEMAS)


def test_every_reference_names_something_in_the_document() -> None:
    wanted = set(_references(DOCUMENT))
    known = {f"#/components/{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named}
    assert wanted - known == set()


def test_models_of_one_name_get_their_service_as_prefix() -> None:
    names = ["services__tickets__api__Contact", "services__dealers__api__Contact", "Order"]
    assert plain_names(names) == {names[0]: "TicketsContact", names[1]: "DealersContact", "Order": "Order"}


def test_models_of_one_name_in_one_service_get_their_room_too() -> None:
    names = ["services__orders__tracking__api__Entry", "services__orders__review__api__Entry"]
    assert list(plain_names(names).values()) == ["OrdersTrackingEntry", "OrdersReviewEntry"]


def test_two_models_with_the_same_whole_name_are_refused() -> None:
    with pytest.raises(ValueError, match="TicketsContact"):
        plain_names(["services__tickets__Contact", "contracts__tickets__Contact", "TicketsContact"])


def test_operation_ids_are_unique_names_of_functions() -> None:
    assert OPERATIONS.keys() == DECLARED.keys()
    assert [name for name in OPERATIONS if not name.isidentifier()] == []


def test_servers_have_the_stage_as_variable() -> None:
    assert "stage" in DOCUMENT["servers"][0]["variables"]


@every_operation
def test_operation_names_its_security(name: str) -> None:
    assert OPERATIONS[name]["security"] == ([] if DECLARED[name].public else [{"token": []}])


@every_operation
def test_example_of_the_answer_follows_its_schema(name: str) -> None:
    content = OPERATIONS[name]["responses"][str(DECLARED[name].status)]["content"]
    _require_valid(content["application/json"])


@every_operation
def test_example_of_the_body_is_accepted(name: str) -> None:
    body = DECLARED[name].body
    if body is None:
        assert "requestBody" not in OPERATIONS[name]
        return
    media = OPERATIONS[name]["requestBody"]["content"]["application/json"]
    _require_valid(media)
    body.model_validate_json(json.dumps(media["example"]))
    assert body.problems_across(media["example"]) == []


@every_operation
def test_operation_names_the_codes_of_its_refusals(name: str) -> None:
    refusals = {status: answer for status, answer in OPERATIONS[name]["responses"].items() if status >= "400"}
    wanted = {"414", "415", "422"} | (set() if DECLARED[name].public else {"401", "403", "503"})
    wanted |= {"400", "413"} if DECLARED[name].body else set()
    wanted |= {"409"} if DECLARED[name].method != "GET" else set()
    assert wanted <= refusals.keys()
    for status, answer in refusals.items():
        codes = answer["content"]["application/problem+json"]["examples"]
        assert codes
        for code in codes:
            shown = DOCUMENT["components"]["examples"][code]["value"]
            assert (shown["code"], str(shown["status"])) == (code, status)


@pytest.mark.parametrize("code", sorted(DOCUMENT["components"]["examples"]))
def test_example_of_a_problem_follows_the_schema_of_problems(code: str) -> None:
    reference = {"$ref": "#/components/schemas/ProblemDocument"}
    _require_valid({"schema": reference, "example": DOCUMENT["components"]["examples"][code]["value"]})


def test_every_code_that_a_service_refuses_with_is_in_the_document() -> None:
    written = set(_written_codes())
    assert written
    assert written - DOCUMENT["components"]["examples"].keys() == set()


@pytest.mark.parametrize("event", sorted(DOCUMENT["webhooks"]))
def test_webhook_names_the_headers_of_its_signature(event: str) -> None:
    post = DOCUMENT["webhooks"][event]["post"]
    headers = {parameter["name"]: parameter for parameter in post["parameters"] if parameter["in"] == "header"}
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} == {
        name for name, header in headers.items() if header["required"]
    }
    assert all(header["description"] and header["example"] for header in headers.values())
    _require_valid(post["requestBody"]["content"]["application/cloudevents+json"])


def _require_valid(media: dict[str, Any]) -> None:
    schema = {**media["schema"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(media["example"])


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _written_codes() -> Iterator[str]:
    """Yield the codes that a service writes where it makes a refusal."""
    for file in (paths.ROOT / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Refusal", "BadRequest", "TooLarge"}:
                code = node.args[0] if node.args else None
                if isinstance(code, ast.Constant):
                    yield code.value
