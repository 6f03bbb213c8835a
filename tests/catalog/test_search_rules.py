"""Tests of the rules of the search: tokens, postings, pages and availability."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.stock import SKUS_PER_BUCKET, BucketPosition
from kernel.base.codes import fold
from kernel.base.pinyin import pinyin_initials
from services.catalog.search.rules import (
    EVERY_PRODUCT,
    MAX_TOKENS,
    AvailabilityBand,
    Postings,
    availability_label,
    category_token,
    intersect_postings,
    parts_not_understood,
    product_tokens,
    products_that_fit_on_page,
    search_tokens,
    token_bits,
)
from services.catalog.vocabulary import ProductStatus
from tests.catalog.fixtures import product


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
        "ＤＬ－ＡＧ",
        "ＬＥＤ筒灯",
        "dl_ag07"[:2],
        "桶灯",
        "Φ75",
        "ø75",
        "⌀75",
        "td",
        "qrstd"[3:],
    ],
)
def test_product_is_found_by_words_characters_and_sku_prefix(text: str) -> None:
    assert product_tokens(product()).issuperset(search_tokens(text))


@pytest.mark.parametrize("text", ["射灯", "眩防", "ownlight", "l-ag", "!!!", "7w 射灯", "筒灯 spot"])
def test_product_is_not_found_by_foreign_words(text: str) -> None:
    assert not product_tokens(product()).issuperset(search_tokens(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("球泡灯", ["LED 球泡 3W", "灯泡 5W", "LED球泡灯"]),
        ("灯泡", ["LED 球泡 3W", "LED球泡灯"]),
        ("led灯泡", ["LED 球泡 3W", "LED灯泡"]),
        ("qpd", ["LED 球泡 3W", "球泡灯"]),
        ("平板灯", ["LED 面板灯 300×300"]),
        ("300x300", ["LED 面板灯 300×300", "面板灯 300*300", "面板灯 300Ｘ300"]),
        ("lampe Ä", ["Lampe ä"]),
        ("驱动电源", ["恒压驱动 12V", "LED 驱动器"]),
    ],
)
def test_product_is_found_by_other_names_of_the_same_thing(text: str, names: list[str]) -> None:
    for name in names:
        assert product_tokens(product(name_zh=name)).issuperset(search_tokens(text)), name


@pytest.mark.parametrize("printed", ["三防灯-1200", "JSD3*1W", "E14(暖白)", "T8-0.6M 9W", "LED+驱动", "3#灯杯"])
def test_product_is_found_by_its_printed_code(printed: str) -> None:
    found = product_tokens(product(fold(printed), printed_sku=printed, name_zh="筒灯", name_en="x"))
    for text in (printed, printed.lower(), fold(printed), printed.replace("*", "×").replace("(", "（")):
        assert found.issuperset(search_tokens(text)), text


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("筒灯 7W", []),
        ("筒灯!? ~ 7W", ["!?", "~"]),
        ("Φ45 (7W), LED-灯", []),
        ("★ 灯 ★", ["★"]),
        ("!!!", ["!!!"]),
        (" ", []),
    ],
)
def test_parts_that_are_not_understood_are_named(text: str, left_out: list[str]) -> None:
    assert parts_not_understood(text) == left_out


@pytest.mark.parametrize(
    ("chinese", "initials"),
    [("筒灯", "td"), ("嵌入式射灯", "qrssd"), ("吸顶灯", "xdd"), ("工矿灯", "gkd"), ("A灯", "")],
)
def test_initials_of_pinyin_follow_the_order_of_the_character_set(chinese: str, initials: str) -> None:
    assert pinyin_initials(chinese) == initials


def test_blank_text_matches_everything_and_signs_match_nothing() -> None:
    assert search_tokens("  ") == ()
    assert search_tokens("!!!")


def test_text_never_yields_internal_tokens() -> None:
    assert {EVERY_PRODUCT, category_token("筒灯")} <= product_tokens(product())
    assert EVERY_PRODUCT not in search_tokens("* 筒灯")
    assert category_token("筒灯") not in search_tokens(category_token("筒灯"))


def test_product_tokens_stay_within_limit_for_long_names() -> None:
    longest = product(
        sku="A" * 40,
        name_zh="".join(chr(0x4E00 + n) for n in range(120)),
        name_en=" ".join(f"word{n}" for n in range(20)),
    )
    found = product_tokens(longest)
    assert len(found) == MAX_TOKENS
    assert {EVERY_PRODUCT, category_token("筒灯"), "a" * 40, "word0"} <= found


def test_search_continues_at_next_bucket_with_all_tokens() -> None:
    dense = Postings(dict.fromkeys(range(10), 3), until=9)
    sparse = Postings({3: 0b10, 40: 0b1}, until=None)
    assert intersect_postings([dense, sparse], BucketPosition(0, 0)) == ([BucketPosition(3, 1)], 40)
    assert intersect_postings([dense, Postings({3: 0b10}, until=None)], BucketPosition(0, 0)) == (
        [BucketPosition(3, 1)],
        None,
    )
    assert intersect_postings([dense], BucketPosition(9, 1)) == ([BucketPosition(9, 1)], 10)


@given(
    st.lists(
        st.dictionaries(st.integers(0, 30), st.integers(1, 2**SKUS_PER_BUCKET - 1), max_size=20), min_size=1, max_size=3
    ),
    st.integers(1, 9),
)
def test_repeated_reading_finds_every_match_once(bits: list[dict[int, int]], per_read: int) -> None:
    def read(token: dict[int, int], bucket: int) -> Postings:
        buckets = sorted(number for number in token if number >= bucket)
        page = buckets[:per_read]
        return Postings({number: token[number] for number in page}, page[-1] if len(buckets) > per_read else None)

    found: list[BucketPosition] = []
    bucket: int | None = 0
    while bucket is not None:
        more, following = intersect_postings([read(token, bucket) for token in bits], BucketPosition(bucket, 0))
        found += more
        assert following is None or following > bucket
        bucket = following
    positions = [BucketPosition(bucket, position) for bucket in range(31) for position in range(SKUS_PER_BUCKET)]
    assert found == [
        position
        for position in positions
        if all(token.get(position.bucket, 0) >> position.position & 1 for token in bits)
    ]


def test_page_length_respects_product_and_bucket_limits() -> None:
    scattered = [BucketPosition(bucket, 7) for bucket in range(30)]
    together = [BucketPosition(0, position) for position in range(60)]
    assert products_that_fit_on_page(scattered, 50, 10) == 10
    assert products_that_fit_on_page(together, 50, 10) == 50
    assert products_that_fit_on_page(together[:4], 50, 10) == 4
    assert products_that_fit_on_page([], 50, 10) == 0


def test_token_bits_mark_products_with_token() -> None:
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
def test_availability_is_few_below_two_cartons(pieces: int, band: AvailabilityBand) -> None:
    found = availability_label(pieces, carton=20)
    assert found.band is band
    assert found.pieces == max(pieces, 0)
    assert (str(pieces) in found.label.zh) == (band is AvailabilityBand.FEW)


@pytest.mark.parametrize(
    ("status", "pieces", "band", "text"),
    [
        (ProductStatus.RUN_OUT, 0, AvailabilityBand.NONE, "尾货已售完"),
        (ProductStatus.RUN_OUT, 5, AvailabilityBand.FEW, "尾货 5 件"),
        (ProductStatus.RUN_OUT, 400, AvailabilityBand.PLENTY, "尾货 400 件"),
        (ProductStatus.DISCONTINUED, 400, AvailabilityBand.NONE, "已停产"),
    ],
)
def test_availability_names_run_out_and_discontinued_products(
    status: ProductStatus, pieces: int, band: AvailabilityBand, text: str
) -> None:
    found = availability_label(pieces, 20, status)
    assert (found.band, found.label.zh.startswith(text)) == (band, True)
