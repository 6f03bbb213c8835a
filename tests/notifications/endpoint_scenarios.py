"""Routes of webhook endpoints that send nothing, declared once for all tests of every handler."""

from __future__ import annotations

from tests.support.trigger import Trigger, variant

ADMIN = {"admin"}
ENDPOINT = {"endpoint_id": "endpoint"}
NO_ENDPOINT = {"endpoint_id": "whe_01JDB7000000000000000000ZZ"}

TRIGGERS = [
    Trigger("GET /webhook-endpoints", roles=ADMIN),
    Trigger(
        "DELETE /webhook-endpoints/{endpoint_id}",
        roles=ADMIN,
        path=ENDPOINT,
        missing=NO_ENDPOINT,
        # The route takes no key, and a deleted endpoint is not found.
        usual=variant(statuses=(200, 404)),
    ),
    Trigger(
        "POST /webhook-endpoints/{endpoint_id}/rotate-secret",
        roles=ADMIN,
        path=ENDPOINT,
        missing=NO_ENDPOINT,
    ),
    Trigger(
        "GET /webhook-endpoints/{endpoint_id}/deliveries",
        roles=ADMIN,
        path=ENDPOINT,
        missing=NO_ENDPOINT,
    ),
]
