"""Rules of the master of warehouses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kernel.base.problems import FieldProblem

#: A refusal names so many dealers, warehouses or deliveries.
_MOST_NAMED = 10


class WarehouseUse(NamedTuple):
    """Users of a warehouse, without which it may be deactivated.

    `dealers`: ids of those with it as home warehouse; `served`: warehouses whose sourcing rule names it; `expected`:
    references of deliveries; `waiting`: ids of orders in its backorder queue.
    """

    dealers: Sequence[str]
    served: Sequence[str]
    expected: Sequence[str]
    waiting: Sequence[str]


def in_use_problems(use: WarehouseUse) -> Iterator[FieldProblem]:
    """Yield a problem for each kind of use for which a warehouse cannot be deactivated."""
    if use.dealers:
        yield _problem("has-dealers", use.dealers, "先把这些经销商改到其他仓", "give these dealers another warehouse")
    if use.served:
        yield _problem(
            "is-alternate",
            use.served,
            "先从这些仓的调拨顺序中去掉",
            "take it off the sourcing rules of these warehouses",
        )
    if use.expected:
        yield _problem("expects-goods", use.expected, "先取消这些在途", "cancel these expected deliveries")
    if use.waiting:
        yield _problem("has-backorders", use.waiting, "先处理这些等货的订单", "end these orders that wait for stock")


def contact_problem(username: str) -> FieldProblem:
    """Return the problem of an escalation contact who cannot be one."""
    detail = (
        f"总部没有可审核订单且有手机号的用户 {username} / "
        f"head office has no user {username} who may approve orders and has a mobile phone"
    )
    return FieldProblem(field="escalation_contact", code="unknown-contact", detail=detail)


def _problem(code: str, named: Sequence[str], advice_zh: str, advice_en: str) -> FieldProblem:
    more = len(named) - _MOST_NAMED
    zh = "、".join(named[:_MOST_NAMED]) + (f" 等 {len(named)} 个" if more > 0 else "")
    en = ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return FieldProblem(field="active", code=code, detail=f"{advice_zh}:{zh} / {advice_en}: {en}")
