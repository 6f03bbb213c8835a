"""All bugs that are planted, by the part they are planted in."""

from __future__ import annotations

from tests.mutation.bugs import (
    catalog,
    dealers,
    kernel,
    machines,
    notifications,
    orders,
    reconciliation,
    relay,
    tickets,
)

BUGS = (
    *kernel.BUGS,
    *relay.BUGS,
    *catalog.BUGS,
    *dealers.BUGS,
    *orders.BUGS,
    *reconciliation.BUGS,
    *notifications.BUGS,
    *tickets.BUGS,
    *machines.BUGS,
)
