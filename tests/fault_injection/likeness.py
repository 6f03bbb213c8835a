"""What a run made of a state, told so that two runs can be compared: what time and chance put into it is named alike.

Two runs that end alike made, changed and removed the same items with the same contents; a moment may differ by less
than a minute, an id or a secret made meanwhile in its letters.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.fast_aws.items import Item

#: A text for every item that is not as it was before, in no order.
Likeness = frozenset[tuple[str, int]]
#: A table's items by the two parts of their key, as `World.cloud.partitions()` gives them.
Partitions = Mapping[str, Mapping[str, Item]]

#: A message counts in the shard its id falls into, which has the time in it; that the sums are right is a rule of the
#: audit.
_BY_CHANCE = re.compile(r"INBOX#[^ ]* COUNT#\d")
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NAMED_ALIKE = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)"
    r"|(?<![\d.])(?P<millis>1[78]\d{11})(?!\d)"
    r"|(?<![\d.])(?P<epoch>1[78]\d{8})(?![\d.])"
    r"|(?<![0-9A-Za-z])(?P<ulid>[0-7][0-9A-HJKMNP-TV-Z]{25})(?![0-9A-Za-z])"
    r"|(?P<event>event-\d{8})"
    r"|(?P<sealed>gAAAA[\w=-]+|whsec_[\w+/=]+)"
)


def likeness(before: Partitions, since: datetime, after: Partitions) -> Likeness:
    """What was made of a table since that moment.

    Args:
        before: what stood there; what still is the very same is left out.
    """
    return alike(_changes(before, after), since)


def _changes(before: Partitions, after: Partitions) -> Iterator[str]:
    """Every item that was made, changed or removed, as a text."""
    for pk in before.keys() | after.keys():
        was, is_now = before.get(pk, {}), after.get(pk, {})
        if was is is_now:
            continue
        for sk, item in is_now.items():
            if was.get(sk) != item and not _BY_CHANCE.fullmatch(f"{pk} {sk}"):
                yield f"{pk} {sk}: {_text(item)}"
        for sk in was.keys() - is_now.keys():
            yield f"{pk} {sk}: removed"


def alike(texts: Iterable[str], since: datetime) -> Likeness:
    """Texts, in no order, with what time and chance put into them since that moment."""
    return frozenset(Counter(_alike(text, since) for text in texts).items())


def difference(wanted: Likeness, found: Likeness) -> str:
    """Where two runs part, for people."""
    missing = [f"- {count} x {text}" for text, count in sorted(wanted - found)]
    instead = [f"+ {count} x {text}" for text, count in sorted(found - wanted)]
    return "\n".join([*missing[:_SHOWN], *instead[:_SHOWN]])


_SHOWN = 8


def _alike(text: str, since: datetime) -> str:
    def named(found: re.Match[str]) -> str:
        if found["sealed"]:
            return "<sealed>"
        if found["event"]:
            return "<id>"
        if found["ulid"]:
            return "<id>" if _born(found["ulid"]) >= since else found[0]
        moment = _moment(found)  # some in whole seconds
        return (
            found[0]
            if moment < since.replace(microsecond=0)
            else f"<+{round((moment - since).total_seconds() / 60)} min>"
        )

    return _NAMED_ALIKE.sub(named, text)


def _moment(found: re.Match[str]) -> datetime:
    if found["stamp"]:
        return datetime.fromisoformat(found["stamp"])
    if found["millis"]:
        return datetime.fromtimestamp(int(found["millis"]) / 1000, UTC)
    return datetime.fromtimestamp(int(found["epoch"]), UTC)


def _born(ulid: str) -> datetime:
    millis = 0
    for digit in ulid[:10]:
        millis = millis * 32 + _DIGITS.index(digit)
    return datetime.fromtimestamp(millis / 1000, UTC)


def _readable(value: Any) -> str:
    content = bytes(value)
    try:
        return zlib.decompress(content).decode()
    except zlib.error:
        return b64encode(content).decode()


_text: Callable[[Item], str] = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=_readable).encode
