"""Interface of SMS providers, and the results that they return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Accepted:
    """Result: the provider took the message, under this id."""

    provider_id: str


@dataclass(frozen=True)
class Rejected:
    """Result: the message certainly was not sent. `temporary`: the provider may accept the same message later."""

    reason: str
    temporary: bool = False


@dataclass(frozen=True)
class Unknown:
    """Result: the provider did not answer, so the message may have been sent. The system never sends it again."""

    reason: str


Result = Accepted | Rejected | Unknown


class Provider(Protocol):
    """Company that carries text messages. `send` raises nothing that the provider's behaviour can cause."""

    def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
        """Hand one message over, once.

        Args:
            message_id: our id; the provider repeats it in its reports.
            phone: E.164.
            template_key: a template that has an SMS wording.
        """
        ...
