"""Messages of field problems: Chinese beside the English of pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernel.base.problems import FieldProblem

_CHINESE = {
    "missing": "必填",
    "extra_forbidden": "没有此字段,请删除",
    "string_type": "应为文字",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "string_pattern_mismatch": "格式不对",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "int_parsing_size": "数字太大",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "greater_than_equal": "太小",
    "greater_than": "太小",
    "less_than_equal": "太大",
    "less_than": "太大",
    "too_short": "条目太少",
    "too_long": "条目太多",
    "enum": "不在可选值之中",
    "literal_error": "不在可选值之中",
    "decimal_type": "应为数字",
    "decimal_parsing": "应为数字",
    "decimal_max_digits": "位数太多",
    "decimal_max_places": "小数位太多",
    "decimal_whole_digits": "整数位太多",
    "finite_number": "应为有限的数字",
    "date_type": "应为日期,如 2026-11-23",
    "date_from_datetime_parsing": "应为日期,如 2026-11-23",
    "date_parsing": "应为日期,如 2026-11-23",
    "datetime_type": "应为时间",
    "datetime_parsing": "应为时间",
}
_OTHERWISE = "内容不正确"
#: A refusal repeats the field names of the request, but never a very long one.
_MAX_NAME = 200


def field_problem(error: Mapping[str, Any]) -> FieldProblem:
    """Return the problem of one entry of pydantic's `errors()`. Messages of own validators are already bilingual."""
    field = ".".join(map(str, error["loc"]))[:_MAX_NAME] or "body"
    message = error["msg"].removeprefix("Value error, ")
    # Codes of our own have dashes, those of pydantic underscores.
    if error["type"] != "value_error" and "-" not in error["type"]:
        message = f"{_CHINESE.get(error['type'], _OTHERWISE)} / {message[:_MAX_NAME]}"
    return FieldProblem(field=field, code=error["type"], detail=message)
