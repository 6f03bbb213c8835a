"""Rules of the search: tokens, postings, pages and availability."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import reduce
from itertools import chain, pairwise
from operator import and_
from typing import NamedTuple

from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.base.codes import fold_text
from kernel.base.labels import Label
from kernel.base.pinyin import pinyin_initials
from services.catalog.search.words import one_name_each, other_names_in
from services.catalog.vocabulary import Product, ProductStatus

#: Token of every product: a search without words looks up this one.
EVERY_PRODUCT = "*"

#: Most tokens of one product. A change removes and adds at most twice as many: they must fit into one transaction of
#: 100 actions.
MAX_TOKENS = 48

_IDEOGRAPH = "\u3400-\u9fff\U00020000-\U0003ffff"
#: Letters and digits of any script but Chinese. Signs between them belong to the word: `a-b`, `300*600`.
_WORD = re.compile(rf"[^\W_{_IDEOGRAPH}]+(?:[._/*+-][^\W_{_IDEOGRAPH}]+)*")
_SEPARATOR = re.compile(r"[._/*+-]+")
_CHINESE = re.compile(f"[{_IDEOGRAPH}]+")
#: Signs that only separate or decorate words: a search loses nothing without them.
_MEANINGLESS = frozenset(" ,;:、.()'\"-_/*+|")
#: An `x` between figures is a multiplication sign, and all signs of a diameter are one.
_TIMES = re.compile(r"(?<=[0-9])x(?=[0-9])")
_DIAMETERS = str.maketrans("ø⌀∅ϕ", "φφφφ")
_SHORTEST_PREFIX, _LONGEST_PREFIX = 2, 16


def category_token(category: str) -> str:
    """Return the token of a category. No word of a text contains its equals sign."""
    return f"category={fold_text(category)}"


def status_token(status: str) -> str:
    """Return the token of a status, active or discontinued."""
    return f"status={status}"


def product_tokens(product: Product) -> frozenset[str]:
    """Return at most `MAX_TOKENS` tokens that find a product.

    They are its category and status, its SKU with prefixes and parts, the words of its names and their parts, its
    diameter, other names of the same thing, bigrams of Chinese, initials of pinyin, and single characters. The last
    ones are lost if a name is very long.
    """
    names = _folded(f"{product.name_zh} {product.name_en or ''}")
    printed = _folded(product.printed_sku or product.sku)
    sku = _folded(product.sku)
    runs = _CHINESE.findall(f"{names} {printed}")
    category_runs = _CHINESE.findall(_folded(product.category))
    chinese = " ".join(runs)
    words = chain(_WORD.findall(names), _WORD.findall(printed), _diameters(product.specs))
    tokens = chain(
        (EVERY_PRODUCT, category_token(product.category), status_token(product.status), sku),
        (sku[:end] for end in range(_SHORTEST_PREFIX, min(len(sku), _LONGEST_PREFIX) + 1) if sku[end - 1].isalnum()),
        _SEPARATOR.split(sku),
        chain.from_iterable((word, *_SEPARATOR.split(word)) for word in words),
        chain.from_iterable(_bigrams(run) for run in runs),
        chain.from_iterable(_bigrams(run) for run in one_name_each(chinese).split()),
        (run[-1] for run in category_runs),
        chain.from_iterable(_initials_of_ends(run) for run in [*category_runs, *runs[:1]]),
        map(pinyin_initials, other_names_in(chinese)),
        chain.from_iterable(runs),
    )
    return frozenset(list(dict.fromkeys(filter(None, tokens)))[:MAX_TOKENS])


def search_tokens(text: str) -> tuple[str, ...]:
    """Return the tokens that a product found by this text must have, the longest and most selective first.

    A text without a letter or digit is itself the token; no product has it.
    """
    folded = one_name_each(_folded(text))
    tokens = chain(
        _WORD.findall(folded),
        chain.from_iterable(_bigrams(run) or [run] for run in _CHINESE.findall(folded)),
    )
    distinct = dict.fromkeys(tokens) or filter(None, [folded])
    return tuple(sorted(distinct, key=len, reverse=True))


def parts_not_understood(text: str) -> list[str]:
    """Return the parts of a search that its tokens leave out, such as `!?`; without signs that only separate words."""
    rest = _CHINESE.sub(" ", _WORD.sub(" ", _folded(text)))
    return list(dict.fromkeys(part for part in rest.split() if not _MEANINGLESS.issuperset(part)))


def _folded(text: str) -> str:
    return _TIMES.sub("*", fold_text(text).translate(_DIAMETERS))


def _diameters(specs: Mapping[str, str]) -> list[str]:
    """Return the diameters in the specifications: `φ45` of `Φ45×80 mm`."""
    words = _WORD.findall(_folded(" ".join(specs.values())))
    return [part for word in words for part in _SEPARATOR.split(word) if part.startswith("φ")]


def _initials_of_ends(name: str) -> list[str]:
    """Return the pinyin initials of a name and of its end, where Chinese has the thing: 嵌入式射灯 yields `sd`."""
    initials = pinyin_initials(name)
    return [initials, *(initials[-length:] for length in (3, 2) if length < len(initials))] if initials else []


def _bigrams(run: str) -> list[str]:
    return [first + second for first, second in pairwise(run)]


class Postings(NamedTuple):
    """Positions of the products with one token: bit p of `bits[bucket]` is position p.

    They are complete up to the bucket `until`, or to the last bucket if `until` is None.
    """

    bits: Mapping[int, int]
    until: int | None


def token_bits(products: Mapping[int, Product], tokens: Iterable[str]) -> dict[str, int]:
    """Return for each token the positions of a bucket whose products have it, as bits; 0 where no product has it."""
    bits = dict.fromkeys(tokens, 0)
    for position, product in products.items():
        for token in product_tokens(product) & bits.keys():
            bits[token] |= 1 << position
    return bits


def intersect_postings(postings: Sequence[Postings], start: BucketPosition) -> tuple[list[BucketPosition], int | None]:
    """Return the positions from `start` on that all postings have, and the next bucket to read, None after the last.

    Buckets without one of the tokens are skipped.
    """
    horizon = min((posting.until for posting in postings if posting.until is not None), default=None)
    found = [
        BucketPosition(bucket, position)
        for bucket in sorted(set.intersection(*(set(posting.bits) for posting in postings)))
        if horizon is None or bucket <= horizon
        for position in positions_of_set_bits(reduce(and_, (posting.bits[bucket] for posting in postings)))
    ]
    next_bucket = None if horizon is None else _next_bucket(postings, horizon)
    return [position for position in found if position >= start], next_bucket


def positions_of_set_bits(bits: int) -> list[int]:
    """Return the positions of a bucket that are set in `bits`, lowest first."""
    return [position for position in range(SKUS_PER_BUCKET) if bits >> position & 1]


def _next_bucket(postings: Sequence[Postings], horizon: int) -> int | None:
    nearest = []
    for posting in postings:
        beyond = min((bucket for bucket in posting.bits if bucket > horizon), default=None)
        if beyond is None and posting.until is None:
            return None
        nearest.append(horizon + 1 if beyond is None else beyond)
    return max(nearest)


def products_that_fit_on_page(found: Sequence[BucketPosition], max_products: int, max_buckets: int) -> int:
    """Return the number of found positions that make a page within both limits."""
    buckets = sorted({position.bucket for position in found})
    within = len(found)
    if len(buckets) > max_buckets:
        within = next(count for count, position in enumerate(found) if position.bucket == buckets[max_buckets])
    return min(max_products, within)


class AvailabilityBand(StrEnum):
    """Availability in one word."""

    PLENTY = "plenty"
    FEW = "few"
    NONE = "none"


class Availability(NamedTuple):
    """Pieces that may be promised today, with their band and its label."""

    band: AvailabilityBand
    label: Label
    pieces: int


def availability_label(pieces: int, carton: int, status: ProductStatus = ProductStatus.ACTIVE) -> Availability:
    """Return the availability of so many pieces. Less than two cartons are few: a dealer's second carton may lack.

    Of a run-out product the pieces are named, because nothing comes after them; a discontinued one has none to order.

    Args:
        carton: pieces in a carton; the order multiple for a product whose carton is unknown.
    """
    if status is ProductStatus.DISCONTINUED:
        return Availability(AvailabilityBand.NONE, Label("已停产", "discontinued"), 0)
    runs_out = status is ProductStatus.RUN_OUT
    if pieces <= 0:
        sold_out = Label("尾货已售完", "run-out, sold out") if runs_out else Label("缺货", "out of stock")
        return Availability(AvailabilityBand.NONE, sold_out, 0)
    if runs_out:
        band = AvailabilityBand.FEW if pieces < 2 * carton else AvailabilityBand.PLENTY
        label = Label(f"尾货 {pieces} 件,售完为止", f"run-out: {pieces} left, sold until gone")
        return Availability(band, label, pieces)
    if pieces < 2 * carton:
        return Availability(AvailabilityBand.FEW, Label(f"仅剩 {pieces}", f"only {pieces} left"), pieces)
    return Availability(AvailabilityBand.PLENTY, Label("充足", "in stock"), pieces)
