"""Rules of the look-up of dealers by name: any part of the name, or of the initials of its pinyin."""

from __future__ import annotations

from kernel.base.codes import fold
from kernel.base.pinyin import pinyin_initial

#: Places of a name at which a look-up may begin. A change of the name removes and adds twice as many entries each: they
#: must fit into one transaction of 100 actions together with dealer and event.
MOST_BEGINNINGS = 24
#: Characters of an entry; the rest of a longer text is compared with the name itself.
LONGEST_ENTRY = 16


def name_entries(name: str) -> frozenset[str]:
    """Return the texts with which a look-up that finds the name begins: its ends, and those of its pinyin initials.

    Letters and digits are their own initials. A character of unknown pinyin ends the initials before it.
    """
    folded = fold(name)
    beginnings = range(min(len(folded), MOST_BEGINNINGS))
    ends = {folded[at : at + LONGEST_ENTRY] for at in beginnings}
    initials = _initials(folded)
    return frozenset(ends | {known for at in beginnings if (known := _known(initials[at : at + LONGEST_ENTRY]))})


def matching_entries(name: str, text: str) -> list[str]:
    """Return the entries of a name that find it by this text, in their order; empty if the text does not find it."""
    wanted = fold(text)
    folded = fold(name)
    if wanted not in folded and wanted not in _initials(folded):
        return []
    return sorted(entry for entry in name_entries(name) if entry.startswith(entry_prefix(text)))


def entry_prefix(text: str) -> str:
    """Return the beginning of the entries that a text finds."""
    return fold(text)[:LONGEST_ENTRY]


def _initials(folded: str) -> str:
    """Return one character for each of a folded name: its initial, or a blank, which no folded text contains."""
    return "".join(
        character if character.isascii() else pinyin_initial(character).upper() or " " for character in folded
    )


def _known(initials: str) -> str:
    return initials.partition(" ")[0]
