"""Invariants of notifications: who is to be told is told once, nobody is told what did not happen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

from contracts.dealers import DealerItem, DealerTermsChanged, UserItem, UserRegistered
from contracts.notifications import SmsQueued
from kernel.messaging.events import Envelope, UnknownEvent
from kernel.time import clock
from services.notifications.deliveries.items import DeliveryItem, DeliveryPointerItem
from services.notifications.deliveries.rules import DeliveryState, Outcome
from services.notifications.inbox.items import MessageCountItem, MessageItem, ReadMarkItem, mailbox_name, message_id_of
from services.notifications.inbox.rules import NOTIFICATION_RULES, NotificationRule
from services.notifications.sms.items import SmsDayCountItem, SmsItem
from services.notifications.sms.providers.recorder import RecordedSmsItem
from services.notifications.sms.rules import MAX_RECIPIENTS, SMS_PER_DAY, SmsState
from services.notifications.webhooks.event_types import webhook_types
from services.notifications.webhooks.items import DELIVERY_RETENTION, EndpointItem
from services.notifications.webhooks.rules import is_subscribed
from tools.audit.findings import Finding
from tools.audit.reading import Snapshot

#: Items with a time to live may be gone a little before it.
_KEPT = DELIVERY_RETENTION - timedelta(days=2)


# ---- the inbox ----


def messages_are_founded(table: Snapshot) -> Iterator[Finding]:
    """E1, N1: a message tells of an event that happened, and of that event's dealer."""
    for item in table.all(MessageItem):
        message = table.events.get(item.message_id.split(".", 2)[2])
        told = (message.type, message.subject, message.data.get("dealer_id")) if message else None
        if told != (item.event_type, item.subject, item.dealer_id):
            yield Finding("message-unfounded", item.message_id, f"in {item.pk}, the event says {told}")


def everybody_is_told(table: Snapshot, due: str) -> Iterator[Finding]:
    """N1, when due: every event of late stands in every mailbox that rules name. Unless its dealer was ever suspended:
    then it is not known whether it was to be told; nor is it of older events, when there may have been other rules.
    """
    there = {(item.pk, item.sk) for item in table.all(MessageItem)}
    always_told, since = table.once(_always_told), _lately(due)
    for event_id, keys in table.once(_messages_due).items():
        message = table.events[event_id]
        if not since < message.time < due:
            continue
        for pk, sk in keys:
            house = pk.startswith("INBOX#HOUSE#")
            if (pk, sk) not in there and (house or message.data["dealer_id"] in always_told):
                yield Finding("message-missing", event_id, f"{pk} does not know of it")


def unread_is_counted_rightly(table: Snapshot) -> Iterator[Finding]:
    """N1: the counters of a mailbox are its messages; those of a reader the messages read; so unread >= 0."""
    stored, counted = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    messages = {(item.pk, item.message_id) for item in table.all(MessageItem)}
    for pk, _ in messages:
        counted[pk, "messages"] += 1
    for mark in table.all(ReadMarkItem):
        _, user, message = mark.sk.split("#", 2)
        counted[mark.pk, f"read by {user}"] += 1
        if (mark.pk, message) not in messages:
            yield Finding("inbox-read", mark.pk, f"{user} has read {message}, which is not there")
    for item in table.all(MessageCountItem):
        name, _, whose = item.sk.partition("#")
        stored[item.pk, "messages" if name == "COUNT" else f"read by {whose}"] += item.number
    for pk, what in sorted(stored.keys() | counted.keys()):
        if stored[pk, what] != counted[pk, what]:
            yield Finding("inbox-count", pk, f"counts {stored[pk, what]} {what}, there are {counted[pk, what]}")


# ---- text messages ----


def texts_are_founded(table: Snapshot) -> Iterator[Finding]:
    """E1, N2: a text is about an event that happened, is told to be sent once, and stands under both."""
    queued = Counter(message.data["sms_id"] for message in table.told(SmsQueued.TYPE))
    about = {message.subject for message in table.events.values()}
    for item in table.all(SmsItem):
        if item.subject not in about or queued[item.sms_id] != 1 or item.pk != f"SMS#{item.sms_id}":
            yield Finding("text-unfounded", item.sms_id, f"{item.subject}, told {queued[item.sms_id]} times")


def texts_are_sent_once(table: Snapshot) -> Iterator[Finding]:
    """N2: sends(e, phone) <= 1, and none for a text that waits, was skipped or failed."""
    sent = Counter(item.pk.removeprefix("SMS#") for item in table.all(RecordedSmsItem))
    for item in table.all(SmsItem):
        at_most = 1 if item.state in (SmsState.SENDING, SmsState.ACCEPTED, SmsState.UNKNOWN) else 0
        if sent[item.sms_id] > at_most:
            yield Finding("text-sent", item.sms_id, f"{item.state}, sent {sent[item.sms_id]} times")


def phones_are_spared(table: Snapshot) -> Iterator[Finding]:
    """N2: no phone gets more than its share of a day."""
    for item in table.all(SmsDayCountItem):
        if not 0 <= item.sent <= SMS_PER_DAY:
            yield Finding("text-limit", f"{item.pk} {item.sk}", f"{item.sent} texts")


def texts_get_somewhere(table: Snapshot, due: str) -> Iterator[Finding]:
    """N2, when due: a text was sent, or says why not: none is still to be sent or under way."""
    for item in table.all(SmsItem):
        if item.state in (SmsState.QUEUED, SmsState.SENDING) and item.changed_at < due:
            yield Finding("text-stuck", item.sms_id, f"{item.state} since {item.changed_at}")


def people_are_texted(table: Snapshot, due: str) -> Iterator[Finding]:
    """N2, when due: whoever is to be texted has a text. Only where it is known who was there: dealers never suspended,
    people never changed."""
    there = {(item.sms_id.removesuffix(f"_{item.username}"), item.username) for item in table.all(SmsItem)}
    people, lately = table.once(_steady_people), _lately(due)
    for message, rule in table.once(_rules_due):
        dealer_id = message.data["dealer_id"]
        if not rule.sms_roles or not lately < message.time < due or dealer_id not in table.once(_always_told):
            continue
        for person, since in people.get(dealer_id, []):
            wanted = person.phone and rule.sms_roles & set(person.roles) and since < message.time
            if wanted and (f"sms_{message.id}", person.username) not in there:
                yield Finding("text-missing", message.id, f"{person.username} of {dealer_id} has no text")


# ---- webhooks ----


def deliveries_are_founded(table: Snapshot) -> Iterator[Finding]:
    """E1, N3: a delivery sends the bytes of an event that happened, and is found under its event."""
    pointers = {(item.pk, item.sk): item.at for item in table.all(DeliveryPointerItem)}
    for item in table.all(DeliveryItem):
        message = table.events.get(item.event_id)
        if message is None or item.body != message.model_dump_json(exclude_none=True):
            yield Finding("delivery-unfounded", f"{item.endpoint_id} {item.event_id}", "not what the event says")
        if pointers.pop((item.pk, f"EVENT#{item.event_id}"), None) != item.sk:
            yield Finding("delivery-pointer", f"{item.endpoint_id} {item.event_id}", "its pointer is not at it")
    for pk, sk in sorted(pointers):
        yield Finding("delivery-pointer", f"{pk} {sk}", "there is no such delivery")


def deliveries_stand_where_their_log_led(table: Snapshot) -> Iterator[Finding]:
    """N3: attempts are counted, follow each other in time, end with the first success unless somebody asks for more;
    what is pending is due at some time, what is done is not."""
    for item in table.all(DeliveryItem):
        attempts = [one for one in item.log if not one["replay"]]
        successes = [number for number, one in enumerate(attempts, 1) if one["outcome"] == Outcome.SUCCESS]
        due = item.state == DeliveryState.PENDING or bool(item.replay)
        if (
            len(attempts) != item.attempts
            or any(after["at"] < before["at"] for before, after in pairwise(item.log))
            or (successes and (successes != [len(attempts)] or item.state != DeliveryState.DELIVERED))
            or (due and not item.gsi1sk)
        ):
            detail = f"{item.state} after {item.attempts} attempts: {[one['outcome'] for one in item.log]}"
            yield Finding("delivery-log", f"{item.endpoint_id} {item.event_id}", detail)


def endpoints_hear_of_it(table: Snapshot, due: str) -> Iterator[Finding]:
    """N3, when due: every active endpoint has a delivery of every event it asked for since it is there."""
    there = {(item.endpoint_id, item.event_id) for item in table.all(DeliveryItem)}
    kept_since = _lately(due)
    known = webhook_types()
    for endpoint in table.all(EndpointItem):
        if not endpoint.is_active:
            continue
        since = max(endpoint.created_at, kept_since)
        for message in table.events.values():
            wanted = message.type in known and is_subscribed(tuple(endpoint.types), message.type)
            if wanted and since < message.time < due and (endpoint.endpoint_id, message.id) not in there:
                yield Finding("delivery-missing", f"{endpoint.endpoint_id} {message.id}", f"told at {message.time}")


ALWAYS = (
    messages_are_founded,
    unread_is_counted_rightly,
    texts_are_founded,
    texts_are_sent_once,
    phones_are_spared,
    deliveries_are_founded,
    deliveries_stand_where_their_log_led,
)
WHEN_DUE = (everybody_is_told, texts_get_somewhere, people_are_texted, endpoints_hear_of_it)


# ---- small words ----


def _lately(due: str) -> str:
    """Since when deliveries are kept."""
    return clock.stamp(clock.parse_stamp(due) - _KEPT)


def _rules_due(table: Snapshot) -> list[tuple[Envelope, NotificationRule]]:
    """Every event with every rule that tells of it."""
    types = {event.TYPE: rules for event, rules in NOTIFICATION_RULES.items()}
    found = []
    for message in table.events.values():
        for rule in types.get(message.type, ()):
            if _applies(rule, message):
                found.append((message, rule))
    return found


def _applies(rule: NotificationRule, message: Envelope) -> bool:
    try:
        return rule.applies(message.event)
    except (ValueError, UnknownEvent):
        return False  # what cannot be read is another rule's matter


def _messages_due(table: Snapshot) -> Mapping[str, list[tuple[str, str]]]:
    """Keys of the messages that tell of an event, by event."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for message, rule in table.once(_rules_due):
        box = mailbox_name(rule.mailbox, message.data["dealer_id"])
        found[message.id].append((f"INBOX#{box}", f"MSG#{message_id_of(message, rule.mailbox)}"))
    return found


def _always_told(table: Snapshot) -> frozenset[str]:
    """Dealers that were never suspended."""
    once_suspended = {
        message.data["dealer_id"]
        for message in table.told(DealerTermsChanged.TYPE)
        if "status" in message.data["after"]
    }
    return frozenset(
        dealer.dealer_id
        for dealer in table.all(DealerItem)
        if dealer.status == "active" and dealer.dealer_id not in once_suspended
    )


def _steady_people(table: Snapshot) -> Mapping[str, list[tuple[UserItem, str]]]:
    """People who are as they were registered, and since when, by dealer; none of a dealer with very many."""
    since = {message.subject: message.time for message in table.told(UserRegistered.TYPE)}
    found: dict[str, list[tuple[UserItem, str]]] = defaultdict(list)
    many = Counter(person.dealer_id for person in table.all(UserItem))
    for person in table.all(UserItem):
        registered = since.get(f"{person.username}@{person.dealer_id}")
        if registered and person.version == 1 and many[person.dealer_id] <= MAX_RECIPIENTS:
            found[person.dealer_id or ""].append((person, registered))
    return found
