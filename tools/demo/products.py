"""The lighting range: families of real kinds of lamps, each varied along the axes its trade varies it along.

Everything follows from `range.yaml`; nothing is drawn at random, so every run sees the same range.
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

#: How many stock-keeping units the range has.
RANGE_SIZE = 2_000

#: So many of each family also exist in the generation before, which is no longer made.
_DISCONTINUED_PER_FAMILY = 6
_OLD, _NEW = 2, 3


@dataclass(frozen=True)
class Body:
    """One size of a family: price in yuan at which the house lists it, pieces in a carton."""

    code: str
    zh: str
    en: str
    price: float
    carton: int
    specs: dict[str, str]


@dataclass(frozen=True)
class Choice:
    """One value of one axis: what it adds to code, names and specs, and by what it multiplies the price."""

    code: str
    zh: str
    en: str
    specs: dict[str, str] = field(default_factory=dict)
    factor: float = 1.0


@dataclass(frozen=True)
class Family:
    """One kind of lamp and how it varies; `share` of the range relative to the other families."""

    code: str
    zh: str
    en: str
    share: int
    bodies: tuple[Body, ...]
    axes: tuple[tuple[Choice, ...], ...]


@dataclass(frozen=True)
class Product:
    """One SKU as the catalogue imports it. `list_price` is yuan for a piece before any dealer's discount."""

    sku: str
    name_zh: str
    name_en: str
    category: str
    specs: dict[str, str]
    carton: int
    order_multiple: int
    list_price: Decimal
    successor: str | None = None

    @property
    def discontinued(self) -> bool:
        """No longer made; the successor takes its place."""
        return self.successor is not None


_Variant = tuple[Body, *tuple[Choice, ...]]


def lighting_range() -> list[Product]:
    """The whole range: `RANGE_SIZE` products, a few of every family discontinued in favour of a successor,
    which stands before it."""
    return [member for family, size in zip(families(), _sizes(), strict=True) for member in _members(family, size)]


@cache
def families() -> tuple[Family, ...]:
    """The tables of `range.yaml`."""
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
    """How many products each family has: its share, and the last one takes what rounding left."""
    whole = sum(family.share for family in families())
    sizes = [RANGE_SIZE * family.share // whole for family in families()]
    sizes[-1] += RANGE_SIZE - sum(sizes)
    return sizes


def _members(family: Family, size: int) -> Iterator[Product]:
    made = _spread(_variants(family), size - _DISCONTINUED_PER_FAMILY)
    for body, *choices in made:
        yield _product(family, body, choices, _NEW)
    for body, *choices in _spread(made, _DISCONTINUED_PER_FAMILY):
        yield _product(family, body, choices, _OLD)


def _variants(family: Family) -> list[_Variant]:
    return [(body, *choices) for body in family.bodies for choices in product(*family.axes)]


def _spread(variants: list[_Variant], count: int) -> list[_Variant]:
    """`count` of them, evenly spread: no maker builds every combination.

    Raises:
        ValueError: the family's tables do not give so many.
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
        list_price=_bucket_price(price),
        successor=_sku(family, body, choices, _NEW) if old else None,
    )


def _sku(family: Family, body: Body, choices: list[Choice], generation: int) -> str:
    """`TD3-09-30KT`: family and generation, body, options."""
    options = "".join(choice.code for choice in choices)
    return f"{family.code}{generation}-{body.code}-{options}"


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _bucket_price(price: float) -> Decimal:
    """As price lists print it: to 0.1 yuan under 50, to 0.5 under 200, then to whole yuan."""
    step = Decimal("0.1") if price < 50 else Decimal("0.5") if price < 200 else Decimal(1)
    return (Decimal(str(price)) / step).quantize(Decimal(1)) * step
