"""Requests and answers about webhook endpoints and deliveries."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Body, Name


class RegisterEndpoint(Body):
    """Where to send which events. `types`: event types as in the OpenAPI document's webhooks, or "*" for all."""

    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    types: Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(min_length=1, max_length=50)]
    description: Name


class Endpoint(Answer):
    """Where events are sent.

    `state`: active | disabled (`disabled_reason`: gone = it answered 410; failing = nothing worked for five days).
    `failing_since`: first failure since the last success.
    """

    endpoint_id: str
    url: str
    types: list[str]
    description: str
    state: str
    disabled_reason: str | None
    failing_since: str | None
    created_at: str
    created_by: str
    version: int
    old_secret_until: str | None


class EndpointWithSecret(Endpoint):
    """The answer that shows the signing secret: to the request that made it and its repeats, and never again."""

    secret: str | None


class Endpoints(Answer):
    """All endpoints."""

    endpoints: list[Endpoint]


class EndpointDeleted(Answer):
    """It is gone; nothing is sent there any more."""

    endpoint_id: str


class AttemptMade(Answer):
    """One attempt. `outcome`: 2xx, 3xx, 4xx, 410, 5xx, no-answer; started = under way, or interrupted."""

    at: str
    outcome: str
    seconds: float | None
    replay: bool


class Delivery(Answer):
    """One event on its way to one endpoint. `state`: pending | delivered | exhausted | disabled."""

    event_id: str
    event_type: str
    subject: str
    event_time: str
    state: str
    next_attempt_at: str | None
    attempts: list[AttemptMade]


class Deliveries(Answer):
    """Newest event first."""

    deliveries: list[Delivery]
    next_cursor: str | None


class ReplayAccepted(Answer):
    """The event will be sent once more, under the same id, in a moment."""

    endpoint_id: str
    event_id: str
