"""In what runs may rightly differ, each with its reason. All else must be the same."""

from __future__ import annotations

import re

_COUNTS = re.compile(r'(created|changed|unchanged)\\":\d+')
_OFFSET = re.compile(r"<\+\d+ min>")
_ATTEMPTS = re.compile(r'"attempts": \{"N": "\d+"\}|"log": \{"S": "(?:[^"\\]|\\.)*"\}')
_SENT = re.compile(r'"(?:state|reason|provider_id)": \{"S": "[^"]*"\}(?:, )?')


def counted_by_the_last(text: str) -> str:
    """An import of several transactions that broke off and is asked for again counts what was left to do."""
    return _COUNTS.sub(r"\1 <so many>", text) if text.startswith("IDEMPOTENCY#") else text


def sooner_or_later(text: str) -> str:
    """What the stream or a queue missed comes with the sweep, minutes later; with it all that follows."""
    return _OFFSET.sub("<then>", text)


def however_often_tried(text: str) -> str:
    """A webhook whose attempt nobody recorded is tried again, once its claim has run out: at least once, never lost."""
    return _ATTEMPTS.sub("<tried>", sooner_or_later(text)) if text.startswith(("DELIVERY#", "WEBHOOK#")) else text


def sent_at_most_once(text: str) -> str | None:
    """A text that was handed over, or may have been, is not handed over again: it is `unknown` then.

    That it was sent at most once is a rule of the audit, which also knows the records.
    """
    if not text.startswith("SMS#sms_"):
        return text
    return None if " RECORDED#" in text else _SENT.sub("", sooner_or_later(text))
