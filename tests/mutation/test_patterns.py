"""Patterns match code in any layout, and replace it in the syntax tree."""

from __future__ import annotations

import ast

import pytest

from tests.mutation.patterns import PatternNotFound, replace

_CODE = """
def ship(order, pieces):
    # A comment plays no part.
    if (
        order.state != "confirmed"
        or pieces > order.reserved
    ):
        raise Refusal("wrong-state", status=409, state=order.state)
    left = (order.reserved - pieces)
    save(order, {"reserved": left, "shipped": order.shipped + pieces}, [left, pieces])
    publish(order)
    return left
"""


def _replaced(old: str, new: str) -> str:
    return ast.unparse(ast.Module(replace(ast.parse(_CODE).body, old, new), []))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("order.reserved - pieces", "order.reserved + pieces", "left = order.reserved + pieces"),
        ("order.state != 'confirmed' or _", "order.state != 'confirmed'", "if order.state != 'confirmed':"),
        ("__a - __b", "__b - __a", "left = pieces - order.reserved"),
        ("Refusal(_, status=409, **__more)", "Refusal('other', **__more)", "Refusal('other', state=order.state)"),
        ("Refusal(*__all, state=_, status=409)", "Refusal(*__all)", "raise Refusal('wrong-state')"),
        ("{'reserved': _, **__more}", "{**__more}", "save(order, {'shipped': order.shipped + pieces}, [left, pieces])"),
        ("[left, *__more]", "[*__more, left]", "[pieces, left])"),
        ("save(order, *__more)", "save(*__more)", "save({'reserved': left, 'shipped': order.shipped + pieces}, "),
    ],
)
def test_expression_is_replaced(old: str, new: str, expected: str) -> None:
    assert expected in _replaced(old, new)


def test_statement_is_deleted() -> None:
    assert "publish" not in _replaced("publish(_)", "")


def test_only_statement_of_a_block_becomes_pass() -> None:
    assert "        pass\n    left" in _replaced("raise Refusal(*_, **_)", "")


def test_statements_are_swapped_with_others_in_between() -> None:
    swapped = _replaced("left = __value\n__between\npublish(__order)", "publish(__order)\n__between\nleft = __value")
    assert swapped.index("publish") < swapped.index("save") < swapped.index("left = ")


def test_condition_is_removed_and_its_block_stays() -> None:
    replaced = _replaced("if _:\n    __body", "__body")
    assert "    raise Refusal" in replaced
    assert "if " not in replaced


def test_wildcard_in_an_assignment_is_assigned_in_the_replacement() -> None:
    code = ast.parse("pieces = [line.quantity for line in lines]").body
    changed = replace(code, "[__quantity for __line in lines]", "[__quantity for __line in lines if __line]")
    compile(ast.Module(changed, []), "-", "exec")
    assert ast.unparse(changed[0]) == "pieces = [line.quantity for line in lines if line]"


def test_replacement_has_the_line_of_the_match() -> None:
    (function,) = replace(ast.parse(_CODE).body, "publish(_)", "first()\nraise_in_line()")
    assert {node.lineno for node in ast.walk(function) if isinstance(node, ast.Name) and "first" in node.id} == {11}


@pytest.mark.parametrize("old", ["order.lines", "order", "__a", "pieces - order.reserved", "{'reserved': left}"])
def test_pattern_that_does_not_match_once_is_refused(old: str) -> None:
    with pytest.raises(PatternNotFound):
        _replaced(old, "None")


@pytest.mark.parametrize(("old", "new"), [("left", "(left)"), ("publish(__a)", "publish(__b)")])
def test_useless_or_unknown_replacement_is_refused(old: str, new: str) -> None:
    with pytest.raises(ValueError):
        _replaced(old, new)
