"""Tests that only services/catalog/products/write_products.py writes products and their copies."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import paths

WRITER = paths.ROOT / "services/catalog/products/write_products.py"
#: Item classes of the three copies of a product.
COPIES = {"ProductItem", "BucketProductsItem", "TermItem", "AssortmentItem", "AssortmentPageItem", "CategoriesItem"}
#: Functions that return their keys.
KEYS = {"product_key", "bucket_products_key", "term_key", "assortment_page_key", "ASSORTMENT_KEY", "CATEGORIES_KEY"}
#: Methods of an item class that only read.
READS = {"get", "batch_get", "query"}
#: Methods of a transaction, an item or the table that write.
WRITES = {
    *("create", "put", "update", "update_fields", "update_expression", "delete", "save", "batch_write"),
    *("change", "replace_version"),
}


def foreign_writes(source: str) -> Iterator[str]:
    """Yield the calls in a module that create or write an item of these classes."""
    tree = ast.parse(source)
    names = {name: name for name in COPIES | KEYS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname and alias.name in names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (reason := _reason(node, names)):
            yield f"line {node.lineno}: {reason}"


def _reason(call: ast.Call, names: dict[str, str]) -> str | None:
    called, owner = _last_name(call.func, names), None
    if isinstance(call.func, ast.Attribute):
        owner = _last_name(call.func.value, names)
    if called in COPIES:
        return f"creates {called}"
    if owner in COPIES and called not in READS:
        return f"calls {owner}.{called}"
    if called in WRITES:
        named = {
            name
            for argument in [*call.args, *(keyword.value for keyword in call.keywords)]
            for node in ast.walk(argument)
            if (name := _last_name(node, names)) in COPIES | KEYS
        }
        if named:
            return f"{called} of {', '.join(sorted(named))}"
    return None


def _last_name(node: ast.AST, names: dict[str, str]) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return names.get(name, name)
    return None


def modules() -> list[Path]:
    folders = ("contracts", "infra", "kernel", "reads", "services")
    return sorted(file for folder in folders for file in (paths.ROOT / folder).rglob("*.py"))


def test_only_writer_writes_products_and_copies() -> None:
    found = {str(file.relative_to(paths.ROOT)): list(foreign_writes(file.read_text())) for file in modules()}
    assert not {file: writes for file, writes in found.items() if writes and paths.ROOT / file != WRITER}
    assert len(found[str(WRITER.relative_to(paths.ROOT))]) >= len(COPIES)


@pytest.mark.parametrize(
    "line",
    [
        "ProductItem(*product_key(sku), sku=sku)",
        "catalog.ProductItem(*key, sku=sku)",
        "Stored(*key, sku=sku)",
        "AssortmentPageItem.of(1, listings)",
        "TermItem.batch_write()",
        "transaction.update_fields(ProductItem, key, {'status': 'discontinued'}, label='product')",
        "product.update(actions=[ProductItem.status.set('discontinued')])",
        "transaction.update_expression(product_key(sku), 'SET version=:1', '', {}, 'product')",
        "transaction.delete(TermItem, key, None, 'term')",
        "transaction.put(item, 'assortment', AssortmentItem.revision == 1)",
        "change(BucketProductsItem, key, [])",
    ],
)
def test_check_notices_foreign_write(line: str) -> None:
    source = f"from contracts.catalog import ProductItem as Stored\n{line}\n"
    assert len(list(foreign_writes(source))) >= 1


@pytest.mark.parametrize(
    "line",
    [
        "fetch_one(ProductItem, product_key(sku))",
        "fetch([product_key(sku), ASSORTMENT_KEY])",
        "isinstance(item, ProductItem) and Product.of(item)",
        "query_page(TermItem, pk, sk=TermItem.sk >= '0', limit=1)",
        "transaction.create(order, 'order')",
    ],
)
def test_check_allows_reads_and_other_writes(line: str) -> None:
    assert list(foreign_writes(line)) == []
