"""Send a text message: claim it before the provider gets it. A text of a burst or of the night waits first."""

from __future__ import annotations

import time
from datetime import datetime

from contracts.dealers import HOUSE
from contracts.notifications import SmsQueued
from kernel.base import observability
from kernel.messaging.events import Envelope
from kernel.store.transaction import TransactionRefused
from kernel.time import clock
from reads.invitations import invitation_code
from reads.sign_in_codes import sign_in_code
from services.notifications.sms.claims import (
    claim_sms,
    let_sms_wait,
    record_result,
    release_sms,
    return_to_queue,
    was_just_told,
)
from services.notifications.sms.items import SmsItem, due_waiting_sms, load_sms
from services.notifications.sms.providers.configured import configured_provider
from services.notifications.sms.providers.provider import Accepted, Rejected, Result
from services.notifications.sms.recipients import current_phone, phone_of_user
from services.notifications.sms.rules import PAUSE, SmsState, end_of_quiet_hours
from services.notifications.sms.templates import PERSONAL_TEMPLATES

#: A run releases no more texts after this many seconds.
RUN_SECONDS = 40
_DUE_READ = 50


class ProviderBusy(RuntimeError):
    """The provider took nothing and may accept the message later; the queue delivers the message again."""


def send_sms(envelope: Envelope) -> None:
    """Send one queued text message if its user is still a recipient and the phone is within its limits.

    In quiet hours, and while the phone has just got the same template, the text waits.

    Raises:
        ProviderBusy: nothing was sent; a later attempt may succeed.
    """
    queued = envelope.event
    assert isinstance(queued, SmsQueued)
    item = load_sms(queued.sms_id)
    if item is None:
        raise LookupError(f"{queued.sms_id} has an event but is not stored")
    if item.state == SmsState.SENDING:
        # The worker that claimed it crashed or waits for the provider; if the answer arrives, it is still recorded.
        _finish(item, SmsState.UNKNOWN, "interrupted", [SmsState.SENDING])
    elif item.state == SmsState.QUEUED:
        _send(item)


def _send(item: SmsItem) -> None:
    phone = _phone_of(item)
    if phone is None:
        _finish(item, SmsState.SKIPPED, "not-a-recipient", [SmsState.QUEUED])
        return
    now = clock.now()
    if item.valid_until and item.valid_until <= clock.stamp(now):
        _finish(item, SmsState.SKIPPED, "code-expired", [SmsState.QUEUED])
        return
    if morning := end_of_quiet_hours(item.template, now):
        _let_wait(item, phone, morning)
        return
    try:
        claim_sms(item, phone, now)
    except TransactionRefused as refusal:
        if "claim" in refusal:
            return
        if "day" in refusal:
            _finish(item, SmsState.SKIPPED, "daily-limit", [SmsState.QUEUED])
        elif was_just_told(item, phone):
            _finish(item, SmsState.SKIPPED, "collapsed", [SmsState.QUEUED])
        else:
            _let_wait(item, phone, now + PAUSE)
        return
    result = configured_provider().send(item.sms_id, phone, item.template, _variables_of(item))
    if isinstance(result, Rejected) and result.temporary:
        return_to_queue(item, phone, now)
        raise ProviderBusy(result.reason)
    _record(item, result)


def _let_wait(item: SmsItem, phone: str, due: datetime) -> None:
    try:
        let_sms_wait(item, phone, due)
    except TransactionRefused as refused:
        if "claim" not in refused:
            raise


def release_texts() -> None:
    """Queue the texts that waited long enough, for at most `RUN_SECONDS`. Each phone gets one text of a template."""
    end = time.monotonic() + RUN_SECONDS
    while time.monotonic() < end:
        due = due_waiting_sms(clock.now(), _DUE_READ)
        # The index may still show some that are queued already: they end the run, and the next one reads anew.
        if not [waiting for waiting in due if release_sms(waiting)]:
            return


def _phone_of(item: SmsItem) -> str | None:
    if item.template in PERSONAL_TEMPLATES:
        return phone_of_user(item.dealer_id, item.username)
    return current_phone(item.dealer_id, item.username, item.template)


def _variables_of(item: SmsItem) -> dict[str, str]:
    """Return the variables of the template, with the code to accept or to sign in with, which is stored nowhere."""
    dealer_id = None if item.dealer_id == HOUSE else item.dealer_id
    if item.invitation:
        return {**item.variables, "code": invitation_code(dealer_id, item.username, item.invitation)}
    if item.sign_in_request:
        return {**item.variables, "code": sign_in_code(dealer_id, item.username, item.sign_in_request)}
    return dict(item.variables)


def _record(item: SmsItem, result: Result) -> None:
    # Also from UNKNOWN: a redelivery may set that state while the provider prepares its answer.
    claimed = [SmsState.SENDING, SmsState.UNKNOWN]
    if isinstance(result, Accepted):
        _finish(item, SmsState.ACCEPTED, None, claimed, result.provider_id)
        age = clock.now() - clock.parse_stamp(item.queued_at)
        observability.record_duration("SmsAge", age.total_seconds())
    elif isinstance(result, Rejected):
        _finish(item, SmsState.FAILED, result.reason, claimed)
    else:
        _finish(item, SmsState.UNKNOWN, result.reason, claimed)


def _finish(
    item: SmsItem, state: SmsState, reason: str | None, expected: list[SmsState], provider_id: str = ""
) -> None:
    if record_result(item, state, expected, reason, provider_id):
        observability.count(f"Sms{state.title()}")
        observability.logger().info("sms", sms_id=item.sms_id, state=state, reason=reason)
