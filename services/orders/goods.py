"""Goods as a stock document names them, line by line, and the slots where they are counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from contracts.catalog import ProductItem, product_key
from contracts.stock import Slot
from kernel.problems import FieldProblem, Invalid, Refusal
from kernel.table import fetch
from services.orders.domain import SHELVES_PER_STEP

_MAX_ASKED = 50


class NamedLine(Protocol):
    """A SKU and its pieces on a document."""

    @property
    def sku(self) -> str: ...

    @property
    def quantity(self) -> int: ...


class Goods(NamedTuple):
    """What a document names, SKUs on several lines summed: pieces by SKU, and each SKU's slot."""

    by_sku: Mapping[str, int]
    slots: Mapping[str, int]

    @property
    def by_slot(self) -> dict[int, int]:
        """Pieces by slot."""
        return {self.slots[sku]: pieces for sku, pieces in self.by_sku.items()}

    @property
    def skus(self) -> dict[int, str]:
        """SKUs by slot."""
        return {slot: sku for sku, slot in self.slots.items()}

    @property
    def pieces(self) -> int:
        """In all."""
        return sum(self.by_sku.values())


def goods_of(lines: Sequence[NamedLine], most_shelves: int = SHELVES_PER_STEP) -> Goods:
    """The goods of a document's lines.

    Raises:
        Invalid: unknown SKUs; names the lines.
        Refusal: more shelves than one transaction can change.
    """
    products = products_named([(f"lines.{index}.sku", line.sku) for index, line in enumerate(lines)])
    pieces: dict[str, int] = defaultdict(int)
    for line in lines:
        pieces[line.sku] += line.quantity
    slots = {sku: products[sku].slot_number for sku in pieces}
    if len({Slot.of(slot).shelf for slot in slots.values()}) > most_shelves:
        raise Refusal("too-many-shelves", "请拆分为多张单据 / this document touches too many shelves; split it in two")
    return Goods(dict(pieces), slots)


def lines_short(
    lines: Sequence[NamedLine], goods: Goods, there: Mapping[int, int], code: str, detail: str
) -> list[FieldProblem]:
    """A problem for every line of a slot in `there`; `detail` says how many pieces there are, as `{there}`."""
    return [
        FieldProblem(
            field=f"lines.{index}.quantity", code=code, detail=detail.format(there=there[goods.slots[line.sku]])
        )
        for index, line in enumerate(lines)
        if goods.slots[line.sku] in there
    ]


def products_asked(skus: str) -> dict[str, ProductItem]:
    """Products by SKU, in the order of a query's comma-separated list.

    Raises:
        Invalid: unknown SKUs, or more than 50.
    """
    asked = list(dict.fromkeys(skus.split(",")))
    if len(asked) > _MAX_ASKED:
        detail = f"最多 {_MAX_ASKED} 个 / at most {_MAX_ASKED}"
        raise Invalid([FieldProblem(field="skus", code="too-many", detail=detail)])
    products = products_named([("skus", sku) for sku in asked])
    return {sku: products[sku] for sku in asked}


def products_named(asked: Sequence[tuple[str, str]]) -> dict[str, ProductItem]:
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
