"""Claims on text messages: only the worker that claims one hands it to the provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from kernel.http.models import mask_phone
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.notifications.sms.items import LastSmsItem, SmsDayCountItem, SmsItem, last_sms_key, phone_day_key
from services.notifications.sms.rules import COLLAPSE_SECONDS, SMS_PER_DAY, SmsState
from services.notifications.transactions import try_commit, update_of

_LIMIT_RETENTION = timedelta(days=3)


def claim_sms(item: SmsItem, phone: str, now: datetime) -> None:
    """Move a queued text message to `sending` and count it against the limits of the phone.

    Raises:
        TransactionRefused: `claim` another worker has it; `day` the daily limit is reached; `pause` the phone got the
            same template less than `COLLAPSE_SECONDS` ago.
    """
    epoch, expires_at = clock.epoch(now), clock.epoch(now + _LIMIT_RETENTION)
    transaction = Transaction()
    transaction.update_fields(
        SmsItem,
        (item.pk, item.sk),
        {"state": SmsState.SENDING, "changed_at": clock.stamp(now), "phone_masked": mask_phone(phone)},
        expected={"state": SmsState.QUEUED},
        label="claim",
    )
    transaction.update_fields(
        SmsDayCountItem,
        phone_day_key(phone, now),
        {"expires_at": expires_at},
        increments={"sent": 1},
        condition=SmsDayCountItem.sent.does_not_exist() | (SmsDayCountItem.sent < SMS_PER_DAY),
        label="day",
    )
    transaction.put(
        LastSmsItem(*last_sms_key(phone, _repeatable(item)), at=epoch, expires_at=expires_at),
        "pause",
        LastSmsItem.at.does_not_exist() | (LastSmsItem.at <= epoch - COLLAPSE_SECONDS),
    )
    transaction.commit()


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
    day = phone_day_key(phone, claimed_at)
    transaction.update_fields(
        SmsDayCountItem, day, {}, increments={"sent": -1}, condition=SmsDayCountItem.sent > 0, label="day"
    )
    transaction.delete(LastSmsItem, last_sms_key(phone, _repeatable(item)), None, "pause")
    transaction.commit()


def record_result(
    item: SmsItem, state: SmsState, expected: Sequence[SmsState], reason: str | None = None, provider_id: str = ""
) -> bool:
    """Set the final state of a text message; return False if its state is none of the expected ones."""
    values = {"state": state, "changed_at": clock.stamp(), "reason": reason or None}
    if provider_id:
        values["provider_id"] = provider_id
    return try_commit(update_of(item, values, condition=SmsItem.state.is_in(*expected)))


def _repeatable(item: SmsItem) -> str:
    """Return what a phone gets once a minute: a template. Each invitation has another code, so all of them are sent."""
    return item.sms_id if item.invitation else item.template
