"""For stages without a provider: keeps in the table what would have been sent."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.base.ids import new_id
from services.notifications.providers import Accepted, Result
from services.notifications.sms.items import record_text
from services.notifications.sms.rules import sms_text


class Recorder:
    """Accepts everything."""

    def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
        """Keep the message."""
        record_id = new_id("rec")
        record_text(message_id, record_id, phone, sms_text(template_key, variables))
        return Accepted(record_id)
