"""Initials of the pinyin of Chinese text."""

from __future__ import annotations

from bisect import bisect_right

#: GB 2312 orders the characters of level 1 by their pinyin. These are the first codes of each initial.
_INITIALS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
_FIRST_CODES = [code for code, _ in _INITIALS]
_END_OF_LEVEL_1 = 0xD7FA
#: Characters of level 2, ordered by their strokes, that are frequent in names of cities and companies.
_OF_NAMES = {
    "圳": "z", "莞": "g", "衢": "q", "泸": "l", "濮": "p", "鑫": "x", "晟": "s", "昊": "h", "煜": "y", "炜": "w",
    "烨": "y", "琦": "q", "馨": "x", "麒": "q", "祺": "q",
}  # fmt: skip


def pinyin_initial(character: str) -> str:
    """Return the initial of one character's pinyin; empty if it is rare or not Chinese."""
    if character in _OF_NAMES:
        return _OF_NAMES[character]
    code = int.from_bytes(character.encode("gb2312", "ignore"))
    if not _FIRST_CODES[0] <= code < _END_OF_LEVEL_1:
        return ""
    return _INITIALS[bisect_right(_FIRST_CODES, code) - 1][1]


def pinyin_initials(chinese: str) -> str:
    """Return the initials of the pinyin, `td` for 筒灯; empty if one of the characters is rare or not Chinese."""
    initials = [pinyin_initial(character) for character in chinese]
    return "".join(initials) if all(initials) else ""
