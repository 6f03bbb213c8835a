"""Triggers of the relay: the table's stream at once, and a sweep for what the stream missed."""

from typing import Any

from infra.relay import relay
from kernel.http.app import ServiceApp

app = ServiceApp("relay")


@app.stream()
def relay_events(records: list[dict[str, Any]]) -> None:
    """Send what was just announced."""
    relay.send(relay.announced(records))


@app.periodic(minutes=1)
def resend_unsent() -> None:
    """Send what has been waiting for longer than a minute."""
    relay.resend_unsent()
