"""Endpoints and deliveries as answers."""

from __future__ import annotations

from kernel.base.problems import NotFound
from kernel.http.principal import Principal
from kernel.store import cursors
from services.notifications.vocabulary import PAGE_SIZE
from services.notifications.webhooks.api import AttemptMade, Deliveries, Delivery, Endpoint, Endpoints
from services.notifications.webhooks.delivery_items import DeliveryItem, deliveries
from services.notifications.webhooks.endpoint_items import EndpointItem, endpoint_of, endpoints


def endpoint_list() -> Endpoints:
    """All endpoints that are not deleted."""
    return Endpoints(endpoints=[endpoint_view(item) for item in endpoints() if item.state != "deleted"])


def delivery_page(caller: Principal, endpoint_id: str, cursor: str | None) -> Deliveries:
    """A page of an endpoint_view's deliveries.

    Raises:
        NotFound: no such endpoint_view.
    """
    if endpoint_of(endpoint_id) is None:
        raise NotFound
    bound_to = [caller.user_id, "deliveries", endpoint_id]
    page = deliveries(endpoint_id, PAGE_SIZE, cursors.open_cursor(bound_to, cursor))
    return Deliveries(
        deliveries=[_delivery(item) for item in page.items],
        next_cursor=cursors.next_cursor(bound_to, page.next_key),
    )


def endpoint_view(item: EndpointItem) -> Endpoint:
    """An endpoint_view, without its secret."""
    return Endpoint(
        endpoint_id=item.endpoint_id,
        url=item.url,
        types=list(item.types),
        description=item.description,
        state=item.state,
        disabled_reason=item.disabled_reason,
        failing_since=item.failing_since,
        created_at=item.created_at,
        created_by=item.created_by,
        version=item.version,
        old_secret_until=item.old_secret_until,
    )


def _delivery(item: DeliveryItem) -> Delivery:
    return Delivery(
        event_id=item.event_id,
        event_type=item.event_type,
        subject=item.subject,
        event_time=item.event_time,
        state=item.state,
        next_attempt_at=item.gsi1sk,
        attempts=[AttemptMade(**attempt) for attempt in item.log],
    )
