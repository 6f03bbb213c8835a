"""One form for everything that people write in several ways: codes, and the text of a search.

A clerk types `qp3-03`, a spreadsheet has `ＱＰ３－03`, the carton shows `QP3-03`: all of them are one code. A code is
stored, compared and counted in its folded form; texts for people keep the form that was printed.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, normalize

#: Hyphens, dashes and minus signs that NFKC keeps apart; the box-drawing lines come from Chinese input methods.
_DASHES = "‐‑‒–—―⸺⸻⁃˗−➖─━﹘〜゠"
_STARS = "×✕✖⨯╳∗"
_SLASHES = "⁄∕⧸"
_SAME = {
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **dict.fromkeys(map(ord, _STARS), "*"),
    **dict.fromkeys(map(ord, _SLASHES), "/"),
    **dict.fromkeys(map(ord, "[【〔〖"), "("),
    **dict.fromkeys(map(ord, "]】〕〗"), ")"),
    **dict.fromkeys(map(ord, "。･"), "."),
}
#: Left out: what copying from web pages, spreadsheets and chats brings along unseen, and variation selectors.
_INVISIBLE = dict.fromkeys(
    [*map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\ufeff"), *range(0xFE00, 0xFE10)]
)
#: `#` separates the parts of a key, so the folded form of a code has its full-width twin. NFKC leads back to `#`.
_IN_CODES = {ord("#"): "＃", ord("["): "(", ord("]"): ")"}
#: Chinese input methods write one dash as two characters.
_DOUBLE_DASHES = ("——", "──", "━━")


def fold_text(text: str) -> str:
    """Return the text in lower case, with half-width letters, single blanks, and one dash, star, slash and bracket.

    Invisible characters are left out. The result folds to itself.
    """
    if text.isascii():
        return " ".join(text.lower().split()).replace("[", "(").replace("]", ")")
    text = _visible(text)
    for dashes in _DOUBLE_DASHES:
        text = text.replace(dashes, "-")
    folded = normalize("NFKC", normalize("NFKC", text).casefold())
    return " ".join(normalize("NFKC", folded.translate(_SAME)).split())


def fold(code: str) -> str:
    """Return the folded form of a code: `fold_text` without blanks, in upper case, without `#`.

    Two codes are the same if their folded forms are equal. The result folds to itself, and may be part of a key.
    """
    if code.isascii():
        return "".join(code.split()).upper().translate(_IN_CODES)
    return normalize("NFKC", "".join(fold_text(code).split()).upper()).translate(_IN_CODES)


def printed_form(code: str) -> str:
    """Return a code as it was printed, without invisible characters and with single blanks."""
    return " ".join((code if code.isascii() else _visible(code)).split())


@lru_cache(maxsize=8_192)
def is_letter_or_digit(character: str) -> bool:
    """Return True for a letter or digit of any script, and for a mark that combines with a letter."""
    return character.isalnum() or category(character)[0] == "M"


def _visible(text: str) -> str:
    return text.translate(_INVISIBLE)
