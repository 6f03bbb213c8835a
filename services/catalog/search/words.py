"""Words of the trade: several names of one thing, and the initials of their pinyin."""

from __future__ import annotations

import re
from bisect import bisect_right

#: Names of one thing. A search for any of them finds products with any other; the first represents all.
_SAME_THING = (
    ("球泡", "球泡灯", "灯泡", "电灯泡", "电灯胆", "灯胆"),
    ("灯管", "日光灯管", "日光灯", "荧光灯管", "光管"),
    ("筒灯", "桶灯"),
    ("面板灯", "平板灯", "平面灯"),
    ("吸顶灯", "吸顶灯具"),
    ("灯带", "灯条", "软灯带"),
    ("投光灯", "投射灯", "泛光灯"),
    ("工矿灯", "高棚灯", "天棚灯"),
    ("驱动", "驱动电源", "驱动器"),
    ("应急灯", "应急照明灯"),
    ("线形灯", "线性灯", "线条灯"),
)
_FIRST_NAME = {name: names[0] for names in _SAME_THING for name in names}
#: Longer names first: a part of a longer name is not a name by itself.
_ANY_NAME = re.compile("|".join(sorted(_FIRST_NAME, key=len, reverse=True)))

#: GB 2312 orders the characters of level 1 by their pinyin. These are the first codes of each initial.
_INITIALS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
_FIRST_CODES = [code for code, _ in _INITIALS]
_END_OF_LEVEL_1 = 0xD7FA


def one_name_each(text: str) -> str:
    """Return the text with the first of the names of each thing in place of the others."""
    return _ANY_NAME.sub(lambda found: _FIRST_NAME[found[0]], text)


def other_names_in(text: str) -> list[str]:
    """Return the names of the things that a text names, without those in the text."""
    one_each = one_name_each(text)
    return [name for names in _SAME_THING if names[0] in one_each for name in names if name not in text]


def pinyin_initials(chinese: str) -> str:
    """Return the initials of the pinyin, `td` for 筒灯; empty if one of the characters is rare or not Chinese."""
    initials = ""
    for character in chinese:
        code = int.from_bytes(character.encode("gb2312", "ignore"))
        if not _FIRST_CODES[0] <= code < _END_OF_LEVEL_1:
            return ""
        initials += _INITIALS[bisect_right(_FIRST_CODES, code) - 1][1]
    return initials
