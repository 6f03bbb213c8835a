"""Triggers of the relay: the table's stream, and every minute a sweep for events that the stream missed."""

from typing import Any

from infra.relay import relay
from kernel.http.app import ServiceApp

app = ServiceApp("relay")


@app.stream()
def relay_events(records: list[dict[str, Any]]) -> None:
    """Send the events that were just stored."""
    relay.send_events(relay.new_events(records))


@app.periodic(minutes=1)
def resend_unsent() -> None:
    """Send the events that have been unsent for more than a minute."""
    relay.resend_unsent()
