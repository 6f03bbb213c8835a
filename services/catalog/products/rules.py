"""Rules of products: successors, and the number of products of each category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kernel.base.codes import fold_text
from kernel.base.problems import FieldProblem
from services.catalog.vocabulary import MAX_CATEGORIES, CategoryCount, Product, ProductStatus


def successor_problems(products: Sequence[Product], known_skus: Iterable[str]) -> list[FieldProblem]:
    """Return the problems of successors in an import. `known_skus` are in the catalogue already."""
    existing = {*known_skus, *(product.sku for product in products)}
    problems = []
    for index, product in enumerate(products):
        problem = _successor_problem(product, existing)
        if problem:
            code, detail = problem
            problems.append(FieldProblem(field=f"products.{index}.successor", code=code, detail=detail))
    return problems


def _successor_problem(product: Product, existing: set[str]) -> tuple[str, str] | None:
    if product.successor is None:
        return None
    if product.status == ProductStatus.ACTIVE:
        chinese = f'{product.sku} 在售,不应有替代品 {product.successor};请发送 "successor": null 以清除'
        english = f'{product.sku} is active, only a run-out or discontinued one has a successor; send "successor": null'
        return "successor-of-active", f"{chinese} / {english}"
    if product.successor == product.sku:
        return "own-successor", "替代品不能是自己 / a product cannot succeed itself"
    if product.successor not in existing:
        return "unknown-sku", "替代品不存在,请先导入 / no such product; import the successor first or with it"
    return None


def counts_after(
    counts: Mapping[str, CategoryCount], changes: Iterable[tuple[Product | None, Product]]
) -> dict[str, CategoryCount]:
    """Return the counts of the categories by folded name, after products have changed.

    Args:
        changes: (stored product, None if it is new; product as written).
    """
    after = dict(counts)
    for before, product in changes:
        if before:
            _add(after, before, -1)
        _add(after, product, 1)
    return {name: count for name, count in after.items() if count.products}


def _add(counts: dict[str, CategoryCount], product: Product, number: int) -> None:
    folded = fold_text(product.category)
    former = counts.get(folded, CategoryCount(product.category, 0, 0))
    counts[folded] = CategoryCount(
        product.category if number > 0 else former.name,
        former.products + number,
        former.active + (number if product.status == ProductStatus.ACTIVE else 0),
    )


def category_problems(
    counts: Mapping[str, CategoryCount], changes: Sequence[tuple[Product | None, Product]]
) -> list[FieldProblem]:
    """Return the problems of an import after which there are too many categories: one for each row with a new one."""
    if len(counts_after(counts, changes)) <= MAX_CATEGORIES:
        return []
    detail = (
        f"最多 {MAX_CATEGORIES} 个品类,请用已有品类,如 {next(iter(counts.values())).name} / at most {MAX_CATEGORIES} "
        "categories; use one that exists"
        if counts
        else f"最多 {MAX_CATEGORIES} 个品类 / at most {MAX_CATEGORIES} categories"
    )
    return [
        FieldProblem(field=f"products.{index}.category", code="too-many-categories", detail=detail)
        for index, (_, product) in enumerate(changes)
        if fold_text(product.category) not in counts
    ]
