"""Choice of the SMS provider that the stage is configured to use."""

from __future__ import annotations

from kernel.base.settings import settings
from services.notifications.sms.providers.provider import Provider


def configured_provider() -> Provider:
    """Return the provider of the stage (`QUDAO_SMS_PROVIDER`). Only this provider's module is imported."""
    if settings().sms_provider == "aws":
        from services.notifications.sms.providers.aws_provider import AwsProvider

        return AwsProvider()
    from services.notifications.sms.providers.recorder import Recorder

    return Recorder()
