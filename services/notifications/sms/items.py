"""Stored text messages, and how many a phone got."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from contracts.dealers import UserItem
from contracts.notifications import SmsQueued
from kernel.http.models import masked_phone
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import outbox_event
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import Page, fetch_one, query_page
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.notifications.sms.rules import COLLAPSE_SECONDS, TEXTS_PER_DAY, TextState, sms_text, sms_variables
from services.notifications.vocabulary import committed

_TEXTS_KEPT = timedelta(days=400)


_RECORDED_KEPT = timedelta(days=30)


_CAPS_KEPT = timedelta(days=3)


class TextItem(Item, discriminator="sms"):
    """A text message to one person about one event. Knows the person by name; of the phone only the masked form."""

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
    queued_at = UnicodeAttribute()
    changed_at = UnicodeAttribute()


class SentTodayItem(Item, discriminator="sms_day"):
    """How many texts went to a phone on a day."""

    sent = IntegerAttribute()


class LastSentItem(Item, discriminator="sms_last"):
    """When a phone last got a template, epoch seconds."""

    at = IntegerAttribute()


class RecordedItem(Item, discriminator="sms_recorded"):
    """What would have been sent, had there been a provider."""

    phone = UnicodeAttribute()
    text = UnicodeAttribute()
    at = UnicodeAttribute()


def add_text(transaction: Transaction, item: TextItem) -> None:
    """Let the transaction record a text; if it is to be sent, announce it with its record."""
    transaction.create(item, f"text {item.username}")
    if item.state != TextState.QUEUED:
        return
    said = SmsQueued(sms_id=item.sms_id, dealer_id=item.dealer_id)
    told = outbox_event(said, pk=item.pk, subject=item.sms_id, sequence=1, dealer_id=item.dealer_id)
    transaction.create(told, f"outbox_event {item.username}")


def new_text(message: Envelope, dealer_id: str, person: UserItem, template: str, words: dict[str, str]) -> TextItem:
    """A text about an event to one person, waiting to be sent; its id is the same for every delivery of the event."""
    variables = sms_variables(template, words)
    sms_id = f"sms_{message.id}_{person.username}"
    now = clock.now()
    return TextItem(
        *text_key(sms_id),
        sms_id=sms_id,
        event_type=message.type,
        subject=message.subject,
        dealer_id=dealer_id,
        username=person.username,
        phone_masked=masked_phone(person.phone or ""),
        template=template,
        variables=variables,
        text=sms_text(template, variables),
        state=TextState.QUEUED,
        queued_at=clock.stamp(now),
        changed_at=clock.stamp(now),
        gsi1pk="SMS#ALL",
        gsi1sk=f"{clock.stamp(now)}#{sms_id}",
        expires_at=clock.epoch(now + _TEXTS_KEPT),
    )


def text_of(sms_id: str) -> TextItem | None:
    """A text message."""
    return fetch_one(TextItem, text_key(sms_id))


def texts(limit: int, start: dict[str, Any] | None) -> Page:
    """All text messages, newest first."""
    return query_page(TextItem, "SMS#ALL", on_index=True, limit=limit, start=start, newest_first=True)


def claim_text(item: TextItem, phone: str, now: datetime) -> None:
    """Take a queued text for sending, within the limits of the phone.

    Raises:
        TransactionRefused: `claim` another has it; `day` the phone had its share; `pause` it just had the same.
    """
    epoch, expires_at = clock.epoch(now), clock.epoch(now + _CAPS_KEPT)
    transaction = Transaction()
    transaction.update(
        TextItem,
        (item.pk, item.sk),
        [
            TextItem.state.set(TextState.SENDING),
            TextItem.changed_at.set(clock.stamp(now)),
            TextItem.phone_masked.set(masked_phone(phone)),
        ],
        TextItem.state == TextState.QUEUED,
        "claim",
    )
    day, last = _phone_keys(phone, item.template, now)
    transaction.update(
        SentTodayItem,
        day,
        [
            SentTodayItem.sent.add(1),
            SentTodayItem.expires_at.set(expires_at),
        ],
        SentTodayItem.sent.does_not_exist() | (SentTodayItem.sent < TEXTS_PER_DAY),
        "day",
    )
    transaction.put(
        LastSentItem(*last, at=epoch, expires_at=expires_at),
        "pause",
        LastSentItem.at.does_not_exist() | (LastSentItem.at <= epoch - COLLAPSE_SECONDS),
    )
    transaction.commit()


def unclaim_text(item: TextItem, phone: str, claimed_at: datetime) -> None:
    """Give back a text that certainly was not sent, and its share of the phone's day."""
    day, last = _phone_keys(phone, item.template, claimed_at)
    transaction = Transaction()
    transaction.update(
        TextItem,
        (item.pk, item.sk),
        [TextItem.state.set(TextState.QUEUED), TextItem.changed_at.set(clock.stamp())],
        TextItem.state == TextState.SENDING,
        "claim",
    )
    transaction.update(SentTodayItem, day, [SentTodayItem.sent.add(-1)], SentTodayItem.sent > 0, "day")
    transaction.delete(LastSentItem, last, None, "pause")
    transaction.commit()


def settle_text(
    item: TextItem, state: TextState, out_of: Sequence[TextState], reason: str | None = None, provider_id: str = ""
) -> bool:
    """Record what became of a text that is in one of these states; False if it is in none of them."""
    actions: list[Action] = [TextItem.state.set(state), TextItem.changed_at.set(clock.stamp())]
    actions.append(TextItem.reason.set(reason) if reason else TextItem.reason.remove())
    actions += [TextItem.provider_id.set(provider_id)] if provider_id else []
    transaction = Transaction()
    transaction.update(TextItem, (item.pk, item.sk), actions, TextItem.state.is_in(*out_of), "text")
    return committed(transaction)


def record_text(sms_id: str, record_id: str, phone: str, text: str) -> None:
    """Keep what the recorder was asked to send; twice asked is twice kept, so that it shows."""
    now = clock.now()
    key = text_key(sms_id)[0], f"RECORDED#{record_id}"
    transaction = Transaction()
    item = RecordedItem(*key, phone=phone, text=text, at=clock.stamp(now), expires_at=clock.epoch(now + _RECORDED_KEPT))
    transaction.create(item, "record")
    transaction.commit()


def text_key(sms_id: str) -> Key:
    """One text message."""
    return f"SMS#{sms_id}", "SMS"


def _phone_keys(phone: str, template: str, now: datetime) -> tuple[Key, Key]:
    # Keys turn up in error messages and traces, phones must not.
    pk = f"SMS#PHONE#{hashlib.sha256(phone.encode()).hexdigest()[:32]}"
    return (pk, f"DAY#{clock.business_date(now)}"), (pk, f"LAST#{template}")
