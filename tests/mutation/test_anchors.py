"""Every mutation finds its code and its test; a broken one is reported with the line to edit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.mutation.anchors import broken_anchors
from tests.mutation.definitions import AnchorError, find_definition, find_test
from tests.mutation.mutation import Kind, Mutation
from tests.mutation.mutations import MUTATIONS

_MUTATION = Mutation(
    "half a fen is rounded down",
    Kind.WRONG_ROUNDING,
    "kernel:_half_up",
    old="(2 * __a + __b) // (2 * __b)",
    new="__a // __b",
    caught_by="test_every_mutation_finds_its_place",
)


def test_every_mutation_finds_its_place() -> None:
    broken = list(broken_anchors(MUTATIONS))
    assert not broken, "edit these mutations (python -m tests.mutation --check):\n" + "\n\n".join(broken)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"target": "kernel:half_up"}, "half_up is not defined in kernel"),
        ({"target": "kernal:_half_up"}, "no package or module kernal"),
        ({"target": "services:TRANSITIONS"}, "TRANSITIONS is defined 2 times"),
        ({"old": "(2 * __a - __b) // (2 * __b)"}, "matches 0 times; nearest, in line"),
        ({"old": "2 * _"}, "matches 2 times, in lines"),
        ({"old": "__a // ("}, "'(' was never closed"),
        ({"new": "__c // __b"}, "uses __c"),
        ({"new": "halved // __b"}, "names that the module does not have: halved"),
        ({"caught_by": "test_no_such_thing"}, "0 tests are named test_no_such_thing"),
    ],
)
def test_broken_anchor_names_the_mutation_and_the_problem(change: dict[str, str], problem: str) -> None:
    assert not list(broken_anchors([_MUTATION]))
    [report] = broken_anchors([replace(_MUTATION, **change)])
    assert report.startswith("tests/mutation/mutations/kernel.py:")
    assert _MUTATION.name in report
    assert problem in report


def test_missing_pattern_reports_file_function_and_pattern() -> None:
    [report] = broken_anchors([replace(_MUTATION, old="numerator / denominator")])
    definition = find_definition("kernel:_half_up")
    assert f"{definition.place} _half_up" in report
    assert "numerator / denominator" in report


@pytest.mark.parametrize(
    ("target", "module"),
    [
        ("kernel:Principal.scope", "kernel.http.principal"),
        ("kernel.http.principal:DEALER_ROLES", "kernel.http.principal"),
        ("services.orders:submit_order", "services.orders.intake.submit_order"),
    ],
)
def test_definition_is_found_in_any_module_of_a_package(target: str, module: str) -> None:
    assert find_definition(target).module == module


def test_trigger_is_never_a_definition() -> None:
    with pytest.raises(AnchorError):
        find_definition("services.orders.order_routes:submit_order")


def test_test_is_found_by_its_name_with_or_without_parameter() -> None:
    file = "tests/mutation/test_anchors.py"
    name = "test_every_mutation_finds_its_place"
    assert find_test(name) == f"{file}::{name}"
    assert find_test(f"mutation/test_anchors.py::{name}[1]") == f"{file}::{name}[1]"
    with pytest.raises(AnchorError):
        find_test(f"mutation/test_patterns.py::{name}")
