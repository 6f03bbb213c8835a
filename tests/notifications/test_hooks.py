"""Webhooks from event to receiver: signed, once, in time, visible, and one bad endpoint is nobody else's trouble."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any
from unittest.mock import patch

import pytest
from standardwebhooks.webhooks import Webhook

from contracts.notifications import SmsQueued
from kernel.base import observability
from kernel.messaging.events import event_types
from kernel.time import clock
from services.notifications.webhooks import deliver_webhooks, manage_endpoints, signed_post, views
from services.notifications.webhooks.deliver_webhooks import allow_loopback, dispatch_webhooks
from services.notifications.webhooks.event_types import webhook_types
from services.notifications.webhooks.rules import RETRY_SECONDS
from services.notifications.webhooks.signed_post import Answer
from tests.interruptions import before_commit
from tests.notifications.events import EVENTS, ORDER, shipped
from tests.notifications.office import announce, happen, open_office, released, set_to
from tests.notifications.receiver import Received, Receiver, closed_port, dribbling, receiving
from tests.world import Response, World

_keys = count()


@pytest.fixture
def office(world: World) -> Iterator[World]:
    with open_office(world), set_to(webhook_allow_loopback="true"):
        yield world


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


class Killed(BaseException):
    """The process is gone."""


def ask(world: World, method: str, path: str, body: Any = None, *, key: str | None = None, **query: Any) -> Response:
    key = key or (f"k-{next(_keys)}" if method == "POST" else None)
    token = world.token(role="admin")
    return world.call("notifications", method, path, body=body, token=token, key=key, query=query)


def register(world: World, url: str, *types: str, key: str | None = None) -> Any:
    body = {"url": url, "types": list(types or ("*",)), "description": "ERP"}
    answer = ask(world, "POST", "/webhook-endpoints", body, key=key)
    assert answer.status == 201, answer.json
    return answer.json


def log(world: World, endpoint: Any) -> list[Any]:
    answer = ask(world, "GET", f"/webhook-endpoints/{endpoint['endpoint_id']}/deliveries")
    assert answer.status == 200
    found: list[Any] = answer.json["deliveries"]
    return found


def the_only(world: World, endpoint: Any) -> Any:
    (delivery,) = log(world, endpoint)
    return delivery


def outcomes(delivery: Any) -> list[str]:
    return [attempt["outcome"] for attempt in delivery["attempts"]]


def state_of(world: World, endpoint: Any) -> Any:
    listed = ask(world, "GET", "/webhook-endpoints").json["endpoints"]
    return next(one for one in listed if one["endpoint_id"] == endpoint["endpoint_id"])


def verify(got: Received, secret: str, world: World) -> Any:
    """As a receiver would, at the world's time."""
    stamp = clock.parse_stamp(clock.stamp(world.clock.moment))
    assert abs(int(got.headers["webhook-timestamp"]) - stamp.timestamp()) < 300
    moment = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    signed = Webhook(secret).sign(got.event_id, moment, got.body.decode())
    assert signed in got.headers["webhook-signature"].split(" ")
    return json.loads(got.body)


def later(world: World, **by: float) -> None:
    """Let time pass, and the schedule run."""
    world.clock.advance(**by)
    world.periodic("notifications", "retry_webhooks")


# ---- what is sent ----


def test_an_event_arrives_signed_as_it_was_said(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    message = happen(office, released(1))
    (got,) = receiver.received
    assert verify(got, endpoint["secret"], office) == json.loads(message.model_dump_json(exclude_none=True))
    assert got.event_id == message.id
    assert got.headers["content-type"] == "application/cloudevents+json"
    delivery = the_only(office, endpoint)
    assert delivery["state"] == "delivered" and delivery["next_attempt_at"] is None
    assert outcomes(delivery) == ["2xx"] and delivery["attempts"][0]["replay"] is False
    assert "secret words of the receiver" not in json.dumps(office.snapshot())


def test_every_event_can_be_subscribed_to_by_its_type(office: World, receiver: Receiver) -> None:
    with receiving() as of_shipments:
        register(office, of_shipments.url, "order.shipped.v1")
        register(office, receiver.url, *sorted({event.TYPE for event in EVENTS} - {"order.shipped.v1"}))
        said = [announce(event, f"S-{number}") for number, event in enumerate(EVENTS)]
        office.drain()
        shipments = {message.id for message in said if message.type == "order.shipped.v1"}
        assert {got.event_id for got in of_shipments.received} == shipments
        assert {got.event_id for got in receiver.received} == {message.id for message in said} - shipments


def test_the_catalogue_has_every_contract_but_our_own() -> None:
    published = {name for name, event in event_types().items() if event.__module__.startswith("contracts.")}
    assert webhook_types() == published - {SmsQueued.TYPE}
    assert len(published) > 10


def test_however_often_everything_is_delivered_it_is_sent_once(office: World, receiver: Receiver) -> None:
    register(office, receiver.url)
    for number in range(3):
        announce(released(number), f"D0001-{number:06d}")
    office.drain()
    assert len(receiver.received) == 3
    before = office.snapshot()
    office.redeliver_everything()
    later(office, hours=1)
    assert len(receiver.received) == 3
    assert office.snapshot() == before


def test_an_event_is_not_sent_before_it_is_announced_nor_to_an_endpoint_of_later(
    office: World, receiver: Receiver
) -> None:
    happen(office, released(1))
    register(office, receiver.url)
    later(office, minutes=1)
    assert receiver.received == []


# ---- when it does not work at once ----


def test_a_failed_attempt_is_repeated_with_the_same_bytes_under_the_same_id(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    receiver.answer(500, 503)
    happen(office, released(1))
    assert the_only(office, endpoint)["state"] == "pending" and state_of(office, endpoint)["failing_since"]
    later(office, seconds=4)
    assert len(receiver.received) == 1, "not before its sku_index"
    later(office, seconds=2)
    assert len(receiver.received) == 2
    later(office, minutes=6)
    first, second, third = receiver.received
    assert first.body == second.body == third.body
    assert first.event_id == second.event_id == third.event_id
    stamps = [int(got.headers["webhook-timestamp"]) for got in receiver.received]
    assert stamps == sorted(stamps) and len(set(stamps)) == 3
    for got in receiver.received[2:]:
        verify(got, endpoint["secret"], office)
    delivery = the_only(office, endpoint)
    assert delivery["state"] == "delivered" and outcomes(delivery) == ["5xx", "5xx", "2xx"]
    assert state_of(office, endpoint)["failing_since"] is None
    later(office, days=2)
    assert len(receiver.received) == 3, "none after success"


def test_a_short_wait_is_slept_in_the_queue(office: World, receiver: Receiver) -> None:
    register(office, receiver.url)
    receiver.answer(500)
    with patch.object(deliver_webhooks, "wake") as wake:
        message = happen(office, released(1))
        ((body, seconds), _) = wake.call_args
    assert seconds == 6 and json.loads(body)["id"] == message.id
    office.clock.advance(seconds=seconds)
    dispatch_webhooks(message)
    assert len(receiver.received) == 2


def fail_to_the_end(office: World, endpoint: Any, receiver: Receiver) -> None:
    """Let attempt after attempt fail, each when it is due and not a moment before."""
    while (delivery := the_only(office, endpoint))["next_attempt_at"]:
        made, due = len(receiver.received), clock.parse_stamp(delivery["next_attempt_at"])
        office.clock.set(due - timedelta(seconds=1))
        office.periodic("notifications", "retry_webhooks")
        assert len(receiver.received) == made
        later(office, seconds=1)
        assert len(receiver.received) == made + 1


def test_ten_failures_over_three_days_exhaust_a_delivery_visibly(
    office: World, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = register(office, receiver.url)
    receiver.answer(*[500] * 20)
    happen(office, released(1))
    fail_to_the_end(office, endpoint, receiver)
    delivery = the_only(office, endpoint)
    assert delivery["state"] == "exhausted" and outcomes(delivery) == ["5xx"] * 10
    assert delivery["next_attempt_at"] is None
    times = [clock.parse_stamp(attempt["at"]) for attempt in delivery["attempts"]]
    waits = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert all(wait >= sku_index for wait, sku_index in zip(waits, RETRY_SECONDS, strict=True))
    assert timedelta(days=3) < times[-1] - times[0] < timedelta(days=4)
    later(office, days=1)
    assert len(receiver.received) == 10
    assert '"WebhookExhausted":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_an_endpoint_that_asks_for_patience_gets_it(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    receiver.answer(429, Retry_After="1800")
    happen(office, released(1))
    later(office, minutes=29)
    assert len(receiver.received) == 1
    later(office, minutes=2)
    assert len(receiver.received) == 2 and the_only(office, endpoint)["state"] == "delivered"


def test_an_endpoint_that_is_gone_is_disabled_and_nothing_waits_for_it(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    receiver.answer(500, 410)
    happen(office, released(1), sequence=1)
    happen(office, released(1), sequence=2)  # left to the schedule, because the endpoint has just failed
    later(office, seconds=10)
    assert state_of(office, endpoint)["state"] == "disabled"
    assert state_of(office, endpoint)["disabled_reason"] == "gone"
    later(office, minutes=5)
    happen(office, released(1), sequence=3)
    assert [delivery["state"] for delivery in log(office, endpoint)] == ["disabled", "disabled"]
    later(office, days=1)
    assert len(receiver.received) == 2


def test_an_endpoint_that_fails_for_five_days_is_disabled(office: World) -> None:
    endpoint = register(office, f"http://127.0.0.1:{closed_port()}/")
    happen(office, released(1), sequence=1)
    later(office, days=3)
    happen(office, released(1), sequence=2)
    later(office, days=1)
    assert state_of(office, endpoint)["state"] == "active"
    later(office, days=1, minutes=1)
    shown = state_of(office, endpoint)
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "failing")
    later(office, minutes=1)
    assert {delivery["state"] for delivery in log(office, endpoint)} == {"disabled"}


def test_a_redirect_is_a_failure_and_not_followed(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    with receiving() as elsewhere:
        receiver.answer(307, Location=elsewhere.url)
        happen(office, released(1))
        assert outcomes(the_only(office, endpoint)) == ["3xx"] and elsewhere.received == []


def test_open_closed_and_silent_look_alike_in_the_log(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 0.3)
    with dribbling(b"SSH-2.0-OpenSSH\r\n", b"") as ssh, dribbling(b"", b"") as silent:
        ports = [ssh, silent, closed_port()]
        endpoints = [register(office, f"http://127.0.0.1:{port}/") for port in ports]
        happen(office, released(1))
        assert [outcomes(the_only(office, endpoint)) for endpoint in endpoints] == [["no-answer"]] * 3


# ---- one endpoint's trouble is its own ----


def test_a_dead_endpoint_holds_up_one_event_once_and_the_others_never(
    office: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_post, "DEADLINE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says a word
        dead = register(office, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        healthy = register(office, receiver.url)
        for number in range(8):
            announce(released(number), f"D0001-{number:06d}")
        with patch.object(signed_post, "post", side_effect=signed_post.post) as sent:
            office.drain()
        asked = [call.args[0] for call in sent.call_args_list]
        assert len(receiver.received) == 8
        assert len([url for url in asked if url != receiver.url]) == 1, "the seven others wait for the schedule"
        assert {delivery["state"] for delivery in log(office, healthy)} == {"delivered"}
        with patch.object(signed_post, "post", side_effect=signed_post.post) as sent:
            later(office, minutes=1)
        assert sent.call_count == 1, "not asked twice in a run when it does not answer"
        assert len(log(office, dead)) == 8
        silent.listen(0)


def test_endpoints_are_served_at_the_same_time(office: World, receiver: Receiver) -> None:
    arrived = threading.Barrier(2, timeout=5)
    original = signed_post.post

    def together(*args: Any, **more: Any) -> Answer:
        arrived.wait()  # breaks unless both are under way at once
        return original(*args, **more)

    with receiving() as other:
        register(office, receiver.url)
        register(office, other.url)
        with patch.object(signed_post, "post", together):
            happen(office, released(1))
        assert len(receiver.received) == len(other.received) == 1


def test_a_backlog_is_worked_off_in_one_run_once_the_endpoint_is_back(
    office: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 8)
    endpoint = register(office, receiver.url)
    receiver.answer(500)
    for number in range(12):
        announce(released(number), f"D0001-{number:06d}")
    office.drain()
    assert len(receiver.received) == 1
    later(office, minutes=1)
    assert len(receiver.received) == 13
    token = office.token(role="admin")
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}/deliveries"
    first = office.call("notifications", "GET", path, token=token).json
    second = office.call("notifications", "GET", path, token=token, query={"cursor": first["next_cursor"]}).json
    shown = first["deliveries"] + second["deliveries"]
    assert len(shown) == 12 and {one["state"] for one in shown} == {"delivered"}
    assert [one["event_time"] for one in shown] == sorted((one["event_time"] for one in shown), reverse=True)


def test_a_run_stops_in_time(office: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    register(office, receiver.url)
    receiver.answer(500)
    for number in range(5):
        announce(released(number), f"D0001-{number:06d}")
    office.drain()
    monkeypatch.setattr(deliver_webhooks, "RUN_SECONDS", 0)
    later(office, minutes=1)
    assert len(receiver.received) == 1


# ---- crashes, races ----


def test_a_crash_between_claim_and_answer_is_tried_again_and_stands_in_the_log(
    office: World, receiver: Receiver
) -> None:
    endpoint = register(office, receiver.url)
    announce(released(1), "D0001-000123")
    with patch.object(signed_post, "post", side_effect=Killed), pytest.raises(Killed):
        office.drain()
    office.drain()
    assert receiver.received == [], "the claim still holds"
    later(office, seconds=62)
    delivery = the_only(office, endpoint)
    assert outcomes(delivery) == ["started", "2xx"] and delivery["state"] == "delivered"
    assert len(receiver.received) == 1


def test_a_crash_after_the_delivery_was_made_loses_nothing(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    announce(released(1), "D0001-000123")
    with patch.object(deliver_webhooks, "_try", side_effect=Killed), pytest.raises(Killed):
        office.drain()
    assert the_only(office, endpoint)["state"] == "pending"
    office.redeliver_everything()
    later(office, seconds=1)
    assert len(receiver.received) == 1 and the_only(office, endpoint)["state"] == "delivered"


def test_two_runs_at_once_send_once(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    receiver.answer(500)
    happen(office, released(1))
    office.clock.advance(minutes=1)
    original = signed_post.post
    runs: list[bool] = []

    def second_run(*args: Any, **more: Any) -> Answer:
        if not runs:
            runs.append(True)
            office.periodic("notifications", "retry_webhooks")
            office.redeliver_everything()
        return original(*args, **more)

    # The second run happens while the first has its request under way; on this thread, as moto wants it.
    with patch.object(signed_post, "post", second_run), patch.object(deliver_webhooks, "ThreadPoolExecutor", OneThread):
        office.periodic("notifications", "retry_webhooks")
    assert runs and len(receiver.received) == 2
    assert outcomes(the_only(office, endpoint)) == ["5xx", "2xx"]


def test_of_two_runs_that_find_the_same_delivery_due_one_sends_it(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    receiver.answer(500)
    happen(office, released(1))
    office.clock.advance(minutes=1)
    with before_commit(0, lambda: office.periodic("notifications", "retry_webhooks")):
        office.periodic("notifications", "retry_webhooks")
    assert outcomes(the_only(office, endpoint)) == ["5xx", "2xx"]
    assert len(receiver.received) == 2, "the second claim was refused, and nothing was sent for it"


class OneThread:
    """A pool that does everything at once, here."""

    def __init__(self, max_workers: int) -> None: ...

    def __enter__(self) -> OneThread:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, work: Any, things: Any) -> list[Any]:
        return [work(thing) for thing in things]


def test_an_answer_that_comes_after_its_claim_ran_out_changes_nothing(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)

    def slow(*_: Any, **__: Any) -> Answer:
        office.clock.advance(seconds=61)
        with patch.object(signed_post, "post", original):
            office.periodic("notifications", "retry_webhooks")
        return Answer(500, None, 61.0)

    original = signed_post.post
    with patch.object(signed_post, "post", slow), patch.object(deliver_webhooks, "ThreadPoolExecutor", OneThread):
        happen(office, released(1))
    delivery = the_only(office, endpoint)
    assert delivery["state"] == "delivered" and outcomes(delivery) == ["started", "2xx"]


# ---- replay ----


def replay(world: World, endpoint: Any, event_id: str, key: str | None = None) -> Response:
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}/deliveries/{event_id}/replay"
    return ask(world, "POST", path, key=key)


def test_a_replay_sends_the_same_again_marked_and_once_for_each_key(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    message = happen(office, released(1))
    answers = [replay(office, endpoint, message.id, "again-1") for _ in range(3)]
    assert [answer.status for answer in answers] == [202, 202, 202]
    assert answers[0].json == {"endpoint_id": endpoint["endpoint_id"], "event_id": message.id}
    assert len({answer.text for answer in answers}) == 1
    office.drain()
    first, second = receiver.received
    assert (first.event_id, first.body) == (second.event_id, second.body)
    assert second.headers["qudao-replay"] == "true" and "qudao-replay" not in first.headers
    verify(second, endpoint["secret"], office)
    delivery = the_only(office, endpoint)
    assert [attempt["replay"] for attempt in delivery["attempts"]] == [False, True]
    office.redeliver_everything()
    later(office, hours=1)
    assert len(receiver.received) == 2


def test_without_its_queue_a_replay_is_found_by_the_schedule(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    message = happen(office, released(1))
    with patch.object(manage_endpoints, "wake"):
        assert replay(office, endpoint, message.id).status == 202
    later(office, seconds=1)
    assert len(receiver.received) == 2


def test_a_replay_can_prove_that_all_is_well_but_spoils_nothing(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    message = happen(office, released(1))
    receiver.answer(410)
    replay(office, endpoint, message.id)
    office.drain()
    delivery = the_only(office, endpoint)
    assert delivery["state"] == "delivered" and outcomes(delivery) == ["2xx", "410"]
    assert delivery["next_attempt_at"] is None, "a replay is one attempt"
    assert state_of(office, endpoint)["state"] == "active"
    assert state_of(office, endpoint)["failing_since"] is None


def test_an_exhausted_delivery_is_healed_by_a_replay(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    receiver.answer(*[500] * 10)
    message = happen(office, released(1))
    fail_to_the_end(office, endpoint, receiver)
    assert the_only(office, endpoint)["state"] == "exhausted"
    replay(office, endpoint, message.id)
    office.drain()
    assert the_only(office, endpoint)["state"] == "delivered"
    assert state_of(office, endpoint)["failing_since"], "how the endpoint does is told by regular deliveries only"


def test_what_is_still_being_delivered_or_was_never_to_be_cannot_be_replayed(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url, "order.hold-released.v1")
    receiver.answer(500)
    message = happen(office, released(1))
    before = office.snapshot()
    answer = replay(office, endpoint, message.id)
    assert (answer.status, answer.json["code"]) == (409, "still-in-delivery")
    for event_id in ("evt_none_1", "x" * 3_000, "%00", "%ED%A0%80"):
        assert replay(office, endpoint, event_id).status == 404
    assert replay(office, {"endpoint_id": "whe_none"}, message.id).status == 404
    assert office.snapshot() == before and len(receiver.received) == 1


# ---- endpoints ----


def test_the_secret_is_shown_to_the_request_that_made_it_and_never_again(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url, key="make-1")
    secret = endpoint["secret"]
    assert secret.startswith("whsec_") and endpoint["state"] == "active" and endpoint["version"] == 1
    assert register(office, receiver.url, key="make-1") == endpoint, "a repeat of that very request answers the same"
    assert len(ask(office, "GET", "/webhook-endpoints").json["endpoints"]) == 1
    assert secret not in ask(office, "GET", "/webhook-endpoints").text
    assert secret.removeprefix("whsec_") not in json.dumps(office.snapshot())
    kept = [zlib.decompress(bytes(record["answer"])).decode() for record in office.items("IDEMPOTENCY#")]
    assert len(kept) == 1 and secret not in kept[0], "what is kept for a repeat is packed, and holds no secret either"
    other = ask(
        office, "POST", "/webhook-endpoints", {"url": receiver.url, "types": ["*"], "description": "x"}, key="make-1"
    )
    assert (other.status, other.json["code"]) == (422, "idempotency-key-reused")


def test_a_new_secret_signs_at_once_and_the_old_one_a_day_longer(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}/rotate-secret"
    rotated = ask(office, "POST", path, key="rotate-1").json
    assert rotated["secret"] not in (None, endpoint["secret"]) and rotated["version"] == 2
    assert ask(office, "POST", path, key="rotate-1").json == rotated
    happen(office, released(1), sequence=1)
    for secret in (rotated["secret"], endpoint["secret"]):
        verify(receiver.received[-1], secret, office)
    office.clock.advance(hours=24)
    happen(office, released(1), sequence=2)
    verify(receiver.received[-1], rotated["secret"], office)
    with pytest.raises(AssertionError):
        verify(receiver.received[-1], endpoint["secret"], office)
    third = ask(office, "POST", path, key="rotate-2").json
    assert third["version"] == 3
    assert ask(office, "POST", path, key="rotate-1").json["secret"] is None, "what was replaced is not shown again"


def test_a_deleted_endpoint_gets_nothing_and_leaves_no_address_or_secret(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    receiver.answer(500)
    happen(office, released(1), sequence=1)
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}"
    assert ask(office, "DELETE", path).json == {"endpoint_id": endpoint["endpoint_id"]}
    assert ask(office, "DELETE", path).status == 404
    happen(office, released(1), sequence=2)
    later(office, hours=1)
    assert len(receiver.received) == 1
    assert ask(office, "GET", "/webhook-endpoints").json == {"endpoints": []}
    assert ask(office, "GET", f"{path}/deliveries").status == 404
    assert ask(office, "POST", f"{path}/rotate-secret").status == 404
    (kept,) = office.items("WEBHOOK#ENDPOINTS")
    assert receiver.url not in json.dumps(kept, default=str) and kept["secret"] == "-"
    assert {item["state"] for item in office.items("DELIVERY#") if item["sk"].startswith("AT#")} == {"disabled"}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"url": "http://hooks.example.com/"}, "url", "url-not-allowed"),
    ({"url": "https://169.254.169.254/latest"}, "url", "url-not-allowed"),
    ({"url": "https://inside.example.com/"}, "url", "url-not-allowed"),
    ({"url": "https://unknown.example.com/"}, "url", "url-not-allowed"),
    ({"types": ["order.shiped.v1"]}, "types.0", "unknown-type"),
    ({"types": ["*", "sms.queued.v1"]}, "types.1", "unknown-type"),
    ({"types": []}, "types", "too_short"),
    ({"types": "order.shipped.v1"}, "types", "tuple_type"),
    ({"url": 1}, "url", "string_type"),
    ({"url": "https://" + "a" * 3_000}, "url", "string_too_long"),
    ({"description": ""}, "description", "string_too_short"),
    ({"secret": "whsec_mine"}, "secret", "extra_forbidden"),
    ({"state": "active"}, "state", "extra_forbidden"),
]


def test_a_wrong_endpoint_is_refused_by_field_and_nothing_is_written(office: World) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if host == "unknown.example.com":
            raise socket.gaierror
        return ["10.0.0.8"] if host == "inside.example.com" else ["8.8.8.8"]

    before = office.snapshot()
    for change, field, code in WRONG:
        body = {"url": "https://hooks.example.com/", "types": ["*"], "description": "ERP"} | change
        with patch.object(signed_post, "resolve", resolve):
            answer = ask(office, "POST", "/webhook-endpoints", body)
        assert answer.status == 422, answer.json
        assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [(field, code)]
    assert office.snapshot() == before


def test_what_cannot_be_reached_and_what_may_not_be_read_alike(office: World) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if host == "unknown.example.com":
            raise socket.gaierror
        return ["10.0.0.8"]

    answers = set()
    with patch.object(signed_post, "resolve", resolve):
        for host in ("unknown.example.com", "inside.example.com", "127.0.0.1"):
            body = {"url": f"https://{host}/", "types": ["*"], "description": "ERP"}
            answers.add(ask(office, "POST", "/webhook-endpoints", body).text)
    assert len(answers) == 1


def test_this_machine_may_be_reached_only_in_stages_for_trying_out(world: World, receiver: Receiver) -> None:
    for stage, allowed, expected in (
        ("test", "false", False),
        ("prod", "true", False),
        ("localhost", "true", False),
        ("local", "true", True),
        ("test2", "true", True),
    ):
        with set_to(stage=stage, webhook_allow_loopback=allowed):
            assert allow_loopback() is expected, stage
    body = {"url": receiver.url, "types": ["*"], "description": "ERP"}
    assert ask(world, "POST", "/webhook-endpoints", body).status == 422, "not set here"


def test_a_name_that_was_harmless_when_registered_is_checked_again_at_every_attempt(office: World) -> None:
    addresses = ["8.8.8.8"]
    connected: list[Any] = []

    def connect(address: Any, *_: Any, **__: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    with (
        patch.object(signed_post, "resolve", lambda host, port: addresses),
        patch.object(socket, "create_connection", connect),
    ):
        endpoint = register(office, "https://hooks.example.com/")
        addresses[:] = ["169.254.169.254"]
        happen(office, released(1))
        later(office, minutes=1)
        message_id = the_only(office, endpoint)["event_id"]
        assert replay(office, endpoint, message_id).status == 409
    assert connected == []
    assert outcomes(the_only(office, endpoint)) == ["no-answer", "no-answer"]


def test_only_administrators_have_to_do_with_webhooks(office: World, receiver: Receiver) -> None:
    endpoint = register(office, receiver.url)
    path = f"/webhook-endpoints/{endpoint['endpoint_id']}"
    routes = [
        ("GET", "/webhook-endpoints"),
        ("POST", "/webhook-endpoints"),
        ("DELETE", path),
        ("POST", f"{path}/rotate-secret"),
        ("GET", f"{path}/deliveries"),
        ("POST", f"{path}/deliveries/evt_1/replay"),
    ]
    before = office.snapshot()
    for role, dealer in (("assistant", None), ("finance", None), ("warehouse", None), ("dealer_admin", "D0001")):
        for method, route in routes:
            token = office.token(role=role, dealer_id=dealer)
            assert office.call("notifications", method, route, token=token, key="k").status == 403, (role, route)
    assert office.snapshot() == before


def test_there_are_not_more_endpoints_than_can_be_served(
    office: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manage_endpoints, "MAX_ENDPOINTS", 2)
    for _ in range(2):
        register(office, receiver.url)
    body = {"url": receiver.url, "types": ["*"], "description": "ERP"}
    answer = ask(office, "POST", "/webhook-endpoints", body)
    assert (answer.status, answer.json["code"]) == (409, "too-many-endpoints")


def test_no_secret_and_no_address_gets_into_a_log_line(
    office: World, receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(observability.logger().registered_formatter)
    logging.getLogger().addHandler(handler)
    try:
        endpoint = register(office, receiver.url + "&token=url-canary")
        rotated = ask(office, "POST", f"/webhook-endpoints/{endpoint['endpoint_id']}/rotate-secret").json
        receiver.answer(500)
        happen(office, released(1))
        later(office, minutes=1)
        with patch.object(deliver_webhooks, "finish_attempt", side_effect=RuntimeError("boom")):
            announce(released(1), "D0001-000124")
            office.drain(may_fail=True)
    finally:
        logging.getLogger().removeHandler(handler)
    printed = capfd.readouterr()
    said = lines.getvalue() + printed.out + printed.err
    assert '"outcome"' in said and "WebhookAge" in said and "boom" in said, "the test listens"
    for canary in (endpoint["secret"], rotated["secret"], "url-canary", "127.0.0.1"):
        assert canary.removeprefix("whsec_") not in said


def test_an_order_that_nobody_subscribed_to_leaves_no_trace(office: World, receiver: Receiver) -> None:
    register(office, receiver.url, "statement.issued.v1")
    happen(office, shipped(**ORDER))
    assert office.items("DELIVERY#") == [] and receiver.received == []
