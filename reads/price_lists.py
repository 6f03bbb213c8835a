"""Published price lists, and the check of everything that names one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from contracts.catalog import PRICE_LISTS, PriceListItem, price_list_key
from kernel.base.problems import FieldProblem
from kernel.store.items import Key
from kernel.store.read import query_page

#: A refusal names so many of the published price lists.
_MOST_NAMED = 30


def price_list_problems(named: Iterable[tuple[str, str]], found: Collection[Key]) -> list[FieldProblem]:
    """Return a problem for each field that names a price list without a published version; it names the published ones.

    Args:
        named: (field path, price list id) of each field.
        found: keys of the stored price lists, of those that are named at least.
    """
    unknown = [(field, price_list_id) for field, price_list_id in named if price_list_key(price_list_id) not in found]
    if not unknown:
        return []
    published = query_page(PriceListItem, PRICE_LISTS, on_index=True, limit=_MOST_NAMED).items
    zh = "、".join(f"{item.price_list_id} {item.name}" for item in published) or "(尚未发布任何价格表)"
    en = ", ".join(item.price_list_id for item in published) or "(none is published yet)"
    return [_problem(field, price_list_id, zh, en) for field, price_list_id in unknown]


def _problem(field: str, price_list_id: str, zh: str, en: str) -> FieldProblem:
    detail = (
        f"没有已发布的价格表 {price_list_id},现有:{zh} / there is no published price list {price_list_id}; known: {en}"
    )
    return FieldProblem(field=field, code="unknown-price-list", detail=detail)
