"""Lighting products: families of lamps, each with variants along the axes that are usual in the trade.

They follow from `range.yaml` without random numbers, so every run has the same products.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import product
from math import prod
from pathlib import Path

import yaml

#: Number of SKUs.
RANGE_SIZE = 2_000

#: Number of run-out products of the previous generation in each family.
_RUN_OUT_PER_FAMILY = 6
_OLD, _NEW = 2, 3


@dataclass(frozen=True)
class Body:
    """One size of a family: recommended price in yuan, pieces in a carton."""

    code: str
    zh: str
    en: str
    price: float
    carton: int
    specs: dict[str, str]


@dataclass(frozen=True)
class Choice:
    """One value of an axis: parts of code, names and specs, and the factor of the price."""

    code: str
    zh: str
    en: str
    specs: dict[str, str] = field(default_factory=dict)
    factor: float = 1.0


@dataclass(frozen=True)
class Family:
    """One kind of lamp with its sizes and axes; `share`: part of the range relative to other families."""

    code: str
    zh: str
    en: str
    share: int
    bodies: tuple[Body, ...]
    axes: tuple[tuple[Choice, ...], ...]


@dataclass(frozen=True)
class Product:
    """One SKU to import. `recommended_price`: yuan for a piece, before the discounts of price lists."""

    sku: str
    name_zh: str
    name_en: str
    category: str
    specs: dict[str, str]
    carton: int
    order_multiple: int
    recommended_price: Decimal
    successor: str | None = None

    @property
    def run_out(self) -> bool:
        """True if the product has a successor, and is sold until it is gone."""
        return self.successor is not None


_Variant = tuple[Body, *tuple[Choice, ...]]


def lighting_range() -> list[Product]:
    """Return `RANGE_SIZE` products. A few of every family run out; their successor comes before them."""
    return [product for family, size in zip(families(), _sizes(), strict=True) for product in _products(family, size)]


@cache
def families() -> tuple[Family, ...]:
    """Return the families of `range.yaml`."""
    tables = yaml.safe_load(Path(__file__).with_name("range.yaml").read_text(encoding="utf-8"))
    return tuple(
        Family(
            code=table["code"],
            zh=table["zh"],
            en=table["en"],
            share=table["share"],
            bodies=tuple(Body(*row) for row in table["bodies"]),
            axes=tuple(tuple(Choice(*row) for row in axis) for axis in table["axes"]),
        )
        for table in tables["families"]
    )


def _sizes() -> list[int]:
    """Return the number of products of each family by its share; the last family gets the remainder."""
    total = sum(family.share for family in families())
    sizes = [RANGE_SIZE * family.share // total for family in families()]
    sizes[-1] += RANGE_SIZE - sum(sizes)
    return sizes


def _products(family: Family, size: int) -> Iterator[Product]:
    current = _spread(_variants(family), size - _RUN_OUT_PER_FAMILY)
    for body, *choices in current:
        yield _product(family, body, choices, _NEW)
    for body, *choices in _spread(current, _RUN_OUT_PER_FAMILY):
        yield _product(family, body, choices, _OLD)


def _variants(family: Family) -> list[_Variant]:
    return [(body, *choices) for body in family.bodies for choices in product(*family.axes)]


def _spread(variants: list[_Variant], count: int) -> list[_Variant]:
    """Choose `count` variants at even distances: no manufacturer builds every combination.

    Raises:
        ValueError: there are fewer variants.
    """
    if count > len(variants):
        raise ValueError(f"{count} variants wanted, the tables give {len(variants)}")
    return [variants[index * len(variants) // count] for index in range(count)]


def _product(family: Family, body: Body, choices: list[Choice], generation: int) -> Product:
    specs = dict(body.specs)
    for choice in choices:
        specs |= choice.specs
    old = generation == _OLD
    price = body.price * prod(choice.factor for choice in choices) * (0.9 if old else 1.0)
    return Product(
        sku=_sku(family, body, choices, generation),
        name_zh=_words(family.zh, body.zh, *(choice.zh for choice in choices), "(老款)" if old else ""),
        name_en=_words(family.en, body.en, *(choice.en for choice in choices), "(old)" if old else ""),
        category=family.zh,
        specs=specs,
        carton=body.carton,
        order_multiple=1 if price >= 15 else 2 if price >= 6 else 5,
        recommended_price=_rounded_price(price),
        successor=_sku(family, body, choices, _NEW) if old else None,
    )


def _sku(family: Family, body: Body, choices: list[Choice], generation: int) -> str:
    """Return the SKU from family and generation, body and options: `TD3-09-30KT`."""
    options = "".join(choice.code for choice in choices)
    return f"{family.code}{generation}-{body.code}-{options}"


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _rounded_price(price: float) -> Decimal:
    """Round a price: to 0.1 yuan below 50, to 0.5 below 200, then to whole yuan."""
    step = Decimal("0.1") if price < 50 else Decimal("0.5") if price < 200 else Decimal(1)
    return (Decimal(str(price)) / step).quantize(Decimal(1)) * step
