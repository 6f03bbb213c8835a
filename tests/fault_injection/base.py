"""The town in which everything happens: all rules hold there, and nothing waits."""

from __future__ import annotations

from typing import NamedTuple

from tests.authorization.town import DEALERS, Things, Town
from tests.support.world import Saved, World


class Built(NamedTuple):
    """The town as it was built."""

    saved: Saved
    things: Things


_built: list[Built] = []


def town_in(world: World) -> Town:
    """The town in this fresh fast world: built there the first time, then brought back."""
    town = Town(world)
    if not _built:
        town.build()
        _renew_holds(town)
        _pay(town)
        _sweep(town)
        _built.append(Built(world.save(), dict(town.things)))
    world.restore(_built[0].saved)
    town.things = dict(_built[0].things)
    town._keys = 1_000_000
    return town


def _renew_holds(town: Town) -> None:
    """Two weeks went by while the town was built; what was held by then is held on."""
    for order in town.world.items("ORDERS#"):
        if order["kind"] == "order" and order["reserved"]:
            town.do(
                "orders", "POST", f"/orders/{order['order_id']}/extend-reservation", {"reason": "r"}, role="assistant"
            )


def _pay(town: Town) -> None:
    """What was ordered beyond the credit is paid, so that there is credit again."""
    for dealer in DEALERS:
        body = {"dealer_id": dealer, "amount_fen": 120_000_00, "received_on": "2026-12-01"}
        town.do("reconciliation", "POST", "/payments", body | {"bank_reference": f"BK-3-{dealer}"}, role="finance")


def _sweep(town: Town) -> None:
    """What a sweep has to do is done."""
    town.world.periodic("orders", "sweep_orders")
    town.world.drain()
