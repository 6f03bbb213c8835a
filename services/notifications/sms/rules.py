"""Rules of text messages: limits, states and content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from string import Formatter

from services.notifications.inbox.templates import TEMPLATES

#: So many texts a day go to one phone; what is beyond stands in the inbox all the same.
TEXTS_PER_DAY = 20


#: The same template does not go to the same phone twice within this time: a burst of orders is one buzz.
COLLAPSE_SECONDS = 60


#: So many people of a dealer are texted about one event; all of them read it in the inbox.
MAX_RECIPIENTS = 20


_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


#: Longest value by variable, so that every text fits into one part.
_LONGEST = {"waybill": 20}


_LONGEST_OTHER = 32


_INSTEAD = "见站内"


class TextState(StrEnum):
    """queued -> sending -> accepted | failed | unknown; or queued -> skipped.

    `unknown`: it was handed over, or was about to be, and no answer came. It is never sent again by itself.
    """

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


def sms_variables(template: str, words: Mapping[str, str]) -> dict[str, str]:
    """The values a text message shows. Anything but a plain number or code is left to the inbox: no free text."""
    wanted = [name for _, name, _, _ in Formatter().parse(_sms_template(template)) if name]
    return {name: _plain(name, words[name]) for name in wanted}


def sms_text(template: str, variables: Mapping[str, str]) -> str:
    """The text message as it arrives."""
    return _sms_template(template).format_map(variables)


def _sms_template(template: str) -> str:
    text = TEMPLATES[template].sms
    if text is None:
        raise LookupError(f"{template} has no wording for text messages")
    return text


def _plain(name: str, value: str) -> str:
    fits = len(value) <= _LONGEST.get(name, _LONGEST_OTHER) and _PLAIN.fullmatch(value)
    return value if fits else _INSTEAD
