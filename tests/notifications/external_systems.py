"""Pretended receivers of webhooks and providers of text messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from services.notifications.sms.providers.provider import Result
from services.notifications.sms.providers.recorder import Recorder
from services.notifications.webhooks import signed_post
from services.notifications.webhooks.signed_post import Response
from tests.support.trigger import ExternalSystem


class Receivers:
    """Receivers of webhooks: one at `…/fails` answers 500, one at `…/gone` 410, all others 200."""

    def __init__(self) -> None:
        self._received: set[tuple[str, str]] = set()

    def save(self) -> Any:
        return set(self._received)

    def restore(self, saved: Any) -> None:
        self._received = set(saved)

    def visible(self) -> list[str]:
        """Return the events each receiver got; an event may come more than once, under its one id."""
        return [f"{url} received {event_id}" for url, event_id in self._received]

    def post(self, url: str, headers: dict[str, str], _body: bytes, **_: Any) -> Response:
        """Answer a signed POST."""
        self._received.add((url, headers["webhook-id"]))
        status = {"fails": 500, "gone": 410}.get(url.rpartition("/")[2], 200)
        return Response(status, None, 0.0)


@contextmanager
def receivers() -> Iterator[ExternalSystem]:
    """Send webhooks to pretended receivers, and retry without random delay."""
    system = Receivers()
    with patch.object(signed_post, "post", system.post), patch("random.random", lambda: 0.5):
        yield system


class Provider:
    """Provider of text messages that gives these answers in turn, and then accepts all messages."""

    def __init__(self, *answers: Result) -> None:
        self._answers, self._sent, self._accept = answers, 0, Recorder.send

    def save(self) -> int:
        return self._sent

    def restore(self, saved: Any) -> None:
        self._sent = saved

    def visible(self) -> list[str]:
        return []

    def send(self, recorder: Recorder, *message: Any) -> Result:
        """Answer like `Recorder.send`."""
        self._sent += 1
        return self._answers[self._sent - 1] if self._sent <= len(self._answers) else self._accept(recorder, *message)


def provider(*answers: Result) -> Callable[[], AbstractContextManager[ExternalSystem]]:
    """Return a context in which the provider gives these answers in turn."""

    @contextmanager
    def around() -> Iterator[ExternalSystem]:
        system = Provider(*answers)
        with patch.object(Recorder, "send", lambda recorder, *message: system.send(recorder, *message)):
            yield system

    return around
