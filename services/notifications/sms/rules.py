"""Rules of text messages: limits, states and content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from string import Formatter

from kernel.time.clock import BUSINESS_ZONE
from services.notifications.sms.templates import (
    HIDDEN,
    PERSONAL_TEMPLATES,
    SECRET_VARIABLES,
    SMS_TEMPLATES,
    URGENT_TEMPLATES,
)

#: Text messages one phone gets on one day (Asia/Shanghai); further ones are skipped, their inbox messages are not.
SMS_PER_DAY = 20

#: A phone gets the same template at most once within this time. Further texts wait, and become one with their number.
PAUSE = timedelta(seconds=60)

#: From 22:00 to 8:00 in Shanghai no text is sent, except of urgent templates.
_QUIET_FROM, _QUIET_UNTIL = 22, 8

#: Users of a dealer who get a text message about one event; all others read the event in the inbox.
MAX_RECIPIENTS = 20

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

#: Longest value by variable, so that every text message fits into one part.
_MAX_LENGTHS = {"waybill": 20, "username": 63}
_MAX_LENGTH = 32

_SEE_INBOX = "见站内"

#: Text of a day that the event does not have, by variable.
_NO_DAY = dict.fromkeys(("promised_on", "new_day"), "待定")


class SmsState(StrEnum):
    """State of a text message: queued -> sending -> accepted | failed | unknown; or queued -> skipped.

    `unknown`: the provider may have the message but did not answer. The system never sends such a message again.
    In a burst and in quiet hours: queued -> waiting -> queued for the first text of a phone and template, and queued ->
    merged for those that it is in place of.
    """

    QUEUED = "queued"
    WAITING = "waiting"
    MERGED = "merged"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


#: Names of the states, Chinese and English.
SMS_STATES = {
    SmsState.QUEUED: ("待发", "queued"),
    SmsState.WAITING: ("暂缓发送", "waiting"),
    SmsState.MERGED: ("已合并", "merged into another text"),
    SmsState.SENDING: ("发送中", "being sent"),
    SmsState.ACCEPTED: ("通道已受理", "accepted by the carrier"),
    SmsState.FAILED: ("发送失败", "failed"),
    SmsState.UNKNOWN: ("结果不明", "result unknown"),
    SmsState.SKIPPED: ("未发送", "not sent"),
}


def end_of_quiet_hours(template: str, now: datetime) -> datetime | None:
    """Return the end of the quiet hours if a text must wait for it at this moment; None if it may be sent."""
    local = now.astimezone(BUSINESS_ZONE)
    if template in URGENT_TEMPLATES or _QUIET_UNTIL <= local.hour < _QUIET_FROM:
        return None
    morning = local.replace(hour=_QUIET_UNTIL, minute=0, second=0, microsecond=0)
    return (morning + timedelta(days=local.hour >= _QUIET_FROM)).astimezone(now.tzinfo)


def sms_variables(template: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that a template shows, by variable.

    A text message carries plain numbers and codes only: any other value is replaced by "见站内" (see the inbox).

    Raises:
        LookupError: the template has no SMS wording.
    """
    names = [name for _, name, _, _ in Formatter().parse(_wording(template)) if name]
    return {name: HIDDEN if name in SECRET_VARIABLES else _plain_value(name, values[name]) for name in names}


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables as they may be stored."""
    return {name: HIDDEN if name in SECRET_VARIABLES else value for name, value in variables.items()}


def sms_text(template: str, variables: Mapping[str, str]) -> str:
    """Return the text message as the phone receives it. With the variable `count` it is in place of so many texts.

    Raises:
        LookupError: the template has no SMS wording, or none for many texts.
    """
    return _wording(template, many="count" in variables).format_map(variables)


def _wording(template: str, *, many: bool = False) -> str:
    if template in PERSONAL_TEMPLATES and not many:
        return PERSONAL_TEMPLATES[template]
    found = SMS_TEMPLATES.get(template)
    if found is None:
        raise LookupError(f"{template} has no SMS wording")
    return found.wording_of_many if many else found.wording


def _plain_value(name: str, value: str) -> str:
    if not value and name in _NO_DAY:
        return _NO_DAY[name]
    is_plain = len(value) <= _MAX_LENGTHS.get(name, _MAX_LENGTH) and _PLAIN_VALUE.fullmatch(value)
    return value if is_plain else _SEE_INBOX
