"""Differences that two right runs may have, each with its reason; everything else must be equal."""

from __future__ import annotations

import re

_COUNTS = re.compile(r'(created|changed|unchanged)\\":\d+')
_OFFSET = re.compile(r"<\+\d+ min>")
_ATTEMPTS = re.compile(r'"attempts": \{"N": "\d+"\}|"log": \{"S": "(?:[^"\\]|\\.)*"\}')
_QUEUED_AGAIN = re.compile(r" EVENT#\S+#00000[2-9]: ")
_WAITED = re.compile(r'"releases": \{"N": "\d+"\}(?:, )?')
_SENT = re.compile(r'"(?:state|reason|provider_id)": \{"S": "[^"]*"\}(?:, )?')


def ignore_import_counts(text: str) -> str:
    """Ignore the counts of an import: a repeated request counts only the rows the first attempt did not write."""
    return _COUNTS.sub(r"\1 <count>", text) if text.startswith("IDEMPOTENCY#") else text


def ignore_delay(text: str) -> str | None:
    """Ignore minutes: an event the stream or a queue lost is sent by the sweep, with all that follows from it.

    A text message about it then comes later than others, so that it need not wait for them.
    """
    if not text.startswith("SMS#sms_"):
        return _without_minutes(text)
    return None if _QUEUED_AGAIN.search(text) else _WAITED.sub("", _without_minutes(text))


def _without_minutes(text: str) -> str:
    return _OFFSET.sub("<later>", text)


def ignore_attempts(text: str) -> str:
    """Ignore attempts of a webhook: an attempt that was not recorded is repeated after its claim has run out."""
    return _ATTEMPTS.sub("<attempts>", _without_minutes(text)) if text.startswith(("DELIVERY#", "WEBHOOK#")) else text


def ignore_text_outcome(text: str) -> str | None:
    """Ignore the outcome of a text message: after a fault it is `unknown`, for it is never sent a second time.

    The audit checks with its records that each was sent at most once.
    """
    if text.startswith("SMS#FAILED "):
        return None  # which of several texts the provider refuses, a fault changes too
    if not text.startswith("SMS#sms_"):
        return text
    return None if " RECORDED#" in text else _SENT.sub("", _without_minutes(text))
