"""Events with the notification rules that apply, and the recipients that are certain. Use with `Snapshot.cached`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import timedelta

from contracts.dealers import HOUSE, DealerItem, DealerTermsChanged, UserItem, UserRegistered
from kernel.invariants.snapshot import Snapshot
from kernel.messaging.events import Envelope, UnknownEvent
from kernel.time import clock
from services.notifications.inbox.rules import NOTIFICATION_RULES, NotificationRule
from services.notifications.sms.rules import MAX_RECIPIENTS
from services.notifications.webhooks.items import DELIVERY_RETENTION

#: Items with a time to live may be gone a little before it ends.
_CERTAINLY_STORED = DELIVERY_RETENTION - timedelta(days=2)


def start_of_checked_window(due: str) -> str:
    """Return the stamp from which on messages and deliveries are certainly still stored."""
    return clock.stamp(clock.parse_stamp(due) - _CERTAINLY_STORED)


def applicable_rules(snapshot: Snapshot) -> list[tuple[Envelope, NotificationRule]]:
    """Return every event with every notification rule that applies to it."""
    rules_of_type = {event.TYPE: rules for event, rules in NOTIFICATION_RULES.items()}
    found = []
    for message in snapshot.events.values():
        for rule in rules_of_type.get(message.type, ()):
            if _applies(rule, message):
                found.append((message, rule))
    return found


def dealers_never_suspended(snapshot: Snapshot) -> frozenset[str]:
    """Return the dealers that were never suspended; of others it is not known which events they were notified of."""
    once_suspended = {
        message.data["dealer_id"]
        for message in snapshot.events_of_type(DealerTermsChanged.TYPE)
        if "status" in message.data["after"]
    }
    return frozenset(
        dealer.dealer_id
        for dealer in snapshot.items(DealerItem)
        if dealer.status == "active" and dealer.dealer_id not in once_suspended
    )


def unchanged_users(snapshot: Snapshot) -> Mapping[str, list[tuple[UserItem, str]]]:
    """Return users that were never changed and the stamp of their registration, by dealer or HOUSE.

    Dealers with more users than a text has recipients are left out.
    """
    registered_at = {message.subject: message.time for message in snapshot.events_of_type(UserRegistered.TYPE)}
    found: dict[str, list[tuple[UserItem, str]]] = defaultdict(list)
    user_counts = Counter(user.dealer_id for user in snapshot.items(UserItem))
    for user in snapshot.items(UserItem):
        registered = registered_at.get(f"{user.username}@{user.dealer_id or HOUSE}")
        if registered and user.version == 1 and user_counts[user.dealer_id] <= MAX_RECIPIENTS:
            found[user.dealer_id or HOUSE].append((user, registered))
    return found


def _applies(rule: NotificationRule, message: Envelope) -> bool:
    try:
        return rule.applies(message.event)
    except (ValueError, UnknownEvent):
        return False  # other rules find events that cannot be read
