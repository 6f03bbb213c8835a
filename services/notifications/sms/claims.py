"""Claims on text messages: only the worker that claims one hands it to the provider, or lets it wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pynamodb.expressions.condition import Condition

from contracts.notifications import SmsQueued
from kernel.http.models import mask_phone
from kernel.messaging.outbox import outbox_event
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.notifications.sms.items import (
    WAITING_SMS,
    LastSmsItem,
    SmsDayCountItem,
    SmsItem,
    WaitingSmsItem,
    failed_sms,
    last_sms_key,
    phone_day_key,
    sms_key,
    waiting_sms_key,
)
from services.notifications.sms.rules import PAUSE, SMS_PER_DAY, SmsState, sms_text
from services.notifications.transactions import try_commit, update_of

_LIMIT_RETENTION = timedelta(days=3)
#: Other texts may join or leave what waits for a phone; each attempt reads it anew.
_ATTEMPTS = 5
#: Events of which a phone with two users gets one text; the texts about later ones count for both.
_REMEMBERED_EVENTS = 100


def claim_sms(item: SmsItem, phone: str, now: datetime) -> None:
    """Move a queued text message to `sending` and count it against the limits of the phone.

    A code to sign in with has other limits, which were checked when it was made.

    Raises:
        TransactionRefused: `claim` another worker has it; `day` the daily limit is reached; `pause` the phone got the
            same template less than `PAUSE` ago.
    """
    transaction = Transaction()
    transaction.update_fields(
        SmsItem,
        (item.pk, item.sk),
        {"state": SmsState.SENDING, "changed_at": clock.stamp(now), "phone_masked": mask_phone(phone)},
        expected={"state": SmsState.QUEUED},
        label="claim",
    )
    if item.sign_in_request is None:
        _count_against_limits(transaction, item, phone, now)
    transaction.commit()


def _count_against_limits(transaction: Transaction, item: SmsItem, phone: str, now: datetime) -> None:
    epoch, expires_at = clock.epoch(now), clock.epoch(now + _LIMIT_RETENTION)
    transaction.update_fields(
        SmsDayCountItem,
        phone_day_key(phone, now),
        {"expires_at": expires_at},
        increments={"sent": 1},
        condition=SmsDayCountItem.sent.does_not_exist() | (SmsDayCountItem.sent < SMS_PER_DAY),
        label="day",
    )
    transaction.put(
        LastSmsItem(*last_sms_key(phone, _repeatable(item)), at=epoch, event_id=item.event_id, expires_at=expires_at),
        "pause",
        LastSmsItem.at.does_not_exist() | (LastSmsItem.at <= epoch - int(PAUSE.total_seconds())),
    )


def return_to_queue(item: SmsItem, phone: str, claimed_at: datetime) -> None:
    """Move a text message that certainly was not sent back to `queued`, and take it off the limits of the phone."""
    transaction = Transaction()
    transaction.update_fields(
        SmsItem,
        (item.pk, item.sk),
        {"state": SmsState.QUEUED, "changed_at": clock.stamp()},
        expected={"state": SmsState.SENDING},
        label="claim",
    )
    if item.sign_in_request is None:
        day = phone_day_key(phone, claimed_at)
        transaction.update_fields(
            SmsDayCountItem, day, {}, increments={"sent": -1}, condition=SmsDayCountItem.sent > 0, label="day"
        )
        transaction.delete(LastSmsItem, last_sms_key(phone, _repeatable(item)), None, "pause")
    transaction.commit()


# ---- texts that wait ----


def was_just_told(item: SmsItem, phone: str) -> bool:
    """Return whether the last text of this template to the phone was about the same event, to another user."""
    last = fetch_one(LastSmsItem, last_sms_key(phone, _repeatable(item)))
    return last is not None and last.event_id == item.event_id


def let_sms_wait(item: SmsItem, phone: str, due: datetime) -> None:
    """Let a queued text wait, or merge it into the one of its template that waits for the phone already.

    Raises:
        TransactionRefused: `claim` another worker has it.
        Busy: others kept changing what waits.
    """
    retry_on_conflict(_ATTEMPTS, lambda: _let_wait(item, phone, due), retry_if=lambda refused: "claim" not in refused)


def _let_wait(item: SmsItem, phone: str, due: datetime) -> None:
    key, texts = waiting_sms_key(phone, item.template), item.texts or 1
    waiting = fetch_one(WaitingSmsItem, key)
    transaction = Transaction()
    changes: dict[str, Any] = {"changed_at": clock.stamp(), "phone_masked": mask_phone(phone)}
    if waiting is None:
        changes |= {"state": SmsState.WAITING, "waits_until": clock.stamp(due)}
        first = WaitingSmsItem(
            *key,
            sms_id=item.sms_id,
            texts=texts,
            events=[item.event_id],
            gsi1pk=WAITING_SMS,
            gsi1sk=f"{clock.stamp(due)}#{item.sms_id}",
        )
        transaction.create(first, "waiting")
    elif item.event_id in waiting.events:
        changes |= {"state": SmsState.SKIPPED, "reason": "collapsed"}
    else:
        changes |= {"state": SmsState.MERGED, "merged_into": waiting.sms_id}
        as_read = _as_read(waiting)
        waiting.texts += texts
        waiting.events = [*waiting.events, item.event_id][:_REMEMBERED_EVENTS]
        transaction.put(waiting, "waiting", as_read)
    transaction.update_fields(SmsItem, (item.pk, item.sk), changes, expected={"state": SmsState.QUEUED}, label="claim")
    transaction.commit()


def release_sms(waiting: WaitingSmsItem) -> bool:
    """Queue the text that waits, with the number of texts it is in place of; False if others changed it meanwhile.

    The text is checked again when it is sent: recipient, quiet hours and limits.
    """
    item = fetch_one(SmsItem, sms_key(waiting.sms_id))
    if item is None:
        raise LookupError(f"{waiting.sms_id} waits but is not stored")
    releases = (item.releases or 0) + 1
    changes: dict[str, Any] = {
        "state": SmsState.QUEUED,
        "changed_at": clock.stamp(),
        "waits_until": None,
        "releases": releases,
    }
    if waiting.texts > 1:
        variables = {**item.variables, "count": str(waiting.texts)}
        changes |= {
            "texts": waiting.texts,
            "variables": variables,
            "text": sms_text(item.template, variables),
        }
    transaction = Transaction()
    transaction.delete(WaitingSmsItem, (waiting.pk, waiting.sk), _as_read(waiting), "waiting")
    transaction.update_fields(SmsItem, (item.pk, item.sk), changes, expected={"state": SmsState.WAITING}, label="sms")
    queued = SmsQueued(sms_id=item.sms_id, dealer_id=item.dealer_id)
    event = outbox_event(queued, pk=item.pk, subject=item.sms_id, sequence=1 + releases, dealer_id=item.dealer_id)
    transaction.create(event, "event")
    return try_commit(transaction)


def _as_read(waiting: WaitingSmsItem) -> Condition:
    unchanged: Condition = (WaitingSmsItem.sms_id == waiting.sms_id) & (WaitingSmsItem.texts == waiting.texts)
    return unchanged


def record_result(
    item: SmsItem, state: SmsState, expected: Sequence[SmsState], reason: str | None = None, provider_id: str = ""
) -> bool:
    """Set the final state of a text message; return False if its state is none of the expected ones."""
    values = {"state": state, "changed_at": clock.stamp(), "reason": reason or None}
    if provider_id:
        values["provider_id"] = provider_id
    transaction = update_of(item, values, condition=SmsItem.state.is_in(*expected))
    if state is SmsState.FAILED:
        transaction.create(failed_sms(item), "failed")
    return try_commit(transaction)


def _repeatable(item: SmsItem) -> str:
    """Return what a phone gets once a minute: a template. Each invitation has another code, so all of them are sent."""
    return item.sms_id if item.invitation else item.template
