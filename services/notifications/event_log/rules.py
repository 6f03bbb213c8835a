"""Rules of the event log: how long it is kept, when a position is settled, and which events are about money."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.notifications import WebhookTested
from kernel.http.principal import Role
from services.notifications.inbox.mailboxes import Mailbox
from services.notifications.inbox.rules import NOTIFICATION_RULES
from services.notifications.vocabulary import ACCOUNTANT_ROLES

#: An event can be read for so long after it was logged.
EVENT_RETENTION = timedelta(days=30)

#: An event is listed so long after the moment of its key. A writer takes the moment first and writes then, for at most
#: the timeout of `dispatch_webhooks`. So no event is ever written before a position that a reader has passed.
SETTLING_TIME = timedelta(seconds=65)

#: Events with amounts or terms of payment; users who may not read statements do not get them.
_MONEY_EVENTS = frozenset(
    event.TYPE for event, rules in NOTIFICATION_RULES.items() if any(rule.mailbox is Mailbox.ACCOUNTS for rule in rules)
)


def may_read(roles: frozenset[Role], event_type: str) -> bool:
    """Return True if a user with these roles may read the events of a type about its own dealer."""
    return event_type not in _MONEY_EVENTS or bool(roles & (ACCOUNTANT_ROLES | {Role.ADMIN}))


def is_logged(event_type: str, event_time: datetime, now: datetime) -> bool:
    """Return False for a test, and for an event so old, replayed, that its place in the log may be gone."""
    return event_type != WebhookTested.TYPE and event_time > now - EVENT_RETENTION
