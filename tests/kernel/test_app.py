"""Routes of the kernel: default deny, one answer per key, problem documents."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from kernel.base.problems import problem_document
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import Answer
from kernel.http.principal import Principal, Role
from tests.kernel.sample_service import SampleService, create_sheet, sheet
from tests.support.functions import LambdaContext
from tests.support.world import World

# ---- declarations ----


class Done(Answer):
    """An answer."""

    done: bool = True


def declared(handler: Callable[..., Any], path: str = "/x", **more: Any) -> None:
    given: dict[str, Any] = {"roles": [Role.ADMIN], "summary": "做 / Do"} | more
    ServiceApp("declared").operation("POST", path, **given)(handler)


def test_route_without_roles_does_not_start() -> None:
    def do() -> Done:
        raise NotImplementedError

    with pytest.raises(TypeError, match="who may call it"):
        declared(do, roles=[])


def test_route_without_summary_does_not_start() -> None:
    def do() -> Done:
        raise NotImplementedError

    with pytest.raises(TypeError, match="what it does"):
        declared(do, summary="")


def test_route_without_answer_model_does_not_start() -> None:
    def do() -> dict[str, Any]:
        raise NotImplementedError

    with pytest.raises(TypeError, match="must return a model"):
        declared(do)


def test_route_with_unknown_parameter_does_not_start() -> None:
    def do(user: str) -> Done:
        raise NotImplementedError

    with pytest.raises(TypeError, match="does not have"):
        declared(do)


def test_public_route_has_no_roles_no_caller_and_no_key() -> None:
    def answer() -> Done:
        raise NotImplementedError

    def ask_caller(caller: Principal) -> Done:
        raise NotImplementedError

    def ask_key(key: IdempotencyKey) -> Done:
        raise NotImplementedError

    with pytest.raises(TypeError, match="may call it"):
        ServiceApp("x").operation("GET", "/x", summary="x")(answer)
    with pytest.raises(TypeError, match="may call it"):
        ServiceApp("x").operation("GET", "/x", roles={Role.ADMIN}, public=True, summary="x")(answer)
    for handler in (ask_caller, ask_key):
        with pytest.raises(TypeError, match="public route"):
            ServiceApp("x").operation("GET", "/x", public=True, summary="x")(handler)


class Loose(BaseModel):
    """Takes anything."""

    x: int


def test_route_with_loose_body_or_query_does_not_start() -> None:
    def take_body(body: Loose) -> Done:
        raise NotImplementedError

    def take_query(query: Loose) -> Done:
        raise NotImplementedError

    for handler in (take_body, take_query):
        with pytest.raises(TypeError, match="refuses unknown fields"):
            declared(handler)


def test_route_declaration_holds_everything_about_the_route(service: SampleService) -> None:
    by_name = {operation.name: operation for operation in service.app.operations}
    show, create_sheet = by_name["show"], by_name["create_sheet"]
    assert (show.method, show.path, show.path_names, show.takes_key) == ("GET", "/sheets/{number}", ("number",), False)
    assert (create_sheet.takes, create_sheet.status) == (("caller", "body", "key"), 201)
    assert by_name["close"].roles == {Role.ADMIN}


# ---- answers ----


def test_answer_is_json_without_caching_or_sniffing(world: World, service: SampleService) -> None:
    answer = create_sheet(world)
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


def test_chinese_text_is_sent_unescaped(world: World, service: SampleService) -> None:
    assert '"灯具"' in create_sheet(world, sheet("灯具")).text


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8", ""]
)
def test_content_type_of_a_request_is_ignored(world: World, service: SampleService, content_type: str) -> None:
    assert create_sheet(world, headers={"Content-Type": content_type}).status == 201


def test_other_role_is_refused_before_the_body_is_read(world: World, service: SampleService) -> None:
    token = world.token(role="warehouse")
    answer = world.call("sample", "POST", "/sample/close", token=token, raw_body="{broken")
    assert (answer.status, answer.json["code"]) == (403, "not-allowed")
    assert world.call("sample", "POST", "/sample/close", token=world.token(role="admin")).status == 200


def test_unsigned_request_does_not_learn_about_its_body(world: World, service: SampleService) -> None:
    answers = [world.call("sample", "POST", "/sheets", raw_body=body) for body in ("{broken", json.dumps(sheet()))]
    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text


def test_internal_error_is_answered_without_its_cause(world: World, service: SampleService) -> None:
    answer = world.call("sample", "GET", "/broken", token=world.token(role="admin"))
    assert (answer.status, answer.json["code"]) == (500, "internal-error")
    assert UUID(str(answer.request_ids[1]))
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text


def test_unknown_method_answers_a_problem_document(world: World, service: SampleService) -> None:
    event = {
        "requestContext": {"resourcePath": "/sheets/{number}", "httpMethod": "PATCH"},
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"number": "1"},
        "body": None,
        "stageVariables": None,
    }
    answer = service.app(event, LambdaContext("api_handler"))
    assert answer["statusCode"] == 405
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(answer["body"])["code"] == "method-not-allowed"


def test_problem_document_has_the_members_of_rfc_9457() -> None:
    from http import HTTPStatus

    assert problem_document(HTTPStatus.CONFLICT, "too-many", "太多 / too many") == {
        "type": "urn:qudao:problem:too-many",
        "title": "Conflict",
        "status": 409,
        "code": "too-many",
        "detail": "太多 / too many",
    }


def test_unknown_query_parameter_is_refused(world: World, service: SampleService) -> None:
    answer = world.call("sample", "GET", "/sheets?limit=2&dealer=D0002", token=world.token(dealer_id="D0001"))
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "dealer")


@pytest.mark.parametrize("limit", ["0", "51", "-1", "x", "1.5", "1e2", "", "９９９", "9" * 5_000])
def test_page_size_beyond_the_limit_is_refused(world: World, service: SampleService, limit: str) -> None:
    answer = world.call("sample", "GET", "/sheets", query={"limit": limit}, token=world.token(dealer_id="D0001"))
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "limit")


NAMES_NOTHING = ["D0001%23HEADER", "%00", "a%0Ab", "x" * 201, "%E2%80%AEx"]


@pytest.mark.parametrize("name", NAMES_NOTHING)
def test_invalid_path_value_is_not_found_and_reaches_no_handler(
    world: World, service: SampleService, name: str
) -> None:
    answer = world.call("sample", "GET", f"/echo/{name}", token=world.token(dealer_id="D0001"))
    assert (answer.status, answer.json["code"]) == (404, "not-found")
    assert service.echoed == []


@pytest.mark.parametrize("name", ["x" * 200, "灯", "L-1.5_a", "%F0%9F%98%80", "a%2Fb", "a b", ".."])
def test_valid_path_value_reaches_its_handler(world: World, service: SampleService, name: str) -> None:
    answer = world.call("sample", "GET", f"/echo/{name}", token=world.token(dealer_id="D0001"))
    assert (answer.status, service.echoed) == (200, [urllib.parse.unquote(name)])


def test_object_of_another_dealer_answers_like_a_missing_one(world: World, service: SampleService) -> None:
    number = create_sheet(world).json["number"]
    other = world.token(dealer_id="D0002")
    foreign = world.call("sample", "GET", f"/sheets/{number}", token=other)
    missing = world.call("sample", "GET", "/sheets/9999", token=other)
    assert (foreign.status, foreign.text) == (missing.status, missing.text) == (404, missing.text)
