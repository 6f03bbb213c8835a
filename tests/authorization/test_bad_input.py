"""Every route that takes something, given everything it must not take: refused by name, and nothing changes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from kernel.http.declarations import Operation
from services.notifications.webhooks import signed_post
from tests.authorization.cases import CASES, Case
from tests.authorization.town import OWN, ROLES, Town, settle
from tests.support import calls
from tests.support.functions import load_apps
from tests.support.gateway import Response
from tests.support.world import World

WITH_BODY = [case for case in CASES if case.body]
WITH_QUERY = [case for case in CASES if case.method == "GET"]
LONG = "x" * 100_000

#: What can never stand for a value of this JSON type, whatever the field.
WRONG: dict[type, list[Any]] = {
    str: [5, True, 1.5, [], {}, ["x"], LONG, "a\u0000b", "a\u202eb"],
    int: ["5", True, False, 1.5, [], {}, [1], "", -1, 10**18, 10**39, 1e300],
    bool: [1, 0, "true", [], {}],
    list: [{}, "x", 5, True, [5], [[]], ["x", 5], [None]],
    dict: [[], "x", 5, True],
}
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
    "not UTF-8": (b'{"a":"\xff"}', "invalid-json"),
}


@pytest.fixture
def town(world: World, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr(signed_post, "resolve", lambda *_: ["93.184.216.34"])
    return settle(world)


def operation_of(case: Case) -> Operation:
    app = load_apps()[0][case.service]
    return next(one for one in app.operations if (one.method, one.path) == (case.method, case.path))


def sent(town: Town, case: Case, *, key: str | None = "k-bad", **more: Any) -> Response:
    """Send it as the first role that may."""
    role = next(role for role in ROLES if role in case.allows)
    path = case.asked(town.things, role, OWN)
    query = case.query_for(OWN) | more.pop("query", {})
    return town.ask(case.service, case.method, path, role=role, key=key, query=query, **more)


def refused(answer: Response, about: Any) -> Any:
    assert 400 <= answer.status < 500, (about, answer.status, answer.text[:300])
    assert answer.headers["Content-Type"] == "application/problem+json", about
    assert answer.json["status"] == answer.status, about
    assert len(answer.text) < 200_000, about
    return answer.json


# ---- bodies ----


def fields_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every field in a valid body with its path, the first of each list standing for all."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from fields_of(inner, (*path, name))
    if isinstance(value, list) and value:
        yield from fields_of(value[0], (*path, 0))


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The body with another value at the path."""
    body = copy.deepcopy(body)
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return body


def without(body: Any, path: tuple[Any, ...]) -> Any:
    """The body without what stands at the path."""
    body = copy.deepcopy(body)
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return body


class Shape:
    """What the body's schema says of the field at a path."""

    def __init__(self, case: Case) -> None:
        model = operation_of(case).body
        assert model is not None
        self._schema = model.model_json_schema()

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while True:
            if "$ref" in schema:
                schema = self._schema["$defs"][schema["$ref"].rpartition("/")[2]]
            elif "anyOf" in schema:
                schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
            else:
                return schema

    def _at(self, path: tuple[Any, ...]) -> dict[str, Any]:
        schema = self._schema
        for step in path:
            schema = self._resolved(schema)
            if step == 0:
                items = schema.get("items") or schema["prefixItems"][0]
                schema = items
            else:
                schema = schema.get("properties", {}).get(step) or schema["additionalProperties"]
        return schema

    def may_be_null(self, path: tuple[Any, ...]) -> bool:
        return any(one.get("type") == "null" for one in self._at(path).get("anyOf", []))

    def is_required(self, path: tuple[Any, ...]) -> bool:
        return path[-1] in self._resolved(self._at(path[:-1])).get("required", [])

    def is_free(self, path: tuple[Any, ...]) -> bool:
        """Whether names in this object are the sender's to choose."""
        return "additionalProperties" in self._resolved(self._at(path)) and bool(
            self._resolved(self._at(path))["additionalProperties"]
        )

    def takes_numbers(self, path: tuple[Any, ...]) -> bool:
        """An exact number may be sent as text or as a number."""
        kinds = {one.get("type") for one in self._at(path).get("anyOf", [])}
        return {"number", "string"} <= kinds


def bad_bodies(case: Case, body: dict[str, Any]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every body that is wrong in one field, and the path of that field."""
    shape = Shape(case)
    for path, value in fields_of(body):
        wrong = list(WRONG[type(value)])
        if isinstance(value, str) and shape.takes_numbers(path):
            wrong = [one for one in wrong if isinstance(one, bool) or not isinstance(one, int | float)] + [
                -1,
                "-1",
                "NaN",
            ]
        if not shape.may_be_null(path):
            wrong.append(None)
        for one in wrong:
            yield changed(body, path, one), path
        if isinstance(value, list) and value:
            yield changed(body, path, value[:1] * 10_000), path
        if isinstance(value, dict) and not shape.is_free(path):
            yield changed(body, (*path, "canary"), 1), (*path, "canary")
        if isinstance(path[-1], str) and not shape.is_free(path[:-1]) and shape.is_required(path):
            yield without(body, path), path
    for forbidden in ("canary", "pk", "kind", "version", "expires_at", "status", "gross_fen", "dealer_id", "role"):
        if forbidden not in body:
            yield body | {forbidden: body.get(forbidden, "x")}, (forbidden,)


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_a_body_wrong_in_one_field_is_refused_by_that_field_and_changes_nothing(town: Town, case: Case) -> None:
    assert case.body is not None
    known = operation_of(case).body.model_fields  # type: ignore[union-attr]
    before = town.world.snapshot()
    tried = 0
    with calls.recorded() as uses:
        for body, path in bad_bodies(case, case.body(OWN)):
            if len(path) == 1 and path[0] in known and path[0] not in case.body(OWN) and path[0] != "canary":
                continue  # a field of this route that its valid body merely leaves out
            about = (path, json.dumps(body, ensure_ascii=False)[:200])
            problem = refused(sent(town, case, body=body), about)
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
    assert town.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_what_is_no_json_object_is_refused_and_changes_nothing(town: Town, case: Case) -> None:
    before = town.world.snapshot()
    for name, (raw, code) in RAW.items():
        problem = refused(sent(town, case, raw_body=raw), name)
        assert problem["code"] == code, (name, problem)
    assert town.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_BODY, ids=str)
def test_the_same_field_with_a_number_that_is_none_is_refused(town: Town, case: Case) -> None:
    assert case.body is not None
    body = case.body(OWN)
    before = town.world.snapshot()
    for path, value in fields_of(body):
        if isinstance(value, int) and not isinstance(value, bool):
            for literal in ("NaN", "Infinity", "1e999", "0x10", "１", "+1", "--1", "1.", "1_000", "9" * 400):
                raw = json.dumps(changed(body, path, "\u0001here\u0001")).replace('"\\u0001here\\u0001"', literal)
                refused(sent(town, case, raw_body=raw), (path, literal))
    assert town.world.snapshot() == before


# ---- keys ----

WITH_KEY = [case for case in CASES if operation_of(case).takes_key]


def test_every_route_that_makes_or_moves_something_takes_a_key() -> None:
    without_key = {
        f"{service} {one.method} {one.path}"
        for service, app in load_apps()[0].items()
        for one in app.operations
        if one.method == "POST" and not one.takes_key
    }
    # Having read something is true however often it is said.
    assert without_key == {"notifications POST /inbox/{message_id}/read"}


@pytest.mark.parametrize("case", WITH_KEY, ids=str)
def test_a_missing_or_malformed_key_is_refused_and_changes_nothing(town: Town, case: Case) -> None:
    body = case.body(OWN) if case.body else None
    before = town.world.snapshot()
    for key in (None, "", "k" * 256, "a#b", "钥匙"):
        problem = refused(sent(town, case, body=body, key=key), key)
        assert (problem["status"], problem["code"]) == (400, "idempotency-key-required")
        assert [error["field"] for error in problem["errors"]] == ["Idempotency-Key"]
    assert town.world.snapshot() == before


@pytest.mark.parametrize("case", WITH_KEY, ids=str)
def test_a_repeat_answers_byte_for_byte_and_another_request_under_the_key_is_refused(town: Town, case: Case) -> None:
    body = case.body(OWN) if case.body else None
    first = sent(town, case, body=body, key="k-again")
    assert first.status == case.status, first.json
    before = town.world.snapshot()
    again = sent(town, case, body=body, key="k-again")
    assert (again.status, again.text) == (first.status, first.text)
    assert town.world.snapshot() == before
    town.world.drain()
    later = town.world.snapshot()
    assert sent(town, case, body=body, key="k-again").text == first.text
    if case.body:
        other = sent(town, case, body=_otherwise(case), key="k-again")
        assert (other.status, other.json["code"]) == (422, "idempotency-key-reused"), other.json
        assert other.json["errors"][0]["field"] == "Idempotency-Key"
    assert town.world.snapshot() == later


def _otherwise(case: Case) -> dict[str, Any]:
    """A valid body that is not the case's."""
    assert case.body is not None
    body = case.body(OWN)
    for path, value in fields_of(body):
        if path[-1] in ("quantity", "credit_limit_fen", "amount_fen", "score", "brand_fen"):
            return dict(changed(body, path, value - 1 if value > 1 else value + 1))
    for path, _ in fields_of(body):
        if path[-1] in ("note", "reason", "result", "question", "answer", "name", "name_zh", "description"):
            return dict(changed(body, path, "另一个"))
    for path, _ in fields_of(body):
        if path[-1] == "period":
            return dict(changed(body, path, "2026-10"))
        if path[-1] == "unit_price":
            return dict(changed(body, path, "9.99"))
    raise AssertionError(f"{case}: say how its body may differ")


# ---- queries and paths ----

BAD_QUERIES: dict[str, list[str]] = {
    "limit": ["0", "-1", "1001", "x", "1.5", "", "NaN", "9" * 400, "１"],
    "cursor": ["", "x", "null", "=" * 50, LONG[:3_000], "gAAAAABl" + "A" * 200],
    "dealer_id": ["", "d", "D0001#", "D0001 ", "../D0002", LONG[:500], "D0001,D0002"],
    "from": ["x", "2026-13-01", "2026-02-30", "20261101x", ""],
    "to": ["x", "2026-11-31", "1e9999", ""],
    "state": ["x", "", "REGISTERED"],
    "territory": ["#", "a\u0000b"],
    "category": ["", "x" * 200],
    "text": ["x" * 5_000],
    "skus": ["", "#", ",", "L1;L2"],
    "sku": ["", "#", "L1,L2", "-1"],
    "warehouse": ["", "gz", "GZ#", "G Z", "*"],
    "month": ["", "2026", "2026-13", "2026-1", "1999-12", "2026-11-01"],
}


@pytest.mark.parametrize("case", WITH_QUERY, ids=str)
def test_a_query_that_is_wrong_is_refused_by_name(town: Town, case: Case) -> None:
    model = operation_of(case).query
    fields = {field.alias or name for name, field in model.model_fields.items()} if model else set()
    before = town.world.snapshot()
    for name in fields:
        for value in BAD_QUERIES[name]:
            problem = refused(sent(town, case, query={name: value}), (name, value))
            if problem["code"] == "invalid-fields":
                assert name in [error["field"] for error in problem["errors"]], (name, value, problem)
            else:
                assert problem["code"] in ("bad-cursor", "not-found"), (name, value, problem)
    if model:
        problem = refused(sent(town, case, query={"canary": "1"}), "unknown")
        assert [error["field"] for error in problem["errors"]] == ["canary"]
    assert town.world.snapshot() == before


NAMES_NOTHING = [
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


@pytest.mark.parametrize("case", [case for case in CASES if case.missing and "{" in case.path], ids=str)
def test_a_path_that_can_name_nothing_is_not_found_and_changes_nothing(town: Town, case: Case) -> None:
    before = town.world.snapshot()
    role = next(role for role in ROLES if role in case.allows)
    body = case.body(OWN) if case.body else None
    for name in case.missing.keys() & case.things.keys():
        for nothing in NAMES_NOTHING:
            things = {one: thing for one, thing in case.things.items() if one != name}
            path = case.path.replace(f"{{{name}}}", "\0")
            other = Case(case.service, case.method, path, case.allows, things=things)
            asked = other.asked(town.things, role, OWN).replace("\0", nothing.replace("#", "%23"))
            answer = town.ask(case.service, case.method, asked, body, role=role, query=case.query_for(OWN))
            problem = refused(answer, (name, nothing[:40]))
            assert problem["code"] in ("not-found", "invalid-fields"), (name, nothing[:40], problem)
    assert town.world.snapshot() == before
