"""Rules of the search: tokens, postings and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import chain, pairwise
from operator import and_
from typing import NamedTuple

from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from services.catalog.vocabulary import Product

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
