"""Resolve the lines of a stock document or query to products and SKU indexes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from contracts.catalog import ProductItem, product_key
from contracts.stock import BucketPosition
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.store.read import fetch
from services.orders.vocabulary import BUCKETS_PER_TRANSACTION

_MAX_ASKED = 50


class RequestedLine(Protocol):
    """A SKU and its pieces in a request."""

    @property
    def sku(self) -> str:
        """Product code."""

    @property
    def quantity(self) -> int:
        """Pieces."""


class DocumentLines(NamedTuple):
    """Lines of a document: pieces by SKU, summed over its lines, and the SKU index of each SKU."""

    by_sku: Mapping[str, int]
    sku_indexes: Mapping[str, int]

    @property
    def by_sku_index(self) -> dict[int, int]:
        """Pieces by SKU index."""
        return {self.sku_indexes[sku]: pieces for sku, pieces in self.by_sku.items()}

    @property
    def skus(self) -> dict[int, str]:
        """SKUs by SKU index."""
        return {sku_index: sku for sku, sku_index in self.sku_indexes.items()}

    @property
    def pieces(self) -> int:
        """Pieces in total."""
        return sum(self.by_sku.values())

    def short(self, there: Mapping[int, int]) -> dict[int, int]:
        """Return what is there by SKU index, of the SKUs of which the document moves more.

        A SKU index without a figure has enough.
        """
        return {
            sku_index: there[sku_index]
            for sku_index, pieces in self.by_sku_index.items()
            if there.get(sku_index, pieces) < pieces
        }


def resolve_lines(lines: Sequence[RequestedLine], most_buckets: int = BUCKETS_PER_TRANSACTION) -> DocumentLines:
    """Resolve the lines of a document.

    Raises:
        Invalid: SKUs are unknown; names the lines.
        Refusal: the document touches more buckets than one transaction can change.
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
    lines: Sequence[RequestedLine], goods: DocumentLines, available: Mapping[int, int], code: str, detail: str
) -> list[FieldProblem]:
    """Return a problem for every line whose SKU index is in `available`.

    Args:
        available: available pieces by SKU index.
        detail: text of the problem; `{available}` in it is replaced by the pieces.
    """
    return [
        FieldProblem(
            field=f"lines.{index}.quantity",
            code=code,
            detail=detail.format(available=available[goods.sku_indexes[line.sku]]),
        )
        for index, line in enumerate(lines)
        if goods.sku_indexes[line.sku] in available
    ]


def products_in_query(skus: str) -> dict[str, ProductItem]:
    """Load products by SKU, in the order of a comma-separated query.

    Raises:
        Invalid: SKUs are unknown, or there are more than 50.
    """
    requested = list(dict.fromkeys(skus.split(",")))
    if len(requested) > _MAX_ASKED:
        detail = f"最多 {_MAX_ASKED} 个 / at most {_MAX_ASKED}"
        raise Invalid([FieldProblem(field="skus", code="too-many", detail=detail)])
    products = load_products([("skus", sku) for sku in requested])
    return {sku: products[sku] for sku in requested}


def load_products(requested: Sequence[tuple[str, str]]) -> dict[str, ProductItem]:
    """Load products by SKU.

    Args:
        requested: pairs of field name and SKU.

    Raises:
        Invalid: SKUs are unknown; names their fields.
    """
    found = fetch([product_key(sku) for _, sku in requested], consistent=False)
    products = {item.sku: item for item in found.values() if isinstance(item, ProductItem)}
    unknown = [
        FieldProblem(field=field, code="unknown-sku", detail="无此商品 / no such product; check the SKU")
        for field, sku in requested
        if sku not in products
    ]
    if unknown:
        raise Invalid(unknown)
    return products
