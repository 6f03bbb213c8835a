"""The relay, from stream and sweep to bus and queues."""

from __future__ import annotations

from tests.authorization.town import OTHER, OWN, Town, dealer_row
from tests.fault_injection.differences import sooner_or_later
from tests.fault_injection.scenario import Happening, schedule, stream
from tests.fault_injection.scenes import came_in, done, first, submitted, time_passes


def _a_dealer_with_many_users(town: Town) -> None:
    users = [{**dealer_row(OWN)["users"][0], "username": f"user-{number}"} for number in range(15)]
    row = dealer_row(OWN) | {"dealer_id": "D0009", "users": users}
    answer = town.ask("dealers", "POST", "/imports/dealers", {"dealers": [row]}, role="admin")
    assert answer.status == 200, answer.json


def _the_stream_misses_it(town: Town) -> None:
    """What was written is not handed to the relay at all."""
    town.world._streamed = town.world.cloud.stream_length()
    town.world.clock.advance(minutes=2)


TWO_LANES = first(
    submitted(("L3", 1)), submitted(("L2", 1), urgent=True, dealer=OTHER), came_in("DN-5", ("L5", 1), warehouse="SZ")
)
SAYS: dict[str, Happening] = {
    "one order": submitted(("L3", 1)),
    "several lanes": TWO_LANES,
    "an approval": done("approve", {"note": ""}, of="order in review"),
    "more than one call takes": _a_dealer_with_many_users,
}

SCENARIOS = [
    *(stream("relay", "relay_events", world, said, told_alike=sooner_or_later) for world, said in SAYS.items()),
    *(
        schedule(
            "relay",
            "resend_unsent",
            f"the stream missed {world}",
            first(said, _the_stream_misses_it),
            told_alike=sooner_or_later,
        )
        for world, said in SAYS.items()
    ),
    schedule(
        "relay",
        "resend_unsent",
        "the stream is late",
        first(submitted(("L3", 1)), time_passes(minutes=2)),
        told_alike=sooner_or_later,
    ),
]
