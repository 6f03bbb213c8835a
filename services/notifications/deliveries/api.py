"""Answers about webhook deliveries."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from kernel.http.models import Answer, Body
from services.notifications.deliveries.rules import DeliveryState, Outcome
from services.notifications.vocabulary import PublicEventType


class AttemptView(Answer):
    """One attempt. `outcome` started means in progress or interrupted."""

    at: str
    outcome: Outcome
    seconds: float | None
    replay: bool


class Delivery(Answer):
    """One event for one endpoint, with its attempts."""

    event_id: str
    event_type: PublicEventType
    subject: str
    event_time: str
    state: DeliveryState
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


class ReplayPeriod(Body):
    """Deliveries to replay: of the events from one moment to before another. `cursor`: of the answer before."""

    from_time: AwareDatetime = Field(alias="from")
    to_time: AwareDatetime = Field(alias="to")
    cursor: Annotated[str | None, Field(max_length=4_000)] = None


class PeriodReplayAccepted(Answer):
    """Events that will be sent again, oldest first; `still_in_delivery` further ones have attempts to come anyway.

    With `next_cursor` the period has more deliveries: repeat the request with it, under a new idempotency key.
    """

    endpoint_id: str
    event_ids: list[str]
    still_in_delivery: int
    next_cursor: str | None
