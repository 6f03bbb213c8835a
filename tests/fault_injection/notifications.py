"""Messages, texts and webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from services.notifications.sms.providers.provider import Rejected, Result, Unknown
from services.notifications.sms.providers.recorder import Recorder
from services.notifications.webhooks import signed_post
from services.notifications.webhooks.signed_post import Response
from tests.authorization.town import OWN, Town, ticket
from tests.fault_injection.differences import however_often_tried, sent_at_most_once
from tests.fault_injection.scenario import Happening, Nowhere, Outside, Scenario, message, request, schedule
from tests.fault_injection.scenes import (
    SHIPMENT,
    all_happens,
    came_in,
    decided,
    done,
    first,
    submitted,
    time_passes,
)


class Receivers(Nowhere):
    """Who receives webhooks, and what they got; each answers by the path of its address."""

    def __init__(self) -> None:
        self.got: set[tuple[str, str]] = set()

    def save(self) -> Any:
        return set(self.got)

    def restore(self, saved: Any) -> None:
        self.got = set(saved)

    def tells(self) -> Iterable[str]:
        """An event may come more than once, under its one id."""
        return [f"{url} got {event_id}" for url, event_id in self.got]

    def post(self, url: str, headers: dict[str, str], _body: bytes, **_: Any) -> Response:
        """As `post`."""
        self.got.add((url, headers["webhook-id"]))
        status = {"fails": 500, "gone": 410}.get(url.rpartition("/")[2], 200)
        return Response(status, None, 0.0)


@contextmanager
def receivers() -> Iterator[Outside]:
    """Nobody waits for anything: who was not reached before is reached now."""
    there = Receivers()
    with patch.object(signed_post, "post", there.post), patch("random.random", lambda: 0.5):
        yield there


def _all_arrives(town: Town) -> None:
    town.world.periodic("notifications", "retry_webhooks")


def _minutes_later(town: Town) -> None:
    town.world.periodic("notifications", "retry_webhooks")
    town.world.drain()


#: What goes to receivers is claimed before; what was claimed in vain is tried again by the schedule.
REPLAYED: dict[str, Any] = {
    "around": receivers,
    "prepare": _all_arrives,
    "later": _minutes_later,
    "told_alike": however_often_tried,
}


# ---- what is told ----


def _asked(service: str, path: str, body: Any, role: str, thing: tuple[str, str] | None = None) -> Happening:
    """Somebody asks for something; nothing is carried anywhere yet."""

    def happen(town: Town) -> None:
        named = path.format(town.things[thing]) if thing else path
        answer = town.ask(service, "POST", named, body, role=role)
        assert answer.status < 300, answer.json

    return happen


def _ticket_step(action: str, thing: str, body: Any, role: str = "aftersales") -> Happening:
    return _asked("tickets", f"/tickets/{{}}/{action}", body, role, (thing, OWN))


def _suspended(town: Town) -> None:
    body = {
        "version": 1,
        "status": "suspended",
        "grade": "一级",
        "price_list": "A",
        "warehouse": "GZ",
        "credit_limit_fen": 10_000_00,
        "payment_days": 30,
        "reason": "欠款",
    }
    assert town.ask("dealers", "PUT", f"/dealers/{OWN}/terms", body, role="finance").status == 200


def _overdue(town: Town) -> None:
    town.world.clock.advance(days=1)
    town.world.periodic("tickets", "watch_clocks")


PAYMENT = {"dealer_id": OWN, "amount_fen": 500, "received_on": "2026-12-01", "bank_reference": "BK-N"}
HAPPENED: dict[str, Happening] = {
    "an order": submitted(("L3", 3)),
    "a shipment": done("shipments", SHIPMENT, role="warehouse", of="order to ship"),
    "a rejection": done("reject", of="order to reject"),
    "a cancellation": done("cancel", of="order to cancel"),
    "an approval": first(decided(("L3", 3)), done("approve", {"note": ""})),
    "goods for those who wait": first(decided(("L5", 3)), came_in("DN-5", ("L5", 3))),
    "money": _asked("reconciliation", "/payments", PAYMENT, "finance"),
    "a request for service": _asked("tickets", "/tickets", ticket(OWN), "dealer_buyer"),
    "a service done": _ticket_step("complete", "ticket dispatched", {"result": "ok"}),
    "an overdue service": _overdue,
    "something to a dealer that is suspended": first(
        _suspended, done("shipments", SHIPMENT, role="warehouse", of="order to ship")
    ),
}


def _of_the_clerk(town: Town) -> dict[str, str]:
    return {"message_id": town.things["message of assistant", "house"]}


def _read_by_the_clerk(town: Town) -> None:
    path = f"/inbox/{town.things['message of assistant', 'house']}/read"
    assert town.ask("notifications", "POST", path, role="assistant").status == 200


TOLD = [
    *(message("notifications", "notify", f"of {what}", happened) for what, happened in HAPPENED.items()),
    request("notifications", "POST", "/inbox/{message_id}/read", "at a desk", role="assistant", of=_of_the_clerk),
    request(
        "notifications",
        "POST",
        "/inbox/{message_id}/read",
        "contended: at another screen",
        role="assistant",
        of=_of_the_clerk,
        rival=_read_by_the_clerk,
    ),
]


# ---- texts ----


class Provider(Nowhere):
    """A provider of text messages that answers as told, in turn, and then takes everything."""

    def __init__(self, *answers: Result) -> None:
        self._answers, self._asked, self._accept = answers, 0, Recorder.send

    def save(self) -> int:
        return self._asked

    def restore(self, saved: Any) -> None:
        self._asked = saved

    def send(self, recorder: Recorder, *message: Any) -> Result:
        """As `Recorder.send`."""
        self._asked += 1
        return self._answers[self._asked - 1] if self._asked <= len(self._answers) else self._accept(recorder, *message)


def _provider(*answers: Result) -> Any:
    @contextmanager
    def around() -> Iterator[Outside]:
        there = Provider(*answers)
        with patch.object(Recorder, "send", lambda recorder, *message: there.send(recorder, *message)):
            yield there

    return around


def _texted_enough(town: Town) -> None:
    """Both buyers had their share of the day already."""
    for number in range(10):
        town.world.clock.advance(minutes=30)
        decided(("L3", 1), name=f"order {number}")(town)


REJECTED = done("reject", of="order to reject")
TEXTS = [
    message("notifications", "send_sms", "taken", REJECTED, told_alike=sent_at_most_once),
    message(
        "notifications",
        "send_sms",
        "two of one template at once",
        first(REJECTED, done("reject", of="order in review")),
        told_alike=sent_at_most_once,
    ),
    message(
        "notifications",
        "send_sms",
        "the phone had its share",
        first(_texted_enough, REJECTED),
        told_alike=sent_at_most_once,
    ),
    message(
        "notifications",
        "send_sms",
        "the dealer is suspended meanwhile",
        first(REJECTED, _suspended),
        told_alike=sent_at_most_once,
    ),
    message(
        "notifications",
        "send_sms",
        "refused for good",
        REJECTED,
        around=_provider(Rejected("opted-out")),
        told_alike=sent_at_most_once,
    ),
    message(
        "notifications",
        "send_sms",
        "refused for the moment",
        REJECTED,
        around=_provider(Rejected("throttled", temporary=True)),
        told_alike=sent_at_most_once,
    ),
    message(
        "notifications",
        "send_sms",
        "nobody knows",
        REJECTED,
        around=_provider(Unknown("timeout")),
        told_alike=sent_at_most_once,
    ),
]


# ---- webhooks ----


def _endpoint(path: str) -> Happening:
    """Another receiver, which answers by the last part of its address."""
    body = {"url": f"https://erp.example.com/{path}", "types": ["*"], "description": path}
    return _asked("notifications", "/webhook-endpoints", body, "admin")


def _webhook(function: str, world: str, *before: Happening, **more: Any) -> Scenario:
    make = schedule if function == "retry_webhooks" else message
    given = {"around": receivers, "later": _minutes_later, "told_alike": however_often_tried} | more
    return make("notifications", function, world, first(_all_arrives, *before), **given)


def _deleted(town: Town) -> None:
    assert (
        town.ask(
            "notifications", "DELETE", f"/webhook-endpoints/{town.things['endpoint', 'house']}", role="admin"
        ).status
        == 200
    )


def _dispatched(*happenings: Happening) -> Happening:
    return first(*happenings, all_happens)


APPROVED = done("approve", {"note": ""}, of="order to approve")
READY = first(decided(("L3", 3), name="order to approve"), _all_arrives)
WEBHOOKS = [
    _webhook("dispatch_webhooks", "one receiver", READY, APPROVED),
    _webhook(
        "dispatch_webhooks",
        "three receivers, one fails and one is gone",
        _endpoint("fails"),
        _endpoint("gone"),
        READY,
        APPROVED,
    ),
    _webhook(
        "dispatch_webhooks",
        "a receiver that just failed",
        _endpoint("fails"),
        READY,
        APPROVED,
        done("cancel", of="order to approve"),
    ),
    _webhook("retry_webhooks", "nothing to do"),
    _webhook("retry_webhooks", "one failed", _endpoint("fails"), _dispatched(READY, APPROVED), time_passes(minutes=10)),
    _webhook(
        "retry_webhooks",
        "an endpoint was deleted",
        _endpoint("fails"),
        _dispatched(READY, APPROVED),
        _deleted,
        time_passes(minutes=10),
    ),
    request(
        "notifications",
        "POST",
        "/webhook-endpoints",
        "beside others",
        {"url": "https://erp.example.com/x", "types": ["*"], "description": "ERP"},
        role="admin",
        answers=(201,),
        prepare=_endpoint("y"),
    ),
]

SCENARIOS = [*TOLD, *TEXTS, *WEBHOOKS]
