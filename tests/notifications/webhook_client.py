"""Requests of an administrator about webhooks, for the tests of notifications."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from standardwebhooks.webhooks import Webhook

from kernel.time import clock
from tests.notifications.webhook_receiver import ReceivedRequest, Receiver
from tests.support.gateway import Response
from tests.support.world import World

_keys = count()


def call_as_admin(
    world: World, method: str, path: str, body: Any = None, *, key: str | None = None, **query: Any
) -> Response:
    """Send a request as an administrator, a POST with a new idempotency key unless one is given."""
    key = key or (f"k-{next(_keys)}" if method == "POST" else None)
    token = world.token(role="admin")
    return world.call("notifications", method, path, body=body, token=token, key=key, query=query)


def register(world: World, url: str, *types: str, key: str | None = None) -> Any:
    """Register an endpoint for these event types, or for all; return the answer with its secret."""
    body = {"url": url, "types": list(types or ("*",)), "description": "ERP"}
    answer = call_as_admin(world, "POST", "/webhook-endpoints", body, key=key)
    assert answer.status == 201, answer.json
    return answer.json


def deliveries_of(world: World, endpoint: Any) -> list[Any]:
    """Return the deliveries on the first page of an endpoint."""
    answer = call_as_admin(world, "GET", f"/webhook-endpoints/{endpoint['endpoint_id']}/deliveries")
    assert answer.status == 200
    deliveries: list[Any] = answer.json["deliveries"]
    return deliveries


def only_delivery(world: World, endpoint: Any) -> Any:
    """Return the only delivery of an endpoint."""
    (delivery,) = deliveries_of(world, endpoint)
    return delivery


def outcomes_of(delivery: Any) -> list[str]:
    """Return the outcomes of all attempts of a delivery."""
    return [attempt["outcome"] for attempt in delivery["attempts"]]


def shown_endpoint(world: World, endpoint: Any) -> Any:
    """Return an endpoint as the list shows it now."""
    endpoints = call_as_admin(world, "GET", "/webhook-endpoints").json["endpoints"]
    return next(shown for shown in endpoints if shown["endpoint_id"] == endpoint["endpoint_id"])


def verify_event(request: ReceivedRequest, secret: str, world: World) -> Any:
    """Check the signature of a request at the time of the world; return its event."""
    now = clock.parse_stamp(clock.stamp(world.clock.moment))
    assert abs(int(request.headers["webhook-timestamp"]) - now.timestamp()) < 300
    moment = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(request.event_id, moment, request.body.decode())
    assert signature in request.headers["webhook-signature"].split(" ")
    return json.loads(request.body)


def advance_and_retry(world: World, **time: float) -> None:
    """Advance the clock, then run the retry schedule once."""
    world.clock.advance(**time)
    world.periodic("notifications", "retry_webhooks")


def replay(world: World, endpoint: Any, event_id: str, key: str | None = None) -> Response:
    """Request a replay of an event."""
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}/deliveries/{event_id}/replay"
    return call_as_admin(world, "POST", path, key=key)


def fail_until_exhausted(world: World, endpoint: Any, receiver: Receiver) -> None:
    """Run the schedule until the only delivery is exhausted; check that no attempt comes before it is due."""
    while (delivery := only_delivery(world, endpoint))["next_attempt_at"]:
        count_before, due = len(receiver.received), clock.parse_stamp(delivery["next_attempt_at"])
        world.clock.set(due - timedelta(seconds=1))
        world.periodic("notifications", "retry_webhooks")
        assert len(receiver.received) == count_before
        advance_and_retry(world, seconds=1)
        assert len(receiver.received) == count_before + 1
