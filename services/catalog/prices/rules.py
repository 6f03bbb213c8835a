"""Rules of prices and of the days a price list is valid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

from contracts.catalog import Price
from kernel.base.problems import FieldProblem


def next_break(price: Price, quantity: int) -> tuple[int, Decimal] | None:
    """The nearest quantity above `quantity` from which pieces are cheaper, and their price in yuan."""
    return next(((least, unit_price) for least, unit_price in price.breaks if least > quantity), None)


def price_problems(index: int, price: Price) -> list[FieldProblem]:
    """What is wrong with a price: breaks start above one piece, rise in quantity and fall in price."""
    problems = []
    steps = [(1, price.unit_price), *price.breaks]
    for at, ((least, before), (more, after)) in enumerate(pairwise(steps)):
        path = f"prices.{index}.breaks.{at}"
        if more <= least:
            detail = f"数量须大于 {least} / must be more than {least}"
            problems.append(FieldProblem(field=f"{path}.quantity", code="not-ascending", detail=detail))
        if after >= before:
            detail = f"价格须低于 {before} / must be below {before}"
            problems.append(FieldProblem(field=f"{path}.unit_price", code="not-cheaper", detail=detail))
    return problems


def validity_problems(valid_from: date, valid_to: date | None, today: date) -> list[FieldProblem]:
    """What is wrong with the days of a price list that is to hold from now on."""
    problems = []
    if valid_from > today:
        detail = "生效日在将来,请到当日再发布 / begins in the future; publish it on that day"
        problems.append(FieldProblem(field="valid_from", code="not-yet-valid", detail=detail))
    if valid_to is not None and valid_to < max(valid_from, today):
        detail = "失效日已过 / ends before it begins or before today"
        problems.append(FieldProblem(field="valid_to", code="already-over", detail=detail))
    return problems
