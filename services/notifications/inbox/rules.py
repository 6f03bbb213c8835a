"""Rules of notification: which event goes to which mailbox, and who gets a text message."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
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
from services.notifications.inbox.templates import STEPS, TEMPLATES

_NOBODY: frozenset[Role] = frozenset()


_BUYERS = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})


_ACCOUNTANTS = frozenset({Role.DEALER_ADMIN, Role.DEALER_ACCOUNTANT})


class Mailbox(StrEnum):
    """A mailbox: two of every dealer, one of every desk of the house."""

    DEALER = "dealer"
    ACCOUNTS = "accounts"
    ASSISTANT = "assistant"
    WAREHOUSE = "warehouse"
    AFTERSALES = "aftersales"

    @property
    def is_a_dealers(self) -> bool:
        """Whether every dealer has one of its own."""
        return self in (Mailbox.DEALER, Mailbox.ACCOUNTS)


#: Who reads a box. Whoever may not see statements does not read of payments either.
READERS: dict[Mailbox, frozenset[Role]] = {
    Mailbox.DEALER: DEALER_ROLES,
    Mailbox.ACCOUNTS: _ACCOUNTANTS,
    Mailbox.ASSISTANT: frozenset({Role.ASSISTANT, Role.ADMIN}),
    Mailbox.WAREHOUSE: frozenset({Role.WAREHOUSE, Role.ADMIN}),
    Mailbox.AFTERSALES: frozenset({Role.AFTERSALES, Role.ADMIN}),
}


class NotificationRule(NamedTuple):
    """Put it into this box by this template; text the dealer's people who have one of `texts`.

    `steps` and `but_not` narrow it to steps of a service request, `state` to an order that stands there.
    """

    template: str
    box: Mailbox = Mailbox.DEALER
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


NOTIFICATION_RULES: dict[type[Event], tuple[NotificationRule, ...]] = {
    OrderSubmitted: (NotificationRule("order_received"),),
    OrderReserved: (
        NotificationRule("order_reserved", texts=_BUYERS),
        NotificationRule("order_to_review", box=Mailbox.ASSISTANT),
    ),
    OrderBackordersFilled: (
        NotificationRule("backorders_filled", texts=_BUYERS),
        NotificationRule("more_to_ship", box=Mailbox.WAREHOUSE, state="confirmed"),
    ),
    # Who can prevent that a hold ends: the dealer renews it, the desk on which the order lies moves it on.
    OrderReservationExpiring: (
        NotificationRule("hold_expiring", texts=_BUYERS),
        NotificationRule("hold_expiring_desk", box=Mailbox.ASSISTANT, state="in_review"),
        NotificationRule("hold_expiring_desk", box=Mailbox.WAREHOUSE, state="confirmed"),
    ),
    OrderReservationExpired: (
        NotificationRule("hold_expired", texts=_BUYERS),
        NotificationRule("hold_expired_desk", box=Mailbox.WAREHOUSE, state="confirmed"),
    ),
    OrderPromiseSlipped: (NotificationRule("promise_slipped", texts=_BUYERS),),
    OrderOverdue: (NotificationRule("order_overdue", box=Mailbox.ASSISTANT),),
    OrderApproved: (NotificationRule("order_approved"), NotificationRule("order_to_ship", box=Mailbox.WAREHOUSE)),
    OrderRejected: (NotificationRule("order_rejected", texts=_BUYERS),),
    OrderCancelled: (NotificationRule("order_cancelled"), NotificationRule("order_stopped", box=Mailbox.WAREHOUSE)),
    OrderShipped: (NotificationRule("order_shipped", texts=_BUYERS),),
    PaymentPosted: (NotificationRule("payment_received", box=Mailbox.ACCOUNTS, texts=_ACCOUNTANTS),),
    StatementIssued: (NotificationRule("statement_issued", box=Mailbox.ACCOUNTS, texts=_ACCOUNTANTS),),
    TicketProgressed: (
        # A rating is the dealer's own last word: nobody needs telling.
        NotificationRule("ticket_progressed", but_not=frozenset({"completed", "rated"})),
        NotificationRule("ticket_completed", texts=_BUYERS, steps=frozenset({"completed"})),
        NotificationRule(
            "ticket_waiting", box=Mailbox.AFTERSALES, steps=frozenset({"registered", "answered", "reopened"})
        ),
    ),
    TicketOverdue: (NotificationRule("ticket_overdue", box=Mailbox.AFTERSALES),),
}


class Notice(NamedTuple):
    """One message to one mailbox. It is texted to those with a role in `texts`."""

    template: str
    box: Mailbox
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    texts: frozenset[Role]


def notices(event: Event) -> list[Notice]:
    """What is to be said of an event, at most once to each mailbox. Nothing for an event without rules."""
    words = template_values(event)
    return [_notice(rule, words) for rule in NOTIFICATION_RULES.get(type(event), ()) if rule.applies(event)]


def _notice(rule: NotificationRule, words: Mapping[str, str]) -> Notice:
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


def template_values(event: Event) -> dict[str, str]:
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


def mailboxes_read_by(roles: frozenset[Role]) -> list[Mailbox]:
    """The mailboxes people with these roles read."""
    return [box for box in Mailbox if READERS[box] & roles]


def roles_texted(template: str) -> frozenset[Role]:
    """Whom this template is texted to: people with one of these roles."""
    rules = [rule for rules in NOTIFICATION_RULES.values() for rule in rules if rule.template == template]
    return frozenset().union(*(rule.texts for rule in rules))
