"""Codes in all written forms: folding, the field types of codes, and phone numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from kernel.base.codes import fold, fold_text, printed_form
from kernel.base.phones import is_mobile, phone_in_one_form
from kernel.http.codes import BankReference, DealerId, PriceListId, PrintedSku, Reference, Sku, SkuList, WarehouseId
from kernel.http.models import Phone
from kernel.messaging.events import event_id

#: Other forms of a character: what keyboards, input methods and office programs write for it.
SPELLINGS: dict[str, list[str]] = {
    "-": ["-", "－", "—", "–", "−", "‐", "‑", "——", "─", " - "],
    "*": ["*", "×", "＊", "✕"],
    "(": ["(", "（", "【", "[", " ("],
    ")": [")", "）", "】", "]", ") "],
    ".": [".", "．", "。", "｡"],
    "/": ["/", "／", "∕"],
    "#": ["#", "＃"],
    "+": ["+", "＋"],
    "_": ["_", "＿"],
}
#: Printed on cartons and documents, with the folded form if that is another text.
PRINTED = {
    "QP3-03-E2730": None,
    "三防灯-1200": None,
    "JSD3*1W": None,
    "E14(暖白)": None,
    "LED+驱动": None,
    "T8-0.6M 9W": "T8-0.6M9W",
    "CaseA": "CASEA",
    "A/B-1": None,
    "3#灯杯": "3＃灯杯",
    "01.0001": None,
    "送货单-1": None,
    "电汇20261127": None,
    "SN 2026/01 #3": "SN2026/01＃3",
    "Φ45-LED": None,
    "Лампа-5": "ЛАМПА-5",
}


def spellings_of(character: str) -> list[str]:
    """Return the written forms of a character of a code."""
    full_width = chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character
    return SPELLINGS.get(character) or [character, character.lower(), character.upper(), full_width, f"{character} "]


@st.composite
def code_and_spelling(draw: st.DrawFn) -> tuple[str, str]:
    """Return a code, and the same code in other characters, with invisible ones in between."""
    code = draw(st.text(st.sampled_from([*"ABCXYZabz0189", *SPELLINGS, *"灯管暖白驱"]), min_size=1, max_size=20))
    parts = [draw(st.sampled_from(spellings_of(character))) for character in code]
    glue = draw(st.sampled_from(["", "", "\u200b", "\ufeff"]))
    return code, draw(st.sampled_from(["", " ", "\t", "\u3000"])) + glue.join(parts) + draw(
        st.sampled_from(["", " \n"])
    )


@given(code_and_spelling())
def test_fold_is_the_same_for_every_written_form(spelt: tuple[str, str]) -> None:
    code, spelling = spelt
    assert fold(spelling) == fold(code)
    assert fold_text(spelling) == fold_text(fold_text(spelling))


@given(st.lists(st.text(st.sampled_from("AB01灯管-_./*+()#"), min_size=1, max_size=8), min_size=2, unique=True))
def test_fold_keeps_different_codes_apart(codes: list[str]) -> None:
    assert len(set(map(fold, codes))) == len(codes)


@given(st.text())
def test_fold_is_idempotent_and_fits_into_a_key(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert "#" not in folded
    assert not any(character.isspace() for character in folded)
    assert fold_text(fold_text(text)) == fold_text(text)


@pytest.mark.parametrize(("printed", "folded"), PRINTED.items())
def test_printed_code_is_read_in_every_written_form(printed: str, folded: str | None) -> None:
    wanted = folded or printed
    full_width = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in printed)
    for spelling in (printed, wanted, printed.lower(), full_width, f" {printed}\n", printed.replace("-", "—")):
        for kind in (Sku, Reference):
            assert TypeAdapter(kind).validate_python(spelling) == wanted
    assert TypeAdapter(PrintedSku).validate_python(f" {printed}  ") == printed
    assert printed_form("T8\u200b-0.6M   9W ") == "T8-0.6M 9W"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Sku, ["L1", "a-b_c.d/e", "9", "L" * 40, "(A)", "#1"], ["", " ", "-x", "../x", "a@b", "=1", "L" * 41, "a\0"]),
        (Sku, [], ["a,b", "a;b", "a\u202eb", "x" * 100_000, "（）", "#", "灯" * 41, "😀", "+1", "*", "a|b"]),
        (DealerId, ["D0001", "d0001", "01.0001", "D-1", "客户01"], ["D", "D#1", "D" * 17, "D/1", "", "../D1", "D,1"]),
        (PriceListId, ["A", "a-1", "2026_A", "一级"], ["", "-a", "A#", "A" * 25, "A/B"]),
        (WarehouseId, ["GZ", "fs1", " Gz "], ["G", "广州", "G#Z", "G-Z", "G" * 11, "ÄÖ"]),
        (BankReference, ["ICBC 2026-1", "A:1", "电汇20261127"], ["", "A" * 61, "A@1"]),
        (SkuList, ["L1,L2", "L1，l2", "L1、L2,"], ["", "#", ",", "L1;L2", "L1,-2", "L" * 2_001]),
    ],
)
def test_codes_accept_only_their_form(kind: Any, good: list[str], bad: list[str]) -> None:
    for code in good:
        assert TypeAdapter(kind).validate_json(json.dumps(code))
    for code in bad:
        with pytest.raises(ValidationError) as refused:
            TypeAdapter(kind).validate_json(json.dumps(code))
        [error] = refused.value.errors()
        assert (error["type"], " / " in error["msg"]) == ("malformed", True), code
        assert "pattern" not in error["msg"]


def test_list_of_codes_names_each_code_once() -> None:
    assert TypeAdapter(SkuList).validate_python("l1, L2，ｌ1、三防灯") == "L1,L2,三防灯"


@pytest.mark.parametrize(
    ("text", "stored", "mobile"),
    [
        ("13800138000", "+8613800138000", True),
        ("+86 138 0013 8000", "+8613800138000", True),
        ("＋８６ 138－0013－8000", "+8613800138000", True),
        ("0086 13800138000", "+8613800138000", True),
        ("8613800138000", "+8613800138000", True),
        ("013800138000", "+8613800138000", True),
        ("0755-88888888", "+8675588888888", False),
        ("(0755) 8888 8888", "+8675588888888", False),
        ("+86 755 8888 8888", "+8675588888888", False),
        ("+86-0755-88888888", "+8675588888888", False),
        ("010-88888888", "+861088888888", False),
        ("0758-2228888", "+867582228888", False),
        ("400-820-8820", "+864008208820", False),
        ("800 820 8820", "+868008208820", False),
        ("+852 9123 4567", "+85291234567", True),
        ("+852 2123 4567", "+85221234567", False),
        ("+853 6612 3456", "+85366123456", True),
        ("+886 912 345 678", "+886912345678", True),
        ("+1 415 555 0100", "+14155550100", False),
    ],
)
def test_phone_has_one_form_for_every_written_form(text: str, stored: str, mobile: bool) -> None:
    assert TypeAdapter(Phone).validate_python(text) == stored
    assert phone_in_one_form(stored) == stored
    assert is_mobile(stored) is mobile


@pytest.mark.parametrize(
    "text",
    [
        "",
        "88888888",
        "12345678901",
        "+8612812345678",
        "+861381234567",
        "+86138123456789",
        "电话",
        "0755-88888888-8",
        "+0",
    ],
)
def test_text_that_is_no_phone_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValidationError, match="0755-88888888"):
        TypeAdapter(Phone).validate_python(text)


@given(st.text(max_size=50))
def test_phone_refuses_other_texts_without_an_error(text: str) -> None:
    try:
        phone = phone_in_one_form(text)
    except ValueError:
        return
    assert phone_in_one_form(phone) == phone


def test_event_id_is_ascii_and_short_for_any_subject() -> None:
    assert event_id("D0001-000001", 2) == "evt_D0001-000001_2"
    chinese = event_id(f"GZ-expected-{'送' * 40}", 1)
    assert chinese.isascii() and len(chinese) < 60
    assert chinese != event_id(f"GZ-expected-{'货' * 40}", 1)
