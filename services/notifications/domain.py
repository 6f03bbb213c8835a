"""Who is told what, when not, and when a webhook is tried again. No AWS, no clock, no dice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from string import Formatter
from typing import NamedTuple

from contracts.orders import (
    OrderApproved,
    OrderBackordersFilled,
    OrderCancelled,
    OrderOverdue,
    OrderPromiseSlipped,
    OrderRejected,
    OrderReservationExpired,
    OrderReservationExpiring,
    OrderReserved,
    OrderShipped,
    OrderSubmitted,
)
from contracts.reconciliation import PaymentPosted, StatementIssued
from contracts.tickets import TicketOverdue, TicketProgressed
from kernel.base.money import yuan
from kernel.http.principal import DEALER_ROLES, Role
from kernel.messaging.events import Event
from kernel.time.clock import BUSINESS_ZONE, parse_stamp
from services.notifications.templates import STEPS, TEMPLATES

# ---- which event tells whom what ----

_NOBODY: frozenset[Role] = frozenset()
_BUYERS = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})
_ACCOUNTANTS = frozenset({Role.DEALER_ADMIN, Role.DEALER_ACCOUNTANT})


class Box(StrEnum):
    """A mailbox: two of every dealer, one of every desk of the house."""

    DEALER = "dealer"
    ACCOUNTS = "accounts"
    ASSISTANT = "assistant"
    WAREHOUSE = "warehouse"
    AFTERSALES = "aftersales"

    @property
    def is_a_dealers(self) -> bool:
        """Whether every dealer has one of its own."""
        return self in (Box.DEALER, Box.ACCOUNTS)


#: Who reads a box. Whoever may not see statements does not read of payments either.
READERS: dict[Box, frozenset[Role]] = {
    Box.DEALER: DEALER_ROLES,
    Box.ACCOUNTS: _ACCOUNTANTS,
    Box.ASSISTANT: frozenset({Role.ASSISTANT, Role.ADMIN}),
    Box.WAREHOUSE: frozenset({Role.WAREHOUSE, Role.ADMIN}),
    Box.AFTERSALES: frozenset({Role.AFTERSALES, Role.ADMIN}),
}


class Rule(NamedTuple):
    """Put it into this box by this template; text the dealer's people who have one of `texts`.

    `steps` and `but_not` narrow it to steps of a service request, `state` to an order that stands there.
    """

    template: str
    box: Box = Box.DEALER
    texts: frozenset[Role] = _NOBODY
    steps: frozenset[str] | None = None
    but_not: frozenset[str] = frozenset()
    state: str | None = None

    def applies(self, event: Event) -> bool:
        """Whether the event's step or state is one of those meant."""
        step = getattr(event, "step", None)
        if step in self.but_not or (self.steps is not None and step not in self.steps):
            return False
        return self.state is None or getattr(event, "state", None) == self.state


RULES: dict[type[Event], tuple[Rule, ...]] = {
    OrderSubmitted: (Rule("order_received"),),
    OrderReserved: (Rule("order_reserved", texts=_BUYERS), Rule("order_to_review", box=Box.ASSISTANT)),
    OrderBackordersFilled: (
        Rule("backorders_filled", texts=_BUYERS),
        Rule("more_to_ship", box=Box.WAREHOUSE, state="confirmed"),
    ),
    # Who can prevent that a hold ends: the dealer renews it, the desk on which the order lies moves it on.
    OrderReservationExpiring: (
        Rule("hold_expiring", texts=_BUYERS),
        Rule("hold_expiring_desk", box=Box.ASSISTANT, state="in_review"),
        Rule("hold_expiring_desk", box=Box.WAREHOUSE, state="confirmed"),
    ),
    OrderReservationExpired: (
        Rule("hold_expired", texts=_BUYERS),
        Rule("hold_expired_desk", box=Box.WAREHOUSE, state="confirmed"),
    ),
    OrderPromiseSlipped: (Rule("promise_slipped", texts=_BUYERS),),
    OrderOverdue: (Rule("order_overdue", box=Box.ASSISTANT),),
    OrderApproved: (Rule("order_approved"), Rule("order_to_ship", box=Box.WAREHOUSE)),
    OrderRejected: (Rule("order_rejected", texts=_BUYERS),),
    OrderCancelled: (Rule("order_cancelled"), Rule("order_stopped", box=Box.WAREHOUSE)),
    OrderShipped: (Rule("order_shipped", texts=_BUYERS),),
    PaymentPosted: (Rule("payment_received", box=Box.ACCOUNTS, texts=_ACCOUNTANTS),),
    StatementIssued: (Rule("statement_issued", box=Box.ACCOUNTS, texts=_ACCOUNTANTS),),
    TicketProgressed: (
        # A rating is the dealer's own last word: nobody needs telling.
        Rule("ticket_progressed", but_not=frozenset({"completed", "rated"})),
        Rule("ticket_completed", texts=_BUYERS, steps=frozenset({"completed"})),
        Rule("ticket_waiting", box=Box.AFTERSALES, steps=frozenset({"registered", "answered", "reopened"})),
    ),
    TicketOverdue: (Rule("ticket_overdue", box=Box.AFTERSALES),),
}


class Notice(NamedTuple):
    """One message to one mailbox. It is texted to those with a role in `texts`."""

    template: str
    box: Box
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    texts: frozenset[Role]


def notices(event: Event) -> list[Notice]:
    """What is to be said of an event, at most once to each mailbox. Nothing for an event without rules."""
    words = words_of(event)
    return [_notice(rule, words) for rule in RULES.get(type(event), ()) if rule.applies(event)]


def _notice(rule: Rule, words: Mapping[str, str]) -> Notice:
    said = TEMPLATES[rule.template]
    return Notice(
        template=rule.template,
        box=rule.box,
        title_zh=said.title_zh.format_map(words),
        title_en=said.title_en.format_map(words),
        text_zh=said.text_zh.format_map(words).strip(),
        text_en=said.text_en.format_map(words).strip(),
        texts=rule.texts,
    )


def words_of(event: Event) -> dict[str, str]:
    """What a template may say of an event: its fields as text, amounts also in yuan (`gross` from `gross_fen`), moments
    to the minute and in the hours of Asia/Shanghai."""
    fields = event.model_dump(mode="json")
    words = {name: "" if value is None else str(value) for name, value in fields.items()}
    words |= {name: _local(words[name]) for name in words if name.endswith(("_at", "_until")) and words[name]}
    words |= {name.removesuffix("_fen"): yuan(fields[name]) for name in fields if name.endswith("_fen")}
    step = fields.get("step", "")
    words["step_zh"], words["step_en"] = STEPS.get(step, (step, step))
    return words


def _local(stamp: str) -> str:
    return parse_stamp(stamp).astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M")


def boxes_of(roles: frozenset[Role]) -> list[Box]:
    """The mailboxes people with these roles read."""
    return [box for box in Box if READERS[box] & roles]


# ---- text messages ----

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
    wanted = [name for _, name, _, _ in Formatter().parse(_sms(template)) if name]
    return {name: _plain(name, words[name]) for name in wanted}


def sms_text(template: str, variables: Mapping[str, str]) -> str:
    """The text message as it arrives."""
    return _sms(template).format_map(variables)


def texted_by(template: str) -> frozenset[Role]:
    """Whom this template is texted to: people with one of these roles."""
    rules = [rule for rules in RULES.values() for rule in rules if rule.template == template]
    return frozenset().union(*(rule.texts for rule in rules))


def _sms(template: str) -> str:
    text = TEMPLATES[template].sms
    if text is None:
        raise LookupError(f"{template} has no wording for text messages")
    return text


def _plain(name: str, value: str) -> str:
    fits = len(value) <= _LONGEST.get(name, _LONGEST_OTHER) and _PLAIN.fullmatch(value)
    return value if fits else _INSTEAD


# ---- webhooks ----

_HOUR = 3_600
#: Seconds between one attempt and the next, as Standard Webhooks suggests: ten attempts over three days.
RETRY_SECONDS = (5, 5 * 60, 30 * 60, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
MAX_ATTEMPTS = len(RETRY_SECONDS) + 1
#: Up to so much of the wait is added at random, so that what failed together does not return together.
JITTER = 0.1
#: An endpoint is not believed when it asks to be left alone for longer.
MAX_RETRY_AFTER = timedelta(hours=24)
#: An endpoint that has answered nothing well for so long is given up.
GIVE_UP_AFTER = timedelta(days=5)
#: A secret that was replaced still signs for so long.
SECRET_OVERLAP = timedelta(hours=24)
MAX_ENDPOINTS = 20
EVERY_TYPE = "*"


class DeliveryState(StrEnum):
    """pending -> delivered | exhausted | disabled."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    DISABLED = "disabled"


class Outcome(StrEnum):
    """What came of an attempt, as coarse as this on purpose: a log must not help anybody to explore a network."""

    STARTED = "started"
    SUCCESS = "2xx"
    REDIRECT = "3xx"
    REFUSED = "4xx"
    GONE = "410"
    FAULT = "5xx"
    NO_ANSWER = "no-answer"


def outcome_of(status: int | None) -> Outcome:
    """What an HTTP status means; None is no answer at all. A redirect is a failure: it is never followed."""
    if status is None:
        return Outcome.NO_ANSWER
    if status == 410:
        return Outcome.GONE
    by_class = {2: Outcome.SUCCESS, 3: Outcome.REDIRECT, 4: Outcome.REFUSED, 5: Outcome.FAULT}
    return by_class.get(status // 100, Outcome.NO_ANSWER)


class Verdict(NamedTuple):
    """Where a delivery stands after an attempt, and when the next one is due, if any."""

    state: DeliveryState
    due: datetime | None = None


def judge(outcome: Outcome, attempts: int, now: datetime, retry_after: timedelta | None, jitter: float) -> Verdict:
    """What follows from an attempt.

    Args:
        attempts: how many there were, this one included.
        retry_after: how long the endpoint asked us to wait.
        jitter: from 0 to 1.
    """
    if outcome is Outcome.SUCCESS:
        return Verdict(DeliveryState.DELIVERED)
    if outcome is Outcome.GONE:
        return Verdict(DeliveryState.DISABLED)
    if attempts >= MAX_ATTEMPTS:
        return Verdict(DeliveryState.EXHAUSTED)
    wait = timedelta(seconds=RETRY_SECONDS[attempts - 1] * (1 + JITTER * jitter))
    return Verdict(DeliveryState.PENDING, now + max(wait, min(retry_after or wait, MAX_RETRY_AFTER)))


def parse_retry_after(header: str | None, now: datetime) -> timedelta | None:
    """How long a `Retry-After` header asks to wait: seconds or a date; None when absent, past or unreadable."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None or moment <= now:
        return None
    return moment - now


def hears(types: tuple[str, ...], event_type: str) -> bool:
    """Whether an endpoint that asked for these types is told of an event."""
    return EVERY_TYPE in types or event_type in types


def wants_giving_up(failing_since: datetime | None, now: datetime) -> bool:
    """Whether an endpoint has failed for so long that it is disabled."""
    return failing_since is not None and now - failing_since > GIVE_UP_AFTER
