"""A provider of text messages that returns what a test asks for."""

from __future__ import annotations

from collections.abc import Mapping

from services.notifications.sms.providers.provider import Accepted, Result


class FakeProvider:
    """Provider that returns the results a test sets, and records the messages it gets."""

    def __init__(self, *results: Result | BaseException) -> None:
        self.results = list(results)
        self.sent: list[tuple[str, str]] = []

    def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
        self.sent.append((message_id, phone))
        result = self.results.pop(0) if self.results else Accepted(f"p-{len(self.sent)}")
        if isinstance(result, BaseException):
            raise result
        return result
