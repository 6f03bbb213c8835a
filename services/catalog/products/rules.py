"""Rules of products: successors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kernel.base.problems import FieldProblem
from services.catalog.vocabulary import Product, ProductStatus


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
