"""List the deliveries of an endpoint."""

from __future__ import annotations

from kernel.http.principal import Principal
from kernel.store import cursors
from services.notifications.deliveries.api import AttemptView, Deliveries, Delivery
from services.notifications.deliveries.items import DeliveryItem, delivery_page
from services.notifications.deliveries.rules import DeliveryState
from services.notifications.vocabulary import PAGE_SIZE
from services.notifications.webhooks.items import load_endpoint


def list_deliveries(caller: Principal, endpoint_id: str, cursor: str | None) -> Deliveries:
    """Return one page of an endpoint's deliveries, newest event first.

    Raises:
        NotFound: no such endpoint.
    """
    load_endpoint(endpoint_id)
    bound_to = [caller.user_id, "deliveries", endpoint_id]
    page = delivery_page(endpoint_id, PAGE_SIZE, cursors.open_cursor(bound_to, cursor))
    return Deliveries(
        deliveries=[_delivery_view(item) for item in page.items],
        next_cursor=cursors.next_cursor(bound_to, page.next_key),
    )


def _delivery_view(item: DeliveryItem) -> Delivery:
    return Delivery(
        event_id=item.event_id,
        event_type=item.event_type,
        subject=item.subject,
        event_time=item.event_time,
        state=DeliveryState(item.state),
        next_attempt_at=item.gsi1sk,
        attempts=[AttemptView(**attempt) for attempt in item.log],
    )
