"""Resolve the lines of a stock document or query to products and SKU indexes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from contracts.catalog import ProductItem, product_key
from contracts.stock import BucketPosition
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.store.table import fetch
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION

_MAX_ASKED = 50


class RequestedLine(Protocol):
    """A SKU and its pieces on a document."""

    @property
    def sku(self) -> str: ...

    @property
    def quantity(self) -> int: ...


class DocumentLines(NamedTuple):
    """What a document names, SKUs on several lines summed: pieces by SKU, and each SKU's sku_index."""

    by_sku: Mapping[str, int]
    sku_indexes: Mapping[str, int]

    @property
    def by_sku_index(self) -> dict[int, int]:
        """Pieces by sku_index."""
        return {self.sku_indexes[sku]: pieces for sku, pieces in self.by_sku.items()}

    @property
    def skus(self) -> dict[int, str]:
        """SKUs by sku_index."""
        return {sku_index: sku for sku, sku_index in self.sku_indexes.items()}

    @property
    def pieces(self) -> int:
        """In all."""
        return sum(self.by_sku.values())


def resolve_lines(lines: Sequence[RequestedLine], most_buckets: int = BUCKETS_PER_TRANSACTION) -> DocumentLines:
    """The goods of a document's lines.

    Raises:
        Invalid: unknown SKUs; names the lines.
        Refusal: more buckets than one transaction can change.
    """
    products = load_products([(f"lines.{index}.sku", line.sku) for index, line in enumerate(lines)])
    pieces: dict[str, int] = defaultdict(int)
    for line in lines:
        pieces[line.sku] += line.quantity
    sku_indexes = {sku: products[sku].sku_index for sku in pieces}
    if len({BucketPosition.of(sku_index).bucket for sku_index in sku_indexes.values()}) > most_buckets:
        raise Refusal(
            "document-too-large", "请拆分为多张单据 / this document touches too many buckets; split it in two"
        )
    return DocumentLines(dict(pieces), sku_indexes)


def shortage_problems(
    lines: Sequence[RequestedLine], goods: DocumentLines, there: Mapping[int, int], code: str, detail: str
) -> list[FieldProblem]:
    """A problem for every line of a sku_index in `there`; `detail` says how many pieces there are, as `{there}`."""
    return [
        FieldProblem(
            field=f"lines.{index}.quantity", code=code, detail=detail.format(there=there[goods.sku_indexes[line.sku]])
        )
        for index, line in enumerate(lines)
        if goods.sku_indexes[line.sku] in there
    ]


def products_in_query(skus: str) -> dict[str, ProductItem]:
    """Products by SKU, in the order of a query's comma-separated list.

    Raises:
        Invalid: unknown SKUs, or more than 50.
    """
    asked = list(dict.fromkeys(skus.split(",")))
    if len(asked) > _MAX_ASKED:
        detail = f"最多 {_MAX_ASKED} 个 / at most {_MAX_ASKED}"
        raise Invalid([FieldProblem(field="skus", code="too-many", detail=detail)])
    products = load_products([("skus", sku) for sku in asked])
    return {sku: products[sku] for sku in asked}


def load_products(asked: Sequence[tuple[str, str]]) -> dict[str, ProductItem]:
    """Products by SKU; `asked` names the field each SKU stands in.

    Raises:
        Invalid: some are unknown.
    """
    found = fetch([product_key(sku) for _, sku in asked], consistent=False)
    products = {item.sku: item for item in found.values() if isinstance(item, ProductItem)}
    unknown = [
        FieldProblem(field=field, code="unknown-sku", detail="无此商品 / no such product; check the SKU")
        for field, sku in asked
        if sku not in products
    ]
    if unknown:
        raise Invalid(unknown)
    return products
