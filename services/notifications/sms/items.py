"""Stored text messages, and the counters that limit them per phone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from contracts.dealers import HOUSE, UserItem
from contracts.notifications import SmsQueued
from kernel.http.models import mask_phone
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import outbox_event
from kernel.store.items import Index, IntegerAttribute, Item, Key
from kernel.store.read import Page, fetch_one, page_of_named, query_page
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.notifications.sms.rules import SmsState, sms_text, sms_variables

_RETENTION = timedelta(days=400)
#: Partition of the list of failed texts.
_FAILED_SMS = "SMS#FAILED"
#: Index partition of the texts that wait.
WAITING_SMS = "SMS#WAITING"


# P  one text message                   pk: SMS#<id>         sk: SMS
# P  all text messages, newest first    gsi1pk: SMS#ALL      gsi1sk: <queued at>#<id>
class SmsItem(Item, discriminator="sms"):
    """A text message to one user about one event. Stores the user name, and of the phone only the masked form.

    `invitation`: number of the invitation whose code is put into the text when it is sent; `sign_in_request`: request
    whose code to sign in with is put into it, not sent after `valid_until` (ISO 8601). `waits_until`: end of its wait;
    `merged_into`: id of the text in place of a merged one; `texts`: number of texts that this one is in place of,
    itself included, absent for one; `releases`: how many times it waited and was queued again.
    """

    sms_id = UnicodeAttribute()
    event_type = UnicodeAttribute()
    subject = UnicodeAttribute()
    dealer_id = UnicodeAttribute()
    username = UnicodeAttribute()
    phone_masked = UnicodeAttribute()
    template = UnicodeAttribute()
    variables: JSONAttribute = JSONAttribute()
    text = UnicodeAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    invitation = IntegerAttribute(null=True)
    sign_in_request = UnicodeAttribute(null=True)
    valid_until = UnicodeAttribute(null=True)
    waits_until = UnicodeAttribute(null=True)
    merged_into = UnicodeAttribute(null=True)
    texts = IntegerAttribute(null=True)
    releases = IntegerAttribute(null=True)
    queued_at = UnicodeAttribute()
    changed_at = UnicodeAttribute()

    @property
    def event_id(self) -> str:
        """Id of the event that the text is about."""
        return self.sms_id.removeprefix("sms_").removesuffix(f"_{self.username}")


# P  text messages to a dealer's users, newest first    pk: SMS#DEALER#<dealer>    sk: <queued at>#<sms id>
class DealerSmsItem(Item, discriminator="sms_of_dealer"):
    """Pointer to a text message to a user of a dealer."""

    sms_id = UnicodeAttribute()


# P  texts that the provider refused, newest first    pk: SMS#FAILED    sk: <queued at>#<sms id>
class FailedSmsItem(Item, discriminator="sms_failed"):
    """Entry of a text message in the list of failed ones, written with that state, which is final."""

    sms_id = UnicodeAttribute()


# P  text that waits, by phone and template    pk: SMS#PHONE#<digest>    sk: WAITING#<template>
# P  texts that wait, by the time they are due    gsi1pk: SMS#WAITING    gsi1sk: <due at>#<sms id>
class WaitingSmsItem(Item, discriminator="sms_waiting"):
    """Text that waits for a phone, and the number of texts that it is in place of, itself included.

    `events`: ids of the first events among them; two users with one phone get one text about an event.
    """

    sms_id = UnicodeAttribute()
    texts = IntegerAttribute()
    events: JSONAttribute = JSONAttribute()


# P  text messages sent to a phone on a day    pk: SMS#PHONE#<digest>    sk: DAY#<date>
class SmsDayCountItem(Item, discriminator="sms_day"):
    """Number of text messages that one phone got on one day (Asia/Shanghai)."""

    sent = IntegerAttribute()


# P  last time a phone got a template          pk: SMS#PHONE#<digest>    sk: LAST#<template>
class LastSmsItem(Item, discriminator="sms_last"):
    """Time at which a phone last got a template, in epoch seconds, and the event that the text was about."""

    at = IntegerAttribute()
    event_id = UnicodeAttribute()


class ComputedCode(NamedTuple):
    """Source of the code in a text, with fields as in `SmsItem`; no fields for a text without a code."""

    invitation: int | None = None
    sign_in_request: str | None = None
    valid_until: str | None = None


def queue_sms(
    transaction: Transaction,
    envelope: Envelope,
    dealer_id: str,
    user: UserItem,
    template: str,
    values: Mapping[str, str],
    *,
    code: ComputedCode = ComputedCode(),  # noqa: B008 - it cannot change
) -> None:
    """Add a text message about an event to the transaction, and the `SmsQueued` event that has it sent.

    The id of the text message depends on event and user only, so a second delivery of the event creates no second one.
    """
    variables = sms_variables(template, values)
    sms_id = f"sms_{envelope.id}_{user.username}"
    now = clock.now()
    position, expires_at = f"{clock.stamp(now)}#{sms_id}", clock.epoch(now + _RETENTION)
    item = SmsItem(
        *sms_key(sms_id),
        sms_id=sms_id,
        event_type=envelope.type,
        subject=envelope.subject,
        dealer_id=dealer_id,
        username=user.username,
        phone_masked=mask_phone(user.phone or ""),
        template=template,
        variables=variables,
        text=sms_text(template, variables),
        state=SmsState.QUEUED,
        **code._asdict(),
        queued_at=clock.stamp(now),
        changed_at=clock.stamp(now),
        gsi1pk="SMS#ALL",
        gsi1sk=position,
        expires_at=expires_at,
    )
    transaction.create(item, f"sms {user.username}")
    if dealer_id != HOUSE:
        pointer = DealerSmsItem(dealer_sms_pk(dealer_id), position, sms_id=sms_id, expires_at=expires_at)
        transaction.create(pointer, f"pointer {user.username}")
    queued = SmsQueued(sms_id=sms_id, dealer_id=dealer_id)
    event = outbox_event(queued, pk=item.pk, subject=sms_id, sequence=1, dealer_id=dealer_id)
    transaction.create(event, f"event {user.username}")


def load_sms(sms_id: str) -> SmsItem | None:
    """Return a text message; None if there is no such id."""
    return fetch_one(SmsItem, sms_key(sms_id))


def sms_page(limit: int, start: dict[str, Any] | None) -> Page:
    """Return one page of all text messages, newest first."""
    return query_page(SmsItem, "SMS#ALL", on_index=True, limit=limit, start=start, newest_first=True)


def failed_sms(item: SmsItem) -> FailedSmsItem:
    """Return the entry of a text message in the list of failed ones; it is stored for as long as the text."""
    return FailedSmsItem(_FAILED_SMS, f"{item.queued_at}#{item.sms_id}", sms_id=item.sms_id, expires_at=item.expires_at)


def failed_sms_page(limit: int, start: dict[str, Any] | None) -> Page:
    """Return one page of the failed text messages, newest first."""
    page = query_page(FailedSmsItem, _FAILED_SMS, limit=limit, start=start, newest_first=True)
    return page_of_named(page, lambda pointer: sms_key(pointer.sms_id))


def dealer_sms_page(dealer_id: str, limit: int, start: dict[str, Any] | None) -> Page:
    """Return one page of the text messages to a dealer's users, newest first."""
    pk = dealer_sms_pk(dealer_id)
    page = query_page(DealerSmsItem, pk, limit=limit, start=start, newest_first=True, consistent=True)
    return page_of_named(page, lambda pointer: sms_key(pointer.sms_id))


def dealer_sms_pk(dealer_id: str) -> str:
    """Partition of the pointers to a dealer's text messages."""
    return f"SMS#DEALER#{dealer_id}"


def sms_key(sms_id: str) -> Key:
    """Return the key of a text message."""
    return f"SMS#{sms_id}", "SMS"


def due_waiting_sms(now: datetime, limit: int) -> list[WaitingSmsItem]:
    """Return the waiting texts that are due, the longest due first."""
    until_now = Index.gsi1sk <= f"{clock.stamp(now)}#~"
    return query_page(WaitingSmsItem, WAITING_SMS, sk=until_now, on_index=True, limit=limit).items


def waiting_sms_key(phone: str, template: str) -> Key:
    """Return the key of the waiting text of a phone and template."""
    return _phone_pk(phone), f"WAITING#{template}"


def phone_day_key(phone: str, now: datetime) -> Key:
    """Return the key of a phone's counter for the day of `now`."""
    return _phone_pk(phone), f"DAY#{clock.business_date(now)}"


def last_sms_key(phone: str, template: str) -> Key:
    """Return the key of the last time a phone got a template."""
    return _phone_pk(phone), f"LAST#{template}"


def _phone_pk(phone: str) -> str:
    # Keys appear in error messages and traces, phones must not.
    return f"SMS#PHONE#{hashlib.sha256(phone.encode()).hexdigest()[:32]}"
