"""The check of words finds every banned word in prose, and nothing in code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import check_words
from tools.check_words import banned_words, file_faults

#: A word that the glossary bans, split so that this file passes its own check.
BANNED = "waiting " + "line"


def faults_of(tmp_path: Path, source: str, name: str = "some.py") -> list[str]:
    file = tmp_path / name
    file.write_text(source, encoding="utf-8")
    return [fault.detail for fault in file_faults(file)]


@pytest.mark.parametrize(
    "source",
    [
        f'"""Show the {BANNED}."""\n',
        f"# The {BANNED.upper()} of a warehouse.\n",
        f"def test_the_{BANNED.replace(' ', '_')}_moves() -> None: ...\n",
        f'DETAIL = "待补队列 / the {BANNED}"\n',
        f'DETAIL = f"第 {{place}} 位 / place {{place}} in the {BANNED}"\n',
        f'DETAIL = ("待补队列 "\n    "/ the {BANNED}")\n',
    ],
)
def test_banned_word_is_found_with_the_term_to_use(tmp_path: Path, source: str) -> None:
    (detail,) = faults_of(tmp_path, source)
    assert detail.endswith(f"is banned; use: {banned_words()[BANNED]}") and banned_words()[BANNED]


@pytest.mark.parametrize(
    "source",
    [
        f'name = "{BANNED}"\n',
        f'"""Show `{BANNED}`."""\n',
        f'DETAIL = "{BANNED} / 待补队列"\n',
        f"def {BANNED.replace(' ', '_')}() -> None: ...\n",
    ],
)
def test_code_is_not_prose(tmp_path: Path, source: str) -> None:
    assert faults_of(tmp_path, source) == []


def test_markdown_is_checked_outside_of_code_and_links(tmp_path: Path) -> None:
    text = f"The {BANNED}.\n\n```\n{BANNED}\n```\n`{BANNED}` [x]({BANNED}.md)\n"
    assert len(faults_of(tmp_path, text, "page.md")) == 1
    assert faults_of(tmp_path, text, "page.zh.md") == []


def test_docstring_begins_with_a_verb_or_a_noun(tmp_path: Path) -> None:
    for opening in ("Where", "What", "Who"):
        (detail,) = faults_of(tmp_path, f'"""{opening} orders are."""\n')
        assert opening in detail
    assert faults_of(tmp_path, '"""Show orders."""\n') == []


@pytest.mark.parametrize("title", ["orders: split rooms", "fast-aws: name modules by the terms of AWS"])
def test_commit_title_is_area_and_verb(title: str) -> None:
    assert check_words._TITLE.fullmatch(title)


@pytest.mark.parametrize(
    "title", ["Split rooms", "orders: Split rooms", "orders: split rooms.", "fast_aws: split rooms"]
)
def test_other_commit_title_is_refused(title: str) -> None:
    assert not check_words._TITLE.fullmatch(title)


def test_new_files_are_checked_before_their_commit() -> None:
    assert Path(__file__).resolve() in check_words._all_files()
