"""Requests and answers about webhook endpoints."""

from typing import Annotated, Literal

from pydantic import Field

from kernel.http.models import Answer, Body, Name, one_of
from services.notifications.vocabulary import PublicEventType


class RegisterEndpoint(Body):
    """A webhook endpoint to register. `types`: event types as in the OpenAPI document's webhooks, or "*" for all."""

    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    types: Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(min_length=1, max_length=50)]
    description: Name


class Endpoint(Answer):
    """A webhook endpoint.

    `types`: event types, or "*" for all. `disabled_reason`: gone (the endpoint answered 410) or failing (no attempt
    succeeded for five days). `failing_since`: first failure since the last success.
    """

    endpoint_id: str
    url: str
    types: list[PublicEventType | Literal["*"]]
    description: str
    state: Annotated[str, one_of(lambda: ("active", "disabled"))]
    disabled_reason: Annotated[str, one_of(lambda: ("failing", "gone"))] | None
    failing_since: str | None
    created_at: str
    created_by: str
    version: int
    old_secret_until: str | None


class EndpointWithSecret(Endpoint):
    """A webhook endpoint with its signing secret, shown only to the request that created it and to its repeats."""

    secret: str | None


class Endpoints(Answer):
    """All webhook endpoints."""

    endpoints: list[Endpoint]


class EndpointDeleted(Answer):
    """Id of a deleted endpoint, which receives no events any more."""

    endpoint_id: str


class EndpointTested(Answer):
    """The test event that will be sent in a moment; its delivery shows whether the endpoint took it."""

    endpoint_id: str
    event_id: str
