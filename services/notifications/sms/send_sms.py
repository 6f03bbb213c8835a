"""Send a text message: claim it before the provider gets it."""

from __future__ import annotations

from contracts.notifications import SmsQueued
from kernel.base import observability
from kernel.messaging.events import Envelope
from kernel.store.transaction import TransactionRefused
from kernel.time import clock
from services.notifications.inbox.rules import roles_texted
from services.notifications.providers import Accepted, Rejected, Result, provider
from services.notifications.sms.items import TextItem, claim_text, settle_text, text_of, unclaim_text
from services.notifications.sms.people import phone_today
from services.notifications.sms.rules import TextState


class ProviderBusy(RuntimeError):
    """The provider took nothing and may a little later; the queue brings the message again."""


def send_sms(message: Envelope) -> None:
    """Send one queued text, if its person may still be told and the phone has not had enough.

    Raises:
        ProviderBusy: nothing was sent, and trying again later may help.
    """
    said = message.event
    assert isinstance(said, SmsQueued)
    item = text_of(said.sms_id)
    if item is None:
        raise LookupError(f"{said.sms_id} was announced and is not there")
    if item.state == TextState.SENDING:
        # Somebody claimed it and died, or is at it just now; who has the answer may still write it.
        _settle(item, TextState.UNKNOWN, "interrupted", [TextState.SENDING])
    elif item.state == TextState.QUEUED:
        _send(item)


def _send(item: TextItem) -> None:
    phone = phone_today(item.dealer_id, item.username, roles_texted(item.template))
    if phone is None:
        _settle(item, TextState.SKIPPED, "not-to-be-told", [TextState.QUEUED])
        return
    now = clock.now()
    try:
        claim_text(item, phone, now)
    except TransactionRefused as refusal:
        if "claim" not in refusal:
            reason = "daily-limit" if "day" in refusal else "collapsed"
            _settle(item, TextState.SKIPPED, reason, [TextState.QUEUED])
        return
    result = provider().send(item.sms_id, phone, item.template, item.variables)
    if isinstance(result, Rejected) and result.passing:
        unclaim_text(item, phone, now)
        raise ProviderBusy(result.reason)
    _note(item, result)


def _note(item: TextItem, result: Result) -> None:
    # Also out of UNKNOWN: a redelivery may have given up on us while the provider was thinking.
    claimed = [TextState.SENDING, TextState.UNKNOWN]
    if isinstance(result, Accepted):
        _settle(item, TextState.ACCEPTED, None, claimed, result.provider_id)
        waited = clock.now() - clock.parse_stamp(item.queued_at)
        observability.seconds("SmsAge", waited.total_seconds())
    elif isinstance(result, Rejected):
        _settle(item, TextState.FAILED, result.reason, claimed)
    else:
        _settle(item, TextState.UNKNOWN, result.reason, claimed)


def _settle(
    item: TextItem, state: TextState, reason: str | None, out_of: list[TextState], provider_id: str = ""
) -> None:
    if settle_text(item, state, out_of, reason, provider_id):
        observability.count(f"Sms{state.title()}")
        observability.logger().info("sms", sms_id=item.sms_id, state=state, reason=reason)
