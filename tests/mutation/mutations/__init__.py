"""All mutations."""

from __future__ import annotations

from tests.mutation.mutations import (
    catalog,
    dealers,
    kernel,
    notifications,
    order_backorders,
    order_intake,
    order_review,
    order_stock,
    reconciliation,
    relay,
    system,
    tickets,
)

MUTATIONS = (
    *kernel.MUTATIONS,
    *relay.MUTATIONS,
    *catalog.MUTATIONS,
    *dealers.MUTATIONS,
    *order_intake.MUTATIONS,
    *order_stock.MUTATIONS,
    *order_backorders.MUTATIONS,
    *order_review.MUTATIONS,
    *reconciliation.MUTATIONS,
    *notifications.MUTATIONS,
    *tickets.MUTATIONS,
    *system.MUTATIONS,
)
