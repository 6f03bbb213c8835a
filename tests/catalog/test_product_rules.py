"""Tests of the rules of successors."""

from __future__ import annotations

from services.catalog.products.rules import successor_problems
from tests.catalog.fixtures import product


def test_successor_must_exist_differ_and_follow_discontinued_product() -> None:
    discontinued = {"status": "discontinued"}
    rows = [
        product("A1", successor="B1", **discontinued),
        product("A2", successor="A2", **discontinued),
        product("A3", successor="X9", **discontinued),
        product("A4", successor="B1"),
        product("A5", successor="OLD", **discontinued),
        product("A6", **discontinued),
        product("B1"),
    ]
    assert [(problem.field, problem.code) for problem in successor_problems(rows, known_skus=["OLD"])] == [
        ("products.1.successor", "own-successor"),
        ("products.2.successor", "unknown-sku"),
        ("products.3.successor", "successor-of-active"),
    ]
