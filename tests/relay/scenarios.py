"""Every function of the relay, declared once for all tests of every handler."""

from __future__ import annotations

from tests.support.company import SampleCompany
from tests.support.company_data import OTHER, OWN, dealer_row
from tests.support.normalizers import ignore_delay
from tests.support.steps import act_on_order, advance_clock, in_order, receive_goods, request, submit_order
from tests.support.trigger import Situation, Step, Trigger

_USERS = [{**dealer_row(OWN)["users"][0], "username": f"user-{number}"} for number in range(15)]
EVENTS: dict[str, Step] = {
    "one order": submit_order(("L3", 1)),
    "several queues": in_order(
        submit_order(("L3", 1)),
        submit_order(("L2", 1), urgent=True, dealer=OTHER),
        receive_goods("DN-5", ("L5", 1), warehouse="SZ"),
    ),
    "an approval": act_on_order("approve", {"note": ""}, order="order in review"),
    "more events than one call takes": request(
        "dealers",
        "/imports/dealers",
        {"dealers": [dealer_row(OWN) | {"dealer_id": "D0009", "users": _USERS}]},
        role="admin",
    ),
}


def lose_stream_records(company: SampleCompany) -> None:
    """Hand the new records of the stream to no function; two minutes later."""
    company.world._streamed = company.world.cloud.stream_length()
    company.world.clock.advance(minutes=2)


TRIGGERS = [
    Trigger(
        "relay_events",
        normalize=ignore_delay,
        situations=[Situation(name, prepare=publish) for name, publish in EVENTS.items()],
    ),
    Trigger(
        "resend_unsent",
        normalize=ignore_delay,
        situations=[
            *(
                Situation(f"the stream lost {name}", prepare=in_order(publish, lose_stream_records))
                for name, publish in EVENTS.items()
            ),
            Situation("the stream is late", prepare=in_order(submit_order(("L3", 1)), advance_clock(minutes=2))),
        ],
    ),
]
