"""Routes of machine accounts, declared once for all tests of every handler."""

from __future__ import annotations

from tests.dealers.steps import (
    ADMINISTRATORS,
    MACHINE,
    MACHINE_OF_DEALER,
    MACHINES,
    NO_DEALER,
    NO_MACHINE,
    OF_DEALER,
    SECRET,
    machine_with_known_secret,
)
from tests.dealers.user_pool import user_pool
from tests.support.trigger import Situation, Trigger, variant

TRIGGERS = [
    Trigger(f"GET {MACHINES}", roles=ADMINISTRATORS, path=OF_DEALER, missing=NO_DEALER, of_dealer=True),
    Trigger(
        f"POST {MACHINES}",
        roles=ADMINISTRATORS,
        status=201,
        path=OF_DEALER,
        missing=NO_DEALER,
        of_dealer=True,
        body={"name": "ERP", "roles": ["dealer_buyer"]},
        situations=[
            Situation(
                "of the head office",
                path={"dealer_id": "=HOUSE"},
                body={"name": "ERP", "roles": ["warehouse"]},
                role="admin",
                around=user_pool,
            )
        ],
    ),
    Trigger(
        f"POST {MACHINES}/{{machine_id}}/rotate",
        roles=ADMINISTRATORS,
        path=MACHINE_OF_DEALER,
        missing=NO_MACHINE,
        of_dealer=True,
    ),
    Trigger(
        f"POST {MACHINES}/{{machine_id}}/revoke",
        roles=ADMINISTRATORS,
        path=MACHINE_OF_DEALER,
        missing=NO_MACHINE,
        of_dealer=True,
        body={"reason": "换系统"},
    ),
    Trigger(
        "POST /machines/token",
        public=True,
        body={"client_id": MACHINE, "client_secret": SECRET},
        usual=variant(around=user_pool, prepare=machine_with_known_secret),
    ),
]
