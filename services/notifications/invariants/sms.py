"""Invariants of text messages: every text has its event and is sent at most once; every recipient has a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contracts.dealers import HOUSE
from contracts.notifications import SmsQueued
from kernel.invariants.snapshot import Finding, Snapshot
from kernel.time import clock
from reads.dealers import has_mobile
from services.notifications.invariants.recipients import (
    applicable_rules,
    dealers_never_suspended,
    start_of_checked_window,
    unchanged_users,
)
from services.notifications.sms.items import (
    DealerSmsItem,
    FailedSmsItem,
    SmsDayCountItem,
    SmsItem,
    WaitingSmsItem,
    dealer_sms_pk,
)
from services.notifications.sms.providers.recorder import RecordedSmsItem
from services.notifications.sms.rules import SMS_PER_DAY, SmsState


def texts_have_their_event(snapshot: Snapshot) -> Iterator[Finding]:
    """Find texts about an unknown subject, without one `SmsQueued` for each queueing, or under another key."""
    queued = Counter(message.data["sms_id"] for message in snapshot.events_of_type(SmsQueued.TYPE))
    subjects = {message.subject for message in snapshot.events.values()}
    for item in snapshot.items(SmsItem):
        times = 1 + (item.releases or 0)
        if item.subject not in subjects or queued[item.sms_id] != times or item.pk != f"SMS#{item.sms_id}":
            yield Finding("text-event", item.sms_id, f"{item.subject}, queued {queued[item.sms_id]} times")


def dealers_see_their_texts(snapshot: Snapshot) -> Iterator[Finding]:
    """Find texts to users of a dealer that its list does not show, and pointers to no text of the dealer."""
    texts = {
        (dealer_sms_pk(item.dealer_id), item.sms_id) for item in snapshot.items(SmsItem) if item.dealer_id != HOUSE
    }
    pointers = {(item.pk, item.sms_id) for item in snapshot.items(DealerSmsItem)}
    for pk, sms_id in sorted(texts ^ pointers):
        yield Finding("text-pointer", sms_id, f"text and pointer in {pk} do not match")


def texts_are_sent_at_most_once(snapshot: Snapshot) -> Iterator[Finding]:
    """Find texts that were sent twice, and sent ones in a state of texts that are not sent."""
    sent = Counter(item.pk.removeprefix("SMS#") for item in snapshot.items(RecordedSmsItem))
    for item in snapshot.items(SmsItem):
        at_most = 1 if item.state in (SmsState.SENDING, SmsState.ACCEPTED, SmsState.UNKNOWN) else 0
        if sent[item.sms_id] > at_most:
            yield Finding("text-sent", item.sms_id, f"{item.state}, sent {sent[item.sms_id]} times")


def phones_stay_within_the_daily_limit(snapshot: Snapshot) -> Iterator[Finding]:
    """Find phones with more texts on a day than the limit."""
    for item in snapshot.items(SmsDayCountItem):
        if not 0 <= item.sent <= SMS_PER_DAY:
            yield Finding("text-limit", f"{item.pk} {item.sk}", f"{item.sent} texts")


def texts_stand_for_all_merged_ones(snapshot: Snapshot) -> Iterator[Finding]:
    """Find texts with another number than that of the texts merged into them, and waiting ones without their entry."""
    texts = {item.sms_id: item for item in snapshot.items(SmsItem)}
    waiting = {item.sms_id: item.texts for item in snapshot.items(WaitingSmsItem)}
    merged = Counter[str]()
    for item in texts.values():
        if item.merged_into:
            merged[item.merged_into] += item.texts or 1
    for sms_id, item in texts.items():
        counted = waiting.get(sms_id, item.texts or 1) if item.state == SmsState.WAITING else item.texts or 1
        if item.state == SmsState.MERGED:
            continue  # what was merged into it counts where it went itself
        if counted != 1 + merged[sms_id] or (item.state == SmsState.WAITING) != (sms_id in waiting):
            yield Finding("text-merged", sms_id, f"{item.state}, in place of {counted}, {merged[sms_id]} merged")
    for sms_id in (waiting.keys() | merged.keys()) - texts.keys():
        yield Finding("text-merged", sms_id, "is not stored")


def texts_are_sent_or_given_up(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find texts that are due and still queued, sending or waiting."""
    for item in snapshot.items(SmsItem):
        if item.state in (SmsState.QUEUED, SmsState.SENDING) and item.changed_at < due:
            yield Finding("text-unsent", item.sms_id, f"{item.state} since {item.changed_at}")
        elif item.waits_until and item.waits_until < due:
            yield Finding("text-unsent", item.sms_id, f"waits until {item.waits_until}")


def failed_texts_are_listed(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find texts that failed and are not in the list of failed ones, and others that are. Expired ones are left out."""
    listed = {entry.sms_id for entry in snapshot.items(FailedSmsItem)}
    kept_after = clock.epoch(clock.parse_stamp(due))
    for item in snapshot.items(SmsItem):
        is_listed = item.sms_id in listed
        if is_listed != (item.state == SmsState.FAILED) and (item.expires_at or 0) > kept_after:
            yield Finding("text-failed", item.sms_id, f"{item.state}, {'' if is_listed else 'not '}in the list")


def recipients_have_a_text(snapshot: Snapshot, due: str) -> Iterator[Finding]:
    """Find recent events that are due and of which a recipient has no text.

    Only certain recipients count: users that were never changed, of dealers that were never suspended. An event that
    names an escalation contact has no other.
    """
    stored = {(item.sms_id.removesuffix(f"_{item.username}"), item.username) for item in snapshot.items(SmsItem)}
    users, start = snapshot.cached(unchanged_users), start_of_checked_window(due)
    dealers = snapshot.cached(dealers_never_suspended)
    for event, rule in snapshot.cached(applicable_rules):
        dealer_id = event.data["dealer_id"] if rule.mailbox.belongs_to_dealer else HOUSE
        if not rule.sms_roles or not start < event.time < due or dealer_id not in {*dealers, HOUSE}:
            continue
        for user, registered_at in users.get(dealer_id, []):
            contact = event.data.get("escalation_contact")
            is_addressed = user.username == contact if contact else rule.sms_roles & set(user.roles)
            is_recipient = has_mobile(user) and is_addressed and registered_at < event.time
            if is_recipient and (f"sms_{event.id}", user.username) not in stored:
                yield Finding("text-missing", event.id, f"{user.username} of {dealer_id} has no text")


ALWAYS = (
    texts_have_their_event,
    dealers_see_their_texts,
    texts_are_sent_at_most_once,
    texts_stand_for_all_merged_ones,
    phones_stay_within_the_daily_limit,
)
WHEN_DUE = (texts_are_sent_or_given_up, failed_texts_are_listed, recipients_have_a_text)
