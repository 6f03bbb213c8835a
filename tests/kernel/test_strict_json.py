"""Strict JSON: invalid input is refused by the parser and by a route."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.base import strict_json
from kernel.base.problems import BadRequest, TooLarge
from tests.kernel.sample_service import SampleService, sheet
from tests.support.world import World

NOT_JSON: dict[str, str | bytes] = {
    "nothing": "",
    "blanks": "  \n",
    "NaN": '{"a":NaN}',
    "Infinity": '{"a":Infinity}',
    "minus Infinity": "[-Infinity]",
    "a number out of range": '{"a":1e400}',
    "a negative number out of range": "[-1e400]",
    "an integer of a thousand digits": '{"a":' + "9" * 1_000 + "}",
    "an integer of ten thousand digits": '{"a":' + "9" * 10_000 + "}",
    "a key twice": '{"a":1,"a":2}',
    "a key twice, once escaped": '{"a":1,"\\u0061":2}',
    "a key twice inside": '{"x":[{"a":1,"b":2,"a":1}]}',
    "lists nested 100,000 deep": "[" * 100_000 + "]" * 100_000,
    "lists nested 100,000 deep and never closed": "[" * 100_000,
    "objects nested 100,000 deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "half a surrogate pair": '{"a":"\\ud800"}',
    "half a surrogate pair as key": '{"\\udfff":1}',
    "surrogates the wrong way round": '["\\udc00\\ud800"]',
    "a second byte order mark": "\ufeff\ufeff{}",
    "a byte order mark within": "{\ufeff}",
    "single quotes": "{'a':1}",
    "a comma too many": "[1,]",
    "a comment": "{} // done",
    "two values": "{} {}",
    "half an object": '{"a":',
    "a leading zero": "[01]",
    "a plus sign": "[+1]",
    "a hexadecimal number": "[0x1]",
    "a control character in a text": '["\x01"]',
    "a line break in a text": '["a\nb"]',
    "full-width digits": "[１２]",
    "an unknown escape": '["\\x41"]',
    "True": "[True]",
    "undefined": "[undefined]",
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_invalid_json_is_refused_within_a_second(name: str) -> None:
    start = time.perf_counter()
    with pytest.raises(BadRequest) as refused:
        strict_json.parse(NOT_JSON[name])
    assert refused.value.code == "invalid-json"
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("name", NOT_JSON)
def test_refusal_of_invalid_json_is_in_our_own_words(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        strict_json.parse(NOT_JSON[name])
    chinese, _, english = refused.value.detail.partition(" / ")
    assert chinese.startswith("请求体不是有效的 JSON:")
    assert english.startswith("the body is not valid JSON: ")
    assert not any(word in english for word in ("Expecting", "Extra data", "delimiter", "codec", "Invalid", "char "))


def test_five_megabytes_are_refused_before_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[object] = []
    monkeypatch.setattr(json, "loads", lambda text, **more: parsed.append(text))
    with pytest.raises(TooLarge):
        strict_json.parse(b'"' + b"x" * 5_000_000 + b'"')
    assert not parsed


def test_text_of_exactly_the_limit_is_parsed() -> None:
    assert len(strict_json.parse('"' + "x" * (strict_json.MAX_BYTES - 2) + '"')) == strict_json.MAX_BYTES - 2
    with pytest.raises(TooLarge):
        strict_json.parse('"' + "x" * (strict_json.MAX_BYTES - 1) + '"')


def test_limit_counts_bytes_not_characters() -> None:
    with pytest.raises(TooLarge):
        strict_json.parse('"' + "灯" * (strict_json.MAX_BYTES // 3) + '"')


def test_refusal_contains_no_text_of_the_request() -> None:
    with pytest.raises(BadRequest) as refused:
        strict_json.parse('{"password":"canary-7f3a" "x"}')
    assert "canary" not in refused.value.detail
    assert "line 1" in refused.value.detail


@pytest.mark.parametrize(
    "text", ['"😀"', '"\\ud83d\\ude00"', '"\\u0000"', "1e308", "-0", "null", "[[[[1]]]]", '{"":1}']
)
def test_unusual_valid_json_is_parsed(text: str) -> None:
    assert strict_json.parse(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("3.0", "3"), ("3e2", "300"), ("-0.0", "0"), ("1.5", "1.5"), ("9007199254740991.0", "9007199254740991")],
)
def test_whole_number_is_parsed_as_integer_in_any_notation(text: str, canonical: str) -> None:
    assert strict_json.canonical(strict_json.parse(text)) == canonical


@pytest.mark.parametrize("text", ["1e17", "1e300", "-1e300"])
def test_inexact_large_number_stays_a_float(text: str) -> None:
    assert isinstance(strict_json.parse(text), float)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_every_json_value_is_parsed_back_unchanged(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert strict_json.parse(json.dumps(value)) == value
    assert strict_json.parse(strict_json.canonical(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=2, max_size=6), st.randoms())
def test_equal_objects_have_the_same_canonical_text(value: dict[str, int], random: Any) -> None:
    names = list(value)
    random.shuffle(names)
    assert strict_json.canonical({name: value[name] for name in names}) == strict_json.canonical(value)


# ---- the same at a route ----


def refused_body(world: World, service: SampleService, **request: Any) -> Any:
    answer = world.call("sample", "POST", "/sheets", token=world.token(dealer_id="D0001"), key="k", **request)
    assert 400 <= answer.status < 500, (answer.status, answer.text[:200])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json["status"], answer.json["type"]) == (answer.status, f"urn:qudao:problem:{answer.json['code']}")
    assert world.snapshot() == {}
    assert service.created == 0
    return answer.json


@pytest.mark.parametrize("name", NOT_JSON)
def test_route_answers_invalid_json_with_a_problem(world: World, service: SampleService, name: str) -> None:
    assert refused_body(world, service, raw_body=NOT_JSON[name])["code"] == "invalid-json"


def test_route_answers_too_large_body_with_a_problem(world: World, service: SampleService) -> None:
    assert refused_body(world, service, raw_body="[" + "1," * 2_500_000 + "1]")["code"] == "body-too-large"


def test_missing_body_is_refused(world: World, service: SampleService) -> None:
    assert refused_body(world, service)["code"] == "invalid-json"


@pytest.mark.parametrize("body", ["null", "[]", "1", '"text"', "true", "{}"])
def test_json_of_another_shape_is_refused_by_field(world: World, service: SampleService, body: str) -> None:
    problem = refused_body(world, service, raw_body=body)
    assert problem["code"] == "invalid-fields"
    assert problem["errors"]


@pytest.mark.parametrize("depth", [*range(28, 36), 200, *range(850, 1000, 3), 5_000])
def test_route_never_fails_at_any_nesting_depth(world: World, service: SampleService, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    body = json.dumps(sheet())[:-1] + f', "extra": {{"a": {nested}}}}}'
    answer = world.call("sample", "POST", "/sheets", raw_body=body, token=world.token(dealer_id="D0001"), key="k")
    assert answer.status in (201, 400, 422), answer.text


WRONG_FIELDS: list[tuple[Any, str]] = [
    ({"title": 5}, "title"),
    ({"title": ""}, "title"),
    ({"title": "  "}, "title"),
    ({"title": "x" * 121}, "title"),
    ({"title": "a\u0000b"}, "title"),
    ({"title": None}, "title"),
    ({"rows": {}}, "rows"),
    ({"rows": []}, "rows"),
    ({"rows": [1]}, "rows.0"),
    ({"rows": [{"sku": "L1", "quantity": 1}] * 101}, "rows"),
    ({"rows": [{"sku": "L1"}]}, "rows.0.quantity"),
    ({"rows": [{"sku": "L1", "quantity": True}]}, "rows.0.quantity"),
    ({"rows": [{"sku": "L1", "quantity": "5"}]}, "rows.0.quantity"),
    ({"rows": [{"sku": "L1", "quantity": 0}]}, "rows.0.quantity"),
    ({"rows": [{"sku": "L1", "quantity": -3}]}, "rows.0.quantity"),
    ({"rows": [{"sku": "L1", "quantity": 1.5}]}, "rows.0.quantity"),
    ({"rows": [{"sku": "L1", "quantity": 10**30}]}, "rows.0.quantity"),
    ({"rows": [{"sku": "L1", "quantity": 1e300}]}, "rows.0.quantity"),
    ({"rows": [{"sku": "L@1", "quantity": 1}]}, "rows.0.sku"),
    ({"rows": [{"sku": "-L1", "quantity": 1}]}, "rows.0.sku"),
    ({"rows": [{"sku": " ", "quantity": 1}]}, "rows.0.sku"),
    ({"rows": [{"sku": "１" * 41, "quantity": 1}]}, "rows.0.sku"),
    ({"rows": [{"sku": "L1", "quantity": 1, "price_fen": 1}]}, "rows.0.price_fen"),
    ({"rows": [{"sku": "L1", "quantity": 1, "unit_price": "NaN"}]}, "rows.0.unit_price"),
    ({"rows": [{"sku": "L1", "quantity": 1, "unit_price": "Infinity"}]}, "rows.0.unit_price"),
    ({"rows": [{"sku": "L1", "quantity": 1, "unit_price": "-1"}]}, "rows.0.unit_price"),
    ({"rows": [{"sku": "L1", "quantity": 1, "unit_price": "1.1234567"}]}, "rows.0.unit_price"),
    ({"rows": [{"sku": "L1", "quantity": 1, "unit_price": "1e3000000"}]}, "rows.0.unit_price"),
    ({"urgent": 1}, "urgent"),
    ({"urgent": "true"}, "urgent"),
    ({"dealer_id": "D0002"}, "dealer_id"),
    ({"pk": "x"}, "pk"),
]


@pytest.mark.parametrize(("change", "field"), WRONG_FIELDS, ids=[str(change)[:60] for change, _ in WRONG_FIELDS])
def test_wrong_field_is_named_and_nothing_is_written(
    world: World, service: SampleService, change: Any, field: str
) -> None:
    problem = refused_body(world, service, body=sheet() | change)
    assert problem["code"] == "invalid-fields"
    assert field in [error["field"] for error in problem["errors"]]


def test_all_wrong_fields_are_named_together(world: World, service: SampleService) -> None:
    body = {"title": "", "rows": [{"sku": "L1", "quantity": 0}, {"sku": "", "quantity": 1}], "more": 1}
    fields = {error["field"] for error in refused_body(world, service, body=body)["errors"]}
    assert fields == {"title", "rows.0.quantity", "rows.1.sku", "more"}


def test_answer_names_at_most_a_thousand_wrong_fields(world: World, service: SampleService) -> None:
    problem = refused_body(world, service, body=sheet() | {f"field-{number}": 1 for number in range(5_000)})
    assert len(problem["errors"]) == 1_000


def test_answer_shortens_a_very_long_field_name(world: World, service: SampleService) -> None:
    problem = refused_body(world, service, body=sheet() | {"x" * 500_000: 1})
    assert len(json.dumps(problem)) < 10_000


@pytest.mark.parametrize("title", ["灯具　订单", "王\u00a0芳", "👨\u200d👩\u200d👧", "naïve", "Ⅷ号仓", "α β"])
def test_name_accepts_usual_characters(world: World, service: SampleService, title: str) -> None:
    token = world.token(dealer_id="D0001")
    answer = world.call("sample", "POST", "/sheets", body=sheet(title), token=token, key="k")
    assert (answer.status, answer.json.get("title")) == (201, title)


@pytest.mark.parametrize(
    "title", ["a\nb", "a\tb", "a\u202eb", "a\u2028b", "a\u0085b", "a\x7fb", "a\ufeffb", "a\ue000b"]
)
def test_name_refuses_hidden_and_line_breaking_characters(world: World, service: SampleService, title: str) -> None:
    assert refused_body(world, service, body=sheet(title))["errors"][0]["field"] == "title"


def test_whole_number_with_decimal_point_is_accepted(world: World, service: SampleService) -> None:
    body = '{"title":"x","rows":[{"sku":"L1","quantity":3.0}]}'
    answer = world.call("sample", "POST", "/sheets", raw_body=body, token=world.token(dealer_id="D0001"), key="k")
    assert (answer.status, answer.json["pieces"]) == (201, 3)


def test_field_problems_are_in_chinese_and_english(world: World, service: SampleService) -> None:
    body = {"title": "a\u0000", "rows": [{"sku": "L1", "quantity": 0}, {"sku": "L1"}], "more": 1}
    details = {error["field"]: error["detail"] for error in refused_body(world, service, body=body)["errors"]}
    assert details["title"] == "不可含控制字符 / control characters are not allowed"
    assert details["rows.0.quantity"] == (
        "太小;应为 1 到 1000000 的整数,如 1 / too small; must be a whole number from 1 to 1000000, such as 1"
    )
    assert details["rows.1.quantity"].startswith("必填;应为 1 到")
    assert details["more"].startswith("没有此字段,请删除;可用的字段:")
