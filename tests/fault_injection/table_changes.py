"""Changes that a run made to the table, as texts in which two runs can be compared.

Two runs are equal when they created, changed and removed the same items with the same contents. Moments may differ by
less than a minute; ids and secrets created during the run may differ in all letters.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tests.fast_aws.cloud import Partitions, replaced_items
from tests.fast_aws.remembered import Remembered

#: Texts of all changes, each with its number, in no order.
Changes = frozenset[tuple[str, int]]

_SHOWN_DIFFERENCES = 8
#: Texts that are remembered: every run compares several states, and most of their changes are the same.
_REMEMBERED = 20_000
#: The id of a message decides in which shard it counts, and the id contains the time. The audit checks the sums.
_SHARD_OF_MESSAGES = re.compile(r"INBOX#[^ ]* COUNT#\d")
_ULID_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VARIABLE = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)"
    r"|(?<![\d.])(?P<millis>1[78]\d{11})(?!\d)"
    r"|(?<![\d.])(?P<epoch>1[78]\d{8})(?![\d.])"
    r"|(?<![0-9A-Za-z])(?P<ulid>[0-7][0-9A-HJKMNP-TV-Z]{25})(?![0-9A-Za-z])"
    r"|(?P<event>event-\d{8})"
    r"|(?P<sealed>gAAAA[\w=-]+|whsec_[\w+/=]+)"
)


def table_changes(before: Partitions, since: datetime, after: Partitions) -> Changes:
    """Return the differences between two states of a table, normalized since that moment."""
    return normalized(_changed_items(before, after), since)


def _changed_items(before: Partitions, after: Partitions) -> Iterator[str]:
    for (pk, sk), old, new in replaced_items(before, after):
        if new is None:
            yield f"{pk} {sk}: removed"
        elif old != new and not _SHARD_OF_MESSAGES.fullmatch(f"{pk} {sk}"):
            yield f"{pk} {sk}: {_text(new)}"


def normalized(texts: Iterable[str], since: datetime) -> Changes:
    """Return texts in no order, with moments, ids and secrets since that moment replaced."""
    return frozenset(Counter(_normalized(text, since) for text in texts).items())


def difference(expected: Changes, found: Changes) -> str:
    """Return the first differences of two results, to be read."""
    missing = [f"- {count} x {text}" for text, count in sorted(expected - found)]
    instead = [f"+ {count} x {text}" for text, count in sorted(found - expected)]
    return "\n".join([*missing[:_SHOWN_DIFFERENCES], *instead[:_SHOWN_DIFFERENCES]])


@lru_cache(_REMEMBERED)
def _normalized(text: str, since: datetime) -> str:
    def replacement(found: re.Match[str]) -> str:
        if found["sealed"]:
            return "<sealed>"
        if found["event"]:
            return "<id>"
        if found["ulid"]:
            return "<id>" if _created_at(found["ulid"]) >= since else found[0]
        moment = _moment(found)
        if moment < since.replace(microsecond=0):  # some moments are whole seconds
            return found[0]
        return f"<+{round((moment - since).total_seconds() / 60)} min>"

    return _VARIABLE.sub(replacement, text)


def _moment(found: re.Match[str]) -> datetime:
    if found["stamp"]:
        return datetime.fromisoformat(found["stamp"])
    if found["millis"]:
        return datetime.fromtimestamp(int(found["millis"]) / 1000, UTC)
    return datetime.fromtimestamp(int(found["epoch"]), UTC)


def _created_at(ulid: str) -> datetime:
    millis = 0
    for digit in ulid[:10]:
        millis = millis * 32 + _ULID_DIGITS.index(digit)
    return datetime.fromtimestamp(millis / 1000, UTC)


def _readable(value: Any) -> str:
    content = bytes(value)
    try:
        return zlib.decompress(content).decode()
    except zlib.error:
        return b64encode(content).decode()


_text = Remembered[str](json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=_readable).encode, _REMEMBERED)
