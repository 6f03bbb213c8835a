"""Rules of what a page of products selects and in which order: stock, price limits and sorting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from contracts.catalog import Price
from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.base.codes import fold_text
from kernel.base.problems import FieldProblem
from services.catalog.vocabulary import Product

#: Last bucket that a key can name.
_LAST_BUCKET = 9_999
#: Prices have at most six decimal places; in these units they are whole numbers.
_DECIMAL_PLACES = 6


class Sort(StrEnum):
    """Order of a page. Without one, products are in the order of the catalogue, and `newest` is its reverse."""

    SKU = "sku"
    NAME = "name"
    PRICE = "price"
    NEWEST = "newest"


class Candidate(NamedTuple):
    """A product that the search found, with its price in the pricing dealer's list and its available pieces.

    Both are None without a pricing dealer; the price also if the list does not have the product.
    """

    position: BucketPosition
    product: Product
    price: Price | None
    pieces: int | None


class Selection(NamedTuple):
    """Filters besides words: `in_stock` with pieces or without any, limits of the price in yuan for one piece."""

    in_stock: bool | None
    price_from: Decimal | None
    price_to: Decimal | None

    @property
    def selects_all(self) -> bool:
        """Return True if no product is left out."""
        return self == Selection(None, None, None)

    def accepts(self, candidate: Candidate) -> bool:
        """Return True if the product has the wanted stock and a price within the limits, which are inclusive."""
        if self.in_stock is not None and bool(candidate.pieces) != self.in_stock:
            return False
        if self.price_from is None and self.price_to is None:
            return True
        if candidate.price is None:
            return False
        price = candidate.price.unit_price
        return (self.price_from is None or self.price_from <= price) and (
            self.price_to is None or price <= self.price_to
        )


def selection_problems(selection: Selection, sort: Sort | None, has_dealer: bool) -> list[FieldProblem]:
    """Return the problems of filters that contradict each other, or need a dealer whose prices and stock apply."""
    problems = []
    given = {name: value is not None for name, value in selection._asdict().items()} | {"sort": sort == Sort.PRICE}
    if not has_dealer:
        detail = "价格和库存按经销商而定,请指明经销商,如 D0001 / depends on the dealer; name one, such as D0001"
        problems += [FieldProblem(field=name, code="needs-dealer", detail=detail) for name in given if given[name]]
    lowest, highest = selection.price_from, selection.price_to
    if lowest is not None and highest is not None and lowest > highest:
        detail = f"须不低于最低价 {lowest} / must not be below the lowest price, {lowest}"
        problems.append(FieldProblem(field="price_to", code="below-price-from", detail=detail))
    return problems


def sort_key(sort: Sort, candidate: Candidate) -> list[int | str]:
    """Return the key of a product in an order, as JSON; SKUs make it unique. Products without a price come last."""
    product = candidate.product
    if sort is Sort.NAME:
        return [fold_text(product.name_zh), product.sku]
    if sort is Sort.PRICE:
        price = candidate.price
        return [1, 0, product.sku] if price is None else [0, int(price.unit_price.scaleb(_DECIMAL_PLACES)), product.sku]
    return [product.sku]


# ---- from the newest product to the oldest ----


def mirrored(position: BucketPosition) -> BucketPosition:
    """Return the position counted from the end of the catalogue, so that the newest product comes first."""
    return BucketPosition(_LAST_BUCKET - position.bucket, SKUS_PER_BUCKET - 1 - position.position)


def mirrored_bits(bits: Mapping[int, int]) -> dict[int, int]:
    """Return the positions of each bucket as bits, counted from the end of the catalogue."""
    return {_LAST_BUCKET - bucket: _reversed_bits(of_bucket) for bucket, of_bucket in bits.items()}


def mirrored_bucket(bucket: int) -> int:
    """Return the bucket counted from the end of the catalogue."""
    return _LAST_BUCKET - bucket


def _reversed_bits(bits: int) -> int:
    return int(f"{bits:0{SKUS_PER_BUCKET}b}"[::-1], 2)


def page_in_order(keys: Sequence[list[int | str]], after: list[int | str] | None) -> list[int]:
    """Return the indexes of the keys that come after one, in order."""
    return sorted((index for index, key in enumerate(keys) if after is None or key > after), key=lambda at: keys[at])
