"""Words of the trade: several names of one thing."""

from __future__ import annotations

import re

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


def one_name_each(text: str) -> str:
    """Return the text with the first of the names of each thing in place of the others."""
    return _ANY_NAME.sub(lambda found: _FIRST_NAME[found[0]], text)


def other_names_in(text: str) -> list[str]:
    """Return the names of the things that a text names, without those in the text."""
    one_each = one_name_each(text)
    return [name for names in _SAME_THING if names[0] in one_each for name in names if name not in text]
