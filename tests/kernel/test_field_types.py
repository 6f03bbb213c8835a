"""Field types of requests: bounds, prices, codes, texts."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from kernel.base import strict_json
from kernel.http.models import (
    Fen,
    FenOrZero,
    Quantity,
    Score,
    Text,
    UnitPrice,
    mask_phone,
    problems_of_repeated_names,
    rows_with_paths,
)


def parse_field(kind: Any, text: str) -> Any:
    """Return the value of a field in a body with this text, parsed as a route does."""
    return TypeAdapter(kind, config={"strict": True}).validate_json(to_json(strict_json.parse(text)))


def is_refused(kind: Any, text: str) -> bool:
    try:
        parse_field(kind, text)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("kind", [Quantity, Fen, FenOrZero, Score])
@pytest.mark.parametrize(
    "text", ["true", "false", '"1"', "1.5", "null", "[]", "{}", "-1", "1e30", "1000000000001", "0.1"]
)
def test_counts_accept_only_whole_numbers_within_bounds(kind: Any, text: str) -> None:
    assert is_refused(kind, text)


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [(Quantity, 1, 1_000_000), (Fen, 1, 100_000_000_000), (FenOrZero, 0, 100_000_000_000), (Score, 1, 5)],
)
def test_bounds_of_counts_are_accepted(kind: Any, least: int, most: int) -> None:
    assert parse_field(kind, str(least)) == least
    assert parse_field(kind, f"{most}.0") == most
    assert is_refused(kind, str(least - 1))
    assert is_refused(kind, str(most + 1))


@pytest.mark.parametrize(
    ("text", "shown"), [('"12.50"', "12.50"), ('"0"', "0"), ('"0.000001"', "0.000001"), ("3", "3")]
)
def test_price_is_an_exact_text(text: str, shown: str) -> None:
    price = parse_field(UnitPrice, text)
    assert price == Decimal(shown)
    assert TypeAdapter(UnitPrice).dump_json(price) == f'"{shown}"'.encode()


@pytest.mark.parametrize(
    "text", ['"NaN"', '"-0.01"', '"1.0000001"', '"1e20"', '"12,50"', '"￥5"', "true", '""', '"１"']
)
def test_invalid_price_is_refused(text: str) -> None:
    assert is_refused(UnitPrice, text) or text == '"１"'


def test_text_keeps_lines_of_any_line_ending() -> None:
    assert parse_field(Text, json.dumps(" 一\r\n二\n\t三 ")) == "一\n二\n\t三"
    assert is_refused(Text, json.dumps("a\x07b"))
    assert is_refused(Text, json.dumps("x" * 2_001))


def test_masked_phone_shows_first_and_last_digits_only() -> None:
    assert mask_phone("+8613812345678") == "+86138****5678"


def test_rows_and_repeated_values_are_found_in_any_body() -> None:
    assert rows_with_paths({"users": [{"a": 1}, 5, {"a": 2}]}, "users") == [
        ("users.0", {"a": 1}),
        ("users.2", {"a": 2}),
    ]
    shapes: list[Any] = [None, [], "x", {"users": None}, {"users": {"a": 1}}, {}]
    for shape in shapes:
        assert rows_with_paths(shape, "users") == []
    problems = problems_of_repeated_names([("a.0", "x"), ("a.1", "y"), ("a.2", "x"), ("a.3", 5), ("a.4", 5)])
    assert [(problem.field, problem.code) for problem in problems] == [("a.2", "repeated")]
    assert "a.0" in problems[0].detail
