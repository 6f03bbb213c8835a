"""Answers about webhook deliveries."""

from kernel.http.models import Answer


class AttemptView(Answer):
    """One attempt. `outcome`: 2xx, 3xx, 4xx, 410, 5xx, no-answer; started means in progress or interrupted."""

    at: str
    outcome: str
    seconds: float | None
    replay: bool


class Delivery(Answer):
    """One event for one endpoint, with its attempts. `state`: pending | delivered | exhausted | disabled."""

    event_id: str
    event_type: str
    subject: str
    event_time: str
    state: str
    next_attempt_at: str | None
    attempts: list[AttemptView]


class Deliveries(Answer):
    """One page of an endpoint's deliveries, newest event first."""

    deliveries: list[Delivery]
    next_cursor: str | None


class ReplayAccepted(Answer):
    """The event that will be sent again in a moment, under the same id."""

    endpoint_id: str
    event_id: str
