"""Test an endpoint: publish an event that goes to it alone."""

from __future__ import annotations

from contracts.notifications import WebhookTested
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import outbox_event
from kernel.store.transaction import Transaction
from services.notifications.webhooks.api import EndpointTested
from services.notifications.webhooks.items import events_pk, load_endpoint, require_active


def publish_test(caller: Principal, endpoint_id: str, key: IdempotencyKey) -> EndpointTested:
    """Publish a test event. It takes the way of every event: signed, retried, and seen in the deliveries.

    Raises:
        NotFound: no such endpoint.
        Refusal: `endpoint-disabled`.
    """
    require_active(load_endpoint(endpoint_id))
    event = WebhookTested(endpoint_id=endpoint_id, by=caller.name)
    # Each request is a subject: so no counter numbers the tests of an endpoint, and a repeat has the same event.
    item = outbox_event(event, pk=events_pk(endpoint_id), subject=f"wht_{key.request_id[:32]}", sequence=1)
    answer = EndpointTested(endpoint_id=endpoint_id, event_id=item.envelope.id)
    transaction = Transaction()
    transaction.create(item, "event")
    key.record_response(transaction, answer)
    transaction.commit()
    return answer
