from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.catalog import Price
from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from services.catalog.prices.rules import next_break, price_problems, validity_problems
from services.catalog.products.rules import successor_problems
from services.catalog.search.availability import AvailabilityBand, availability
from services.catalog.search.rules import (
    EVERYTHING,
    MOST_TOKENS,
    Postings,
    category_token,
    matches,
    page_end,
    search_tokens,
    token_bits,
    tokens,
)
from services.catalog.vocabulary import Product


def product(sku: str = "DL-AG07-30K", **facts: object) -> Product:
    base: dict[str, object] = {
        "sku": sku,
        "name_zh": "防眩嵌入式LED筒灯 7W",
        "name_en": "Anti-glare recessed downlight 7W",
        "category": "筒灯",
        "specs": {"色温": "3000K"},
        "carton": 20,
        "order_multiple": 1,
        "tax_percent": 13,
        "status": "active",
        "successor": None,
    }
    return Product(**{**base, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "筒灯",
        "灯",
        "嵌入式筒灯"[:3],
        "LED",
        "downlight",
        "Anti-glare",
        "glare",
        "7w",
        "dl-ag07-30k",
        "DL-AG",
        "dl",
        "30K",
        "ag07",
        "7W 防眩 downlight",
    ],
)
def test_a_product_is_found_by_its_words_its_characters_and_the_beginning_of_its_sku(text: str) -> None:
    assert tokens(product()).issuperset(search_tokens(text))


@pytest.mark.parametrize("text", ["射灯", "眩防", "ownlight", "l-ag", "!!!", "7w 射灯", "筒灯 spot"])
def test_a_product_is_not_found_by_words_it_does_not_have(text: str) -> None:
    assert not tokens(product()).issuperset(search_tokens(text))


def test_a_text_of_blanks_asks_for_everything_and_a_text_of_signs_for_nothing() -> None:
    assert search_tokens("  ") == ()
    assert search_tokens("!!!")


def test_no_text_can_ask_for_a_category_or_for_everything_by_its_token() -> None:
    product_tokens = tokens(product())
    assert {EVERYTHING, category_token("筒灯")} <= product_tokens
    assert EVERYTHING not in search_tokens("* 筒灯")
    assert category_token("筒灯") not in search_tokens(category_token("筒灯"))


def test_a_name_of_any_length_keeps_its_tokens_within_one_transaction() -> None:
    longest = product(
        sku="A" * 40,
        name_zh="".join(chr(0x4E00 + n) for n in range(120)),
        name_en=" ".join(f"word{n}" for n in range(20)),
    )
    found = tokens(longest)
    assert len(found) == MOST_TOKENS
    assert {EVERYTHING, category_token("筒灯"), "a" * 40, "word0"} <= found


def test_a_search_goes_on_where_all_its_words_may_still_occur() -> None:
    dense = Postings(dict.fromkeys(range(10), 3), until=9)
    sparse = Postings({3: 0b10, 40: 0b1}, until=None)
    assert matches([dense, sparse], BucketPosition(0, 0)) == ([BucketPosition(3, 1)], 40)
    assert matches([dense, Postings({3: 0b10}, until=None)], BucketPosition(0, 0)) == ([BucketPosition(3, 1)], None)
    assert matches([dense], BucketPosition(9, 1)) == ([BucketPosition(9, 1)], 10)


@given(
    st.lists(
        st.dictionaries(st.integers(0, 30), st.integers(1, 2**SKUS_PER_BUCKET - 1), max_size=20), min_size=1, max_size=3
    ),
    st.integers(1, 9),
)
def test_reading_on_from_bucket_to_bucket_finds_every_match_once(bits: list[dict[int, int]], per_read: int) -> None:
    def read(token: dict[int, int], bucket: int) -> Postings:
        ahead = sorted(one for one in token if one >= bucket)
        part = ahead[:per_read]
        return Postings({one: token[one] for one in part}, part[-1] if len(ahead) > per_read else None)

    found: list[BucketPosition] = []
    bucket: int | None = 0
    while bucket is not None:
        more, following = matches([read(token, bucket) for token in bits], BucketPosition(bucket, 0))
        found += more
        assert following is None or following > bucket
        bucket = following
    everywhere = [BucketPosition(bucket, position) for bucket in range(31) for position in range(SKUS_PER_BUCKET)]
    assert found == [
        sku_index
        for sku_index in everywhere
        if all(token.get(sku_index.bucket, 0) >> sku_index.position & 1 for token in bits)
    ]


def test_a_page_ends_at_its_size_or_when_it_touches_too_many_buckets() -> None:
    scattered = [BucketPosition(bucket, 7) for bucket in range(30)]
    together = [BucketPosition(0, position) for position in range(60)]
    assert page_end(scattered, 50, 10) == 10
    assert page_end(together, 50, 10) == 50
    assert page_end(together[:4], 50, 10) == 4
    assert page_end([], 50, 10) == 0


def test_bits_tell_which_products_of_a_bucket_have_a_token() -> None:
    bucket = {0: product("A1"), 5: product("B1", name_zh="射灯")}
    assert token_bits(bucket, ["筒灯", "射灯", "7w", "none"]) == {"筒灯": 1, "射灯": 1 << 5, "7w": 33, "none": 0}


@pytest.mark.parametrize(
    ("pieces", "band"),
    [
        (-1, AvailabilityBand.NONE),
        (0, AvailabilityBand.NONE),
        (1, AvailabilityBand.FEW),
        (39, AvailabilityBand.FEW),
        (40, AvailabilityBand.PLENTY),
    ],
)
def test_less_than_two_cartons_are_few(pieces: int, band: AvailabilityBand) -> None:
    told = availability(pieces, carton=20)
    assert told.band is band
    assert told.pieces == max(pieces, 0)
    assert (str(pieces) in told.text) == (band is AvailabilityBand.FEW)


def test_the_next_break_is_the_nearest_above_the_quantity() -> None:
    price = Price(unit_price=Decimal(10), price_policy="标准价", breaks=((50, Decimal(9)), (200, Decimal(8))))
    assert next_break(price, 1) == (50, Decimal(9))
    assert next_break(price, 50) == (200, Decimal(8))
    assert next_break(price, 200) is None


def test_breaks_must_rise_in_quantity_and_fall_in_price_and_all_wrong_ones_are_told() -> None:
    wrong = Price(
        unit_price=Decimal(10), price_policy="p", breaks=((50, Decimal(10)), (50, Decimal(9)), (60, Decimal("8.5")))
    )
    assert [(one.field, one.code) for one in price_problems(4, wrong)] == [
        ("prices.4.breaks.0.unit_price", "not-cheaper"),
        ("prices.4.breaks.1.quantity", "not-ascending"),
    ]


def test_a_successor_must_exist_differ_and_belong_to_a_discontinued_product() -> None:
    gone = {"status": "discontinued"}
    rows = [
        product("A1", successor="B1", **gone),
        product("A2", successor="A2", **gone),
        product("A3", successor="X9", **gone),
        product("A4", successor="B1"),
        product("A5", successor="OLD", **gone),
        product("A6", **gone),
        product("B1"),
    ]
    assert [(one.field, one.code) for one in successor_problems(rows, known=["OLD"])] == [
        ("products.1.successor", "own-successor"),
        ("products.2.successor", "unknown-sku"),
        ("products.3.successor", "successor-of-active"),
    ]


def test_a_price_list_holds_from_its_publication_and_not_only_in_the_past() -> None:
    today = date(2026, 11, 23)
    assert validity_problems(today, None, today) == []
    assert validity_problems(date(2026, 1, 1), today, today) == []
    assert [one.field for one in validity_problems(date(2026, 11, 24), date(2026, 11, 22), today)] == [
        "valid_from",
        "valid_to",
    ]
