"""The rules of the catalogue: what finds a product, what a dealer is told of stock, what a price list must be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from itertools import chain, pairwise
from operator import and_
from typing import NamedTuple

from contracts.catalog import Price
from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.base.problems import FieldProblem


class Status(StrEnum):
    """Whether a product is still made for us."""

    ACTIVE = "active"
    DISCONTINUED = "discontinued"


class Product(NamedTuple):
    """What the trade knows of a product: everything an import row says. `carton` and `order_multiple` are pieces."""

    sku: str
    name_zh: str
    name_en: str
    category: str
    specs: Mapping[str, str]
    carton: int
    order_multiple: int
    tax_percent: int
    status: str
    successor: str | None


# ---- what finds a product ----

#: Every product stands under this token, so that browsing is a search like any other.
EVERYTHING = "*"
#: Most tokens of one product: all that come and all that go in a change must fit into one transaction of 100 actions.
MOST_TOKENS = 48

_WORD = re.compile(r"[a-z0-9]+(?:[._/-][a-z0-9]+)*")
_SEPARATOR = re.compile(r"[._/-]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_SHORTEST_PREFIX, _LONGEST_PREFIX = 2, 16


def category_token(category: str) -> str:
    """The token of a category. No word of a text contains its equals sign."""
    return f"category={category}"


def tokens(product: Product) -> frozenset[str]:
    """What finds a product: category, SKU, its beginnings and parts, words and their parts, Chinese bigrams and single
    characters. Of a very long name the last single characters are left out.
    """
    names = f"{product.name_zh} {product.name_en}".lower()
    sku = product.sku.lower()
    runs = _CHINESE.findall(names)
    found = chain(
        (EVERYTHING, category_token(product.category), sku),
        (sku[:end] for end in range(_SHORTEST_PREFIX, min(len(sku), _LONGEST_PREFIX) + 1) if sku[end - 1].isalnum()),
        _SEPARATOR.split(sku),
        chain.from_iterable((word, *_SEPARATOR.split(word)) for word in _WORD.findall(names)),
        chain.from_iterable(_bigrams(run) for run in runs),
        chain.from_iterable(runs),
    )
    return frozenset(list(dict.fromkeys(filter(None, found)))[:MOST_TOKENS])


def search_tokens(text: str) -> tuple[str, ...]:
    """The tokens a product must have all of to be found by this text, the most telling (longest) first.

    A text without a letter or digit is itself the token, which no product has.
    """
    lowered = text.lower()
    found = chain(
        _WORD.findall(lowered),
        chain.from_iterable(_bigrams(run) or [run] for run in _CHINESE.findall(lowered)),
    )
    words = dict.fromkeys(found) or filter(None, [lowered.strip()])
    return tuple(sorted(words, key=len, reverse=True))


def _bigrams(run: str) -> list[str]:
    return [before + after for before, after in pairwise(run)]


class Postings(NamedTuple):
    """Where products with one token stand: bit p of `bits[bucket]` is position p. Complete up to bucket `until` (None: to
    the end).
    """

    bits: Mapping[int, int]
    until: int | None


def token_bits(products: Mapping[int, Product], wanted: Iterable[str]) -> dict[str, int]:
    """For each wanted token the positions on a bucket whose products have it, as bits; 0 where none has."""
    bits = dict.fromkeys(wanted, 0)
    for position, product in products.items():
        for token in tokens(product) & bits.keys():
            bits[token] |= 1 << position
    return bits


def matches(postings: Sequence[Postings], start: BucketPosition) -> tuple[list[BucketPosition], int | None]:
    """SKU indexes from `start` on that stand in all postings, and the bucket from which to read on, None after the last.

    Buckets that one of the tokens surely does not occur on are skipped.
    """
    horizon = min((one.until for one in postings if one.until is not None), default=None)
    found = [
        BucketPosition(bucket, position)
        for bucket in sorted(set.intersection(*(set(one.bits) for one in postings)))
        if horizon is None or bucket <= horizon
        for position in _positions(reduce(and_, (one.bits[bucket] for one in postings)))
    ]
    return [sku_index for sku_index in found if sku_index >= start], None if horizon is None else _next_bucket(
        postings, horizon
    )


def _positions(bits: int) -> list[int]:
    return [position for position in range(SKUS_PER_BUCKET) if bits >> position & 1]


def _next_bucket(postings: Sequence[Postings], horizon: int) -> int | None:
    nearest = []
    for one in postings:
        beyond = min((bucket for bucket in one.bits if bucket > horizon), default=None)
        if beyond is None and one.until is None:
            return None
        nearest.append(horizon + 1 if beyond is None else beyond)
    return max(nearest)


def page_end(found: Sequence[BucketPosition], most: int, most_buckets: int) -> int:
    """How many of the found sku_indexes make a page: at most `most`, and on at most `most_buckets` buckets."""
    buckets = sorted({sku_index.bucket for sku_index in found})
    within = len(found)
    if len(buckets) > most_buckets:
        within = next(count for count, sku_index in enumerate(found) if sku_index.bucket == buckets[most_buckets])
    return min(most, within)


# ---- what a dealer is told ----


class Band(StrEnum):
    """How much there is, in a word."""

    PLENTY = "plenty"
    FEW = "few"
    NONE = "none"


class Availability(NamedTuple):
    """Pieces that may be promised today, and the same in a word."""

    band: Band
    text: str
    pieces: int


def availability(pieces: int, carton: int) -> Availability:
    """Less than two cartons are few: who orders by the carton should know that the second may not come."""
    if pieces <= 0:
        return Availability(Band.NONE, "缺货 / out of stock", 0)
    if pieces < 2 * carton:
        return Availability(Band.FEW, f"仅剩 {pieces} / only {pieces} left", pieces)
    return Availability(Band.PLENTY, "充足 / in stock", pieces)


def next_break(price: Price, quantity: int) -> tuple[int, Decimal] | None:
    """The nearest quantity above `quantity` from which pieces are cheaper, and their price in yuan."""
    return next(((least, unit_price) for least, unit_price in price.breaks if least > quantity), None)


# ---- what an import must be ----


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


def price_problems(index: int, price: Price) -> list[FieldProblem]:
    """What is wrong with a price: breaks start above one piece, rise in quantity and fall in price."""
    problems = []
    steps = [(1, price.unit_price), *price.breaks]
    for at, ((least, before), (more, after)) in enumerate(pairwise(steps)):
        path = f"prices.{index}.breaks.{at}"
        if more <= least:
            detail = f"数量须大于 {least} / must be more than {least}"
            problems.append(FieldProblem(field=f"{path}.quantity", code="not-ascending", detail=detail))
        if after >= before:
            detail = f"价格须低于 {before} / must be below {before}"
            problems.append(FieldProblem(field=f"{path}.unit_price", code="not-cheaper", detail=detail))
    return problems


def validity_problems(valid_from: date, valid_to: date | None, today: date) -> list[FieldProblem]:
    """What is wrong with the days of a price list that is to hold from now on."""
    problems = []
    if valid_from > today:
        detail = "生效日在将来,请到当日再发布 / begins in the future; publish it on that day"
        problems.append(FieldProblem(field="valid_from", code="not-yet-valid", detail=detail))
    if valid_to is not None and valid_to < max(valid_from, today):
        detail = "失效日已过 / ends before it begins or before today"
        problems.append(FieldProblem(field="valid_to", code="already-over", detail=detail))
    return problems
