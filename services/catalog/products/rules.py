"""Rules of products: successors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kernel.base.problems import FieldProblem
from services.catalog.vocabulary import Product, Status


def successor_problems(products: Sequence[Product], known: Iterable[str]) -> list[FieldProblem]:
    """Successors that lead nowhere. `known` are the SKUs of the catalogue besides those of the import."""
    exists = {*known, *(product.sku for product in products)}
    problems = []
    for index, product in enumerate(products):
        wrong = _successor_problem(product, exists)
        if wrong:
            code, detail = wrong
            problems.append(FieldProblem(field=f"products.{index}.successor", code=code, detail=detail))
    return problems


def _successor_problem(product: Product, exists: set[str]) -> tuple[str, str] | None:
    if product.successor is None:
        return None
    if product.status != Status.DISCONTINUED:
        return "successor-of-active", "在售商品不应有替代品 / only a discontinued product has a successor"
    if product.successor == product.sku:
        return "own-successor", "替代品不能是自己 / a product cannot succeed itself"
    if product.successor not in exists:
        return "unknown-sku", "替代品不存在,请先导入 / no such product; import the successor first or with it"
    return None
