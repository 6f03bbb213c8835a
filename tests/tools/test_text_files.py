"""Files of users: UTF-8 or GB18030, or refused by name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import paths
from tools.errors import CommandError
from tools.text_files import read_text_file

TEXT = "名称,数量\r\n三防灯,5\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_file_in_a_usual_encoding_is_read_unchanged(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(TEXT.encode(encoding))
    assert read_text_file(file) == TEXT


@pytest.mark.parametrize("content", ["价".encode("utf-16"), "é1".encode("latin-1"), "灯\ufffd".encode(), b"a\0b\0"])
def test_other_or_damaged_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=r"file\.csv.* / .*file\.csv"):
        read_text_file(file)


def test_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"无法打开 .*none\.csv"):
        read_text_file(tmp_path / "none.csv")


@given(st.binary(max_size=40))
def test_any_bytes_are_read_without_damage_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(content)
    try:
        assert "\ufffd" not in read_text_file(file)
    except CommandError as refused:
        assert "any.csv" in str(refused)


def test_no_command_replaces_what_it_cannot_decode() -> None:
    replacing = {
        str(file.relative_to(paths.ROOT))
        for file in (paths.ROOT / "tools").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "errors" and isinstance(node.value, ast.Constant)
    }
    # The emulator's log is shown, not stored.
    assert replacing == {"tools/emulator.py"}
