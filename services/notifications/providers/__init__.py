"""Whoever carries text messages. The port, and which adapter stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kernel.base.settings import settings


@dataclass(frozen=True)
class Accepted:
    """The provider has it, under this id."""

    provider_id: str


@dataclass(frozen=True)
class Rejected:
    """It certainly was not sent. `passing`: the same may be accepted a little later."""

    reason: str
    passing: bool = False


@dataclass(frozen=True)
class Unknown:
    """It may have been sent, or not: no answer came. Never to be sent again by itself."""

    reason: str


Result = Accepted | Rejected | Unknown


class Provider(Protocol):
    """What an adapter offers. It raises nothing that the provider's behaviour can cause."""

    def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
        """Hand one message over, once.

        Args:
            message_id: ours; comes back in the provider's reports.
            phone: E.164.
            template_key: a template that has a wording for text messages.
        """
        ...


def provider() -> Provider:
    """The adapter this stage is set to use (`QUDAO_SMS_PROVIDER`)."""
    if settings().sms_provider == "aws":
        from services.notifications.providers.aws import AwsProvider

        return AwsProvider()
    from services.notifications.providers.recorder import Recorder

    return Recorder()
