"""Every text of the product in both languages: Chinese first, in plain sentences, English after it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tools import paths

FOLDERS = ("kernel", "reads", "contracts", "services")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: In place of a value that is filled in.
_FILLED = "□"
#: Names of fields, states and functions, as code writes them.
_CODE_WORD = re.compile(r"[a-z]+_[a-z]+|`|\b(?:GET|POST|PUT|DELETE)\b|[a-z]\.[a-z]+\(")
#: Patterns, and English of the libraries.
_FOREIGN = ("^[", "\\w", "\\d", "[A-Z", "[a-z", "{0,", "{1,", "Input should", "Field required", "Value error")


class BilingualText(NamedTuple):
    """A text of the source with its place; filled-in values are `_FILLED`."""

    place: str
    chinese: str
    english: str


def bilingual_texts() -> Iterator[BilingualText]:
    """Yield every string of the product that has a Chinese and an English half."""
    for folder in FOLDERS:
        for path in sorted((paths.ROOT / folder).rglob("*.py")):
            for line, text in _texts(path):
                chinese, slash, english = text.partition(" / ")
                if slash and _CHINESE.search(text):
                    yield BilingualText(f"{path.relative_to(paths.ROOT)}:{line}", chinese, english)


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    not_own = inner | docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else _FILLED for part in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in not_own:
            yield node.lineno, node.value


TEXTS = list(bilingual_texts())


def test_texts_are_found() -> None:
    assert len(TEXTS) > 150


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.place)
def test_text_is_chinese_first_and_plain(text: BilingualText) -> None:
    assert _CHINESE.search(text.chinese) and not _CHINESE.search(text.english.replace("测试", "")), text
    assert not (text.chinese[0].isascii() and text.chinese[0].isalpha()), text
    assert not any(foreign in text.chinese + text.english for foreign in _FOREIGN), text
    assert not _CODE_WORD.search(text.chinese), text
