"""Encoding of JSON texts: UTF-8, with or without a byte order mark."""

from __future__ import annotations

import pytest

from kernel.base import strict_json
from kernel.base.problems import BadRequest
from tests.kernel.sample_service import SampleService
from tests.kernel.test_strict_json import refused_body
from tests.support.world import World

NOT_UTF_8: dict[str, str | bytes] = {
    "raw half a surrogate pair": '["\ud800"]',
    "two bytes that never occur": b'{"a":"\xff\xfe"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "GBK": '{"a":"测试"}'.encode("gbk"),
    "Latin-1": '{"a":"é"}'.encode("latin-1"),
    "an overlong encoding": b'["\xc0\xaf"]',
}


@pytest.mark.parametrize("name", NOT_UTF_8)
def test_text_that_is_not_utf_8_is_refused(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        strict_json.parse(NOT_UTF_8[name])
    assert refused.value.code == "not-utf-8"
    assert "UTF-8" in refused.value.detail


@pytest.mark.parametrize("text", ["\ufeff{}", b"\xef\xbb\xbf{}"])
def test_byte_order_mark_before_the_text_is_left_out(text: str | bytes) -> None:
    assert strict_json.parse(text) == {}


@pytest.mark.parametrize("name", NOT_UTF_8)
def test_route_answers_text_that_is_not_utf_8_with_a_problem(world: World, service: SampleService, name: str) -> None:
    assert refused_body(world, service, raw_body=NOT_UTF_8[name])["code"] == "not-utf-8"
