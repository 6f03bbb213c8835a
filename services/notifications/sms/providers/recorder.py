"""Provider for stages without a carrier: stores each message in the table instead of sending it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pynamodb.attributes import UnicodeAttribute

from kernel.base.ids import new_id
from kernel.store.items import Item
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.notifications.sms.items import sms_key
from services.notifications.sms.providers.provider import Accepted, Result
from services.notifications.sms.rules import sms_text, without_secrets

_RETENTION = timedelta(days=30)


# P  text messages that the recorder accepted    pk: SMS#<id>    sk: RECORDED#<ulid>
class RecordedSmsItem(Item, discriminator="sms_recorded"):
    """A text message that a provider would have sent. A message handed over twice has two of these items."""

    phone = UnicodeAttribute()
    text = UnicodeAttribute()
    at = UnicodeAttribute()


class Recorder:
    """Provider that accepts every message. What it stores has no secrets."""

    def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
        """Store the message; see `Provider.send`."""
        record_id, now = new_id("rec"), clock.now()
        item = RecordedSmsItem(
            sms_key(message_id)[0],
            f"RECORDED#{record_id}",
            phone=phone,
            text=sms_text(template_key, without_secrets(variables)),
            at=clock.stamp(now),
            expires_at=clock.epoch(now + _RETENTION),
        )
        transaction = Transaction()
        transaction.create(item, "record")
        transaction.commit()
        return Accepted(record_id)
