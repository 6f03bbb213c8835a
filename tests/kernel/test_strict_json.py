"""JSON as the standard means it; what Python would let through is refused, at the parser and at a route."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.base import strict_json
from kernel.base.problems import BadRequest, TooLarge
from tests.kernel.desk import Desk, sheet
from tests.world import World

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
    "raw half a surrogate pair": '["\ud800"]',
    "not UTF-8": b'{"a":"\xff\xfe"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "an overlong encoding": b'["\xc0\xaf"]',
    "a byte order mark": "\ufeff{}",
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
def test_what_is_not_json_is_refused_at_once(name: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(BadRequest) as refused:
        strict_json.parse(NOT_JSON[name])
    assert refused.value.code == "invalid-json"
    assert time.perf_counter() - begun < 1


def test_five_megabytes_are_refused_without_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    monkeypatch.setattr(json, "loads", lambda text, **more: read.append(text))
    with pytest.raises(TooLarge):
        strict_json.parse(b'"' + b"x" * 5_000_000 + b'"')
    assert not read


def test_what_is_just_within_the_limit_is_read() -> None:
    assert len(strict_json.parse('"' + "x" * (strict_json.MAX_BYTES - 2) + '"')) == strict_json.MAX_BYTES - 2
    with pytest.raises(TooLarge):
        strict_json.parse('"' + "x" * (strict_json.MAX_BYTES - 1) + '"')


def test_the_limit_counts_bytes_not_characters() -> None:
    with pytest.raises(TooLarge):
        strict_json.parse('"' + "灯" * (strict_json.MAX_BYTES // 3) + '"')


def test_the_refusal_does_not_echo_what_was_sent() -> None:
    with pytest.raises(BadRequest) as refused:
        strict_json.parse('{"password":"canary-7f3a" "x"}')
    assert "canary" not in refused.value.detail
    assert "line 1" in refused.value.detail


@pytest.mark.parametrize(
    "text", ['"😀"', '"\\ud83d\\ude00"', '"\\u0000"', "1e308", "-0", "null", "[[[[1]]]]", '{"":1}']
)
def test_unusual_but_valid_json_is_read(text: str) -> None:
    assert strict_json.parse(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "spelt"),
    [("3.0", "3"), ("3e2", "300"), ("-0.0", "0"), ("1.5", "1.5"), ("9007199254740991.0", "9007199254740991")],
)
def test_a_whole_number_is_read_as_one_however_it_is_written(text: str, spelt: str) -> None:
    assert strict_json.canonical(strict_json.parse(text)) == spelt


@pytest.mark.parametrize("text", ["1e17", "1e300", "-1e300"])
def test_a_number_too_large_to_be_told_from_the_next_does_not_become_a_whole_one(text: str) -> None:
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
def test_every_value_json_can_say_is_read_back_as_it_was(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert strict_json.parse(json.dumps(value)) == value
    assert strict_json.parse(strict_json.canonical(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=2, max_size=6), st.randoms())
def test_equal_objects_have_one_spelling(value: dict[str, int], random: Any) -> None:
    names = list(value)
    random.shuffle(names)
    assert strict_json.canonical({name: value[name] for name in names}) == strict_json.canonical(value)


# ---- the same at a route ----


def refusal(world: World, desk: Desk, **sent: Any) -> Any:
    answer = world.call("desk", "POST", "/sheets", token=world.token(dealer_id="D0001"), key="k", **sent)
    assert 400 <= answer.status < 500, (answer.status, answer.text[:200])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json["status"], answer.json["type"]) == (answer.status, f"urn:qudao:problem:{answer.json['code']}")
    assert world.snapshot() == {}
    assert desk.done == 0
    return answer.json


@pytest.mark.parametrize("name", [name for name in NOT_JSON if "raw half" not in name])
def test_a_route_answers_broken_json_with_a_problem_and_does_nothing(world: World, desk: Desk, name: str) -> None:
    assert refusal(world, desk, raw_body=NOT_JSON[name])["code"] == "invalid-json"


def test_a_route_answers_too_much_with_a_problem_and_does_nothing(world: World, desk: Desk) -> None:
    assert refusal(world, desk, raw_body="[" + "1," * 2_500_000 + "1]")["code"] == "body-too-large"


def test_a_missing_body_is_refused(world: World, desk: Desk) -> None:
    assert refusal(world, desk)["code"] == "invalid-json"


@pytest.mark.parametrize("body", ["null", "[]", "1", '"text"', "true", "{}"])
def test_json_that_is_no_sheet_is_refused_by_field(world: World, desk: Desk, body: str) -> None:
    problem = refusal(world, desk, raw_body=body)
    assert problem["code"] == "invalid-fields"
    assert problem["errors"]


@pytest.mark.parametrize("depth", [*range(28, 36), 200, *range(850, 1000, 3), 5_000])
def test_no_depth_of_nesting_makes_a_route_fail(world: World, desk: Desk, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    body = json.dumps(sheet())[:-1] + f', "extra": {{"a": {nested}}}}}'
    answer = world.call("desk", "POST", "/sheets", raw_body=body, token=world.token(dealer_id="D0001"), key="k")
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
    ({"rows": [{"sku": "L 1", "quantity": 1}]}, "rows.0.sku"),
    ({"rows": [{"sku": "L1#x", "quantity": 1}]}, "rows.0.sku"),
    ({"rows": [{"sku": "L1\n", "quantity": 1}]}, "rows.0.sku"),
    ({"rows": [{"sku": "１", "quantity": 1}]}, "rows.0.sku"),
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
def test_a_wrong_field_is_named_and_nothing_is_done(world: World, desk: Desk, change: Any, field: str) -> None:
    problem = refusal(world, desk, body=sheet() | change)
    assert problem["code"] == "invalid-fields"
    assert field in [error["field"] for error in problem["errors"]]


def test_all_wrong_fields_are_named_at_once(world: World, desk: Desk) -> None:
    body = {"title": "", "rows": [{"sku": "L1", "quantity": 0}, {"sku": "", "quantity": 1}], "more": 1}
    fields = {error["field"] for error in refusal(world, desk, body=body)["errors"]}
    assert fields == {"title", "rows.0.quantity", "rows.1.sku", "more"}


def test_thousands_of_wrong_fields_do_not_make_an_endless_answer(world: World, desk: Desk) -> None:
    problem = refusal(world, desk, body=sheet() | {f"field-{number}": 1 for number in range(5_000)})
    assert len(problem["errors"]) == 1_000


def test_a_field_name_without_end_is_not_sent_back(world: World, desk: Desk) -> None:
    problem = refusal(world, desk, body=sheet() | {"x" * 500_000: 1})
    assert len(json.dumps(problem)) < 10_000


@pytest.mark.parametrize("title", ["灯具　订单", "王\u00a0芳", "👨\u200d👩\u200d👧", "naïve", "Ⅷ号仓", "α β"])
def test_names_may_hold_what_people_type(world: World, desk: Desk, title: str) -> None:
    token = world.token(dealer_id="D0001")
    answer = world.call("desk", "POST", "/sheets", body=sheet(title), token=token, key="k")
    assert (answer.status, answer.json.get("title")) == (201, title)


@pytest.mark.parametrize(
    "title", ["a\nb", "a\tb", "a\u202eb", "a\u2028b", "a\u0085b", "a\x7fb", "a\ufeffb", "a\ue000b"]
)
def test_names_hold_nothing_that_hides_or_breaks_a_line(world: World, desk: Desk, title: str) -> None:
    assert refusal(world, desk, body=sheet(title))["errors"][0]["field"] == "title"


def test_a_whole_number_may_be_written_with_a_point(world: World, desk: Desk) -> None:
    body = '{"title":"x","rows":[{"sku":"L1","quantity":3.0}]}'
    answer = world.call("desk", "POST", "/sheets", raw_body=body, token=world.token(dealer_id="D0001"), key="k")
    assert (answer.status, answer.json["pieces"]) == (201, 3)


def test_what_is_wrong_is_said_in_chinese_and_english(world: World, desk: Desk) -> None:
    body = {"title": "a\u0000", "rows": [{"sku": "L1", "quantity": 0}, {"sku": "L1"}], "more": 1}
    details = {error["field"]: error["detail"] for error in refusal(world, desk, body=body)["errors"]}
    assert details["title"] == "不可含控制字符 / control characters are not allowed"
    assert details["rows.0.quantity"] == "太小 / Input should be greater than or equal to 1"
    assert details["rows.1.quantity"].startswith("必填 / ")
    assert details["more"].startswith("没有此字段,请删除 / ")
