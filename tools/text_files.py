"""Text files that users hand to a command: the one place that decides their encoding."""

from __future__ import annotations

from pathlib import Path

from tools.errors import CommandError

#: Spreadsheets in Chinese write the one or the other; UTF-8 with or without a byte order mark.
_ENCODINGS = ("utf-8-sig", "gb18030")
#: A character that an earlier program lost, and one that text has not: UTF-16 read as something else.
_DAMAGED, _NO_TEXT = "\ufffd", "\0"


def read_text_file(file: str | Path) -> str:
    """Return the text of a file in UTF-8 (with or without byte order mark) or GB18030, which contains GBK and GB 2312.

    Line ends stay as they are.

    Raises:
        CommandError: the file cannot be opened, is in another encoding, or its text is damaged.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"无法打开 {file} / cannot open {file}: {error.strerror}") from error
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _DAMAGED in text:
            line = text[: text.index(_DAMAGED)].count("\n") + 1
            raise CommandError(
                f"{file} 第 {line} 行的文字已损坏,请用原文件重新导出 / "
                f"{file}: line {line} contains damaged text; export it again from its source"
            )
        if _NO_TEXT not in text:
            return text
    raise CommandError(
        f"{file} 的编码无法识别,请另存为 UTF-8(如 Excel 的“CSV UTF-8”) / "
        f"{file} is neither UTF-8 nor GB18030; save it as UTF-8, such as Excel's 'CSV UTF-8'"
    )
