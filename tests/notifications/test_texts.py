"""Text messages: each once or visibly not at all, within limits, and never a phone where it does not belong."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session

from contracts.dealers import UserItem, user_key
from contracts.orders import OrderReserved
from kernel.base import observability
from kernel.store import aws
from kernel.store.transaction import MAX_ACTIONS
from services.notifications import providers
from services.notifications.inbox import notify
from services.notifications.providers import Accepted, Rejected, Result, Unknown
from services.notifications.providers.aws import AwsProvider
from services.notifications.sms import items, list_texts
from services.notifications.sms import send_sms as sending
from services.notifications.sms.send_sms import send_sms
from tests.notifications.events import EVENTS, ORDER, shipped
from tests.notifications.office import (
    PHONES,
    add_person,
    announce,
    happen,
    open_office,
    recorded,
    set_to,
    suspend,
    texts,
)
from tests.notifications.receiver import closed_port
from tests.world import World, environment


@pytest.fixture
def office(world: World) -> Iterator[World]:
    with open_office(world):
        yield world


class Carrier:
    """A provider that answers as the test says, and remembers what it was given."""

    def __init__(self, *results: Result | BaseException) -> None:
        self.results = list(results)
        self.sent: list[tuple[str, str]] = []

    def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
        self.sent.append((message_id, phone))
        result = self.results.pop(0) if self.results else Accepted(f"p-{len(self.sent)}")
        if isinstance(result, BaseException):
            raise result
        return result


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> Carrier:
    made = Carrier()
    monkeypatch.setattr(sending, "provider", lambda: made)
    return made


class Killed(BaseException):
    """The process is gone."""


def states(world: World) -> dict[str, tuple[str, str | None]]:
    return {name: (item["state"], item.get("reason")) for name, item in texts(world).items()}


def test_a_shipment_is_texted_to_those_who_order_and_have_a_phone(office: World) -> None:
    happen(office, shipped())
    said = "【渠道】订单D0001-000123已发货12件,运单SF1234567890123,请查收。"
    assert recorded(office) == [(PHONES["boss"], said), (PHONES["buyer"], said)]
    assert states(office) == {"boss": ("accepted", None), "buyer": ("accepted", None)}


def test_however_often_everything_is_delivered_each_is_told_and_texted_once(office: World) -> None:
    for sequence, event in enumerate(EVENTS, 1):
        announce(event, f"S-{sequence}")
    office.drain()
    before = office.snapshot()
    sent = recorded(office)
    assert len(sent) == 2 * 10  # ten occasions, each to the owner and one colleague
    office.redeliver_everything()
    assert recorded(office) == sent
    assert office.snapshot() == before


def test_staff_see_every_text_with_its_phone_masked(office: World) -> None:
    happen(office, shipped())
    answer = office.call("notifications", "GET", "/sms", token=office.token(role="finance"))
    assert [text["phone_masked"] for text in answer.json["texts"]] == ["+86138****0002", "+86138****0001"]
    assert answer.json["texts"][0]["state"] == "accepted"
    assert not any(phone in answer.text for phone in PHONES.values())
    for role in ("dealer_admin", "dealer_buyer", "dealer_accountant"):
        token = office.token(role=role, dealer_id="D0001")
        assert office.call("notifications", "GET", "/sms", token=token).status == 403


def test_the_list_of_texts_has_pages(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_texts, "PAGE_SIZE", 3)
    for number in range(2):
        announce(shipped(order_id=f"D0001-{number:06d}"), f"D0001-{number:06d}")
    office.drain()
    token = office.token(role="admin")
    first = office.call("notifications", "GET", "/sms", token=token).json
    second = office.call("notifications", "GET", "/sms", token=token, query={"cursor": first["next_cursor"]}).json
    ids = [text["sms_id"] for text in first["texts"] + second["texts"]]
    assert len(ids) == len(set(ids)) == 4 and second["next_cursor"] is None


# ---- what can happen between us and the provider ----


def test_a_crash_while_sending_leaves_a_question_and_never_a_second_message(office: World, carrier: Carrier) -> None:
    carrier.results = [Killed()]
    announce(shipped(), "D0001-000123")
    with pytest.raises(Killed):
        office.drain()
    assert "sending" in [state for state, _ in states(office).values()]
    office.drain()
    office.redeliver_everything()
    assert sorted(states(office).values()) == [("accepted", None), ("unknown", "interrupted")]
    assert len(carrier.sent) == 2, "one each, though one of them may be lost"


def test_an_answer_that_comes_after_a_redelivery_gave_up_still_counts(office: World, carrier: Carrier) -> None:
    send_again: list[Any] = []

    class Slow(Carrier):
        def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
            if not send_again:
                send_again.append(True)
                send_sms(queued[0])  # delivered a second time while the first is thinking
                assert "unknown" in [state for state, _ in states(office).values()]
            return super().send(message_id, phone, template_key, variables)

    slow = Slow()
    office_provider = lambda: slow  # noqa: E731
    announce(shipped(), "D0001-000123")
    queued: list[Any] = []
    original = send_sms

    def remember(message: Any) -> None:
        queued.append(message)
        original(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "provider", office_provider)
        patch.setattr(sending, "send_sms", remember)
        office.drain()
    assert sorted(states(office).values()) == [("accepted", None), ("accepted", None)]
    assert len(slow.sent) == 2


def test_no_answer_is_unknown_and_a_refusal_is_failed_both_for_good(office: World, carrier: Carrier) -> None:
    carrier.results = [Unknown("ReadTimeoutError"), Rejected("not-valid")]
    happen(office, shipped())
    assert sorted(states(office).values()) == [("failed", "not-valid"), ("unknown", "ReadTimeoutError")]
    before = office.snapshot()
    office.redeliver_everything()
    assert office.snapshot() == before and len(carrier.sent) == 2


def test_a_busy_provider_is_asked_again_and_the_phone_does_not_lose_a_turn(office: World, carrier: Carrier) -> None:
    carrier.results = [Rejected("throttled", passing=True)] * 3
    happen(office, shipped())
    assert set(states(office).values()) == {("accepted", None)}
    assert len(carrier.sent) == 2 + 3
    days = [item["sent"] for item in office.items("SMS#PHONE#") if item["sk"].startswith("DAY#")]
    assert days == [1, 1]


def test_a_text_nobody_could_take_stays_queued_among_the_dead_letters(office: World, carrier: Carrier) -> None:
    carrier.results = [Rejected("throttled", passing=True)] * 50
    announce(shipped(), "D0001-000123")
    drained = office.drain(may_fail=True)
    assert {letter.queue for letter in drained.dead} == {"qudao-test-send-sms-dlq"}
    assert set(states(office).values()) == {("queued", None)}


# ---- who may still be told, at the moment of sending ----


def between_record_and_sending(office: World) -> None:
    """Let the texts be queued, but not yet sent."""
    announce(shipped(), "D0001-000123")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "send_sms", _fail)
        office.drain(may_fail=True)
    assert set(states(office).values()) == {("queued", None)}


def _fail(_: Any) -> None:
    raise ConnectionError("not yet")


def send_now(office: World) -> None:
    for letter in office.dead_letters():
        record = {"messageId": "m", "body": letter.body}
        assert office.invoke("notifications", "send_sms", {"Records": [record]}) == {"batchItemFailures": []}


def test_a_dealer_suspended_meanwhile_is_not_texted(office: World, carrier: Carrier) -> None:
    between_record_and_sending(office)
    suspend("D0001")
    send_now(office)
    assert set(states(office).values()) == {("skipped", "not-to-be-told")} and carrier.sent == []


def test_a_person_who_left_or_changed_roles_meanwhile_is_not_texted(office: World, carrier: Carrier) -> None:
    between_record_and_sending(office)
    UserItem.get(*user_key("D0001", "boss")).delete()
    add_person("D0001", "buyer", "dealer_accountant", PHONES["buyer"])
    send_now(office)
    assert set(states(office).values()) == {("skipped", "not-to-be-told")} and carrier.sent == []


def test_a_new_number_is_texted_not_the_old_one(office: World, carrier: Carrier) -> None:
    between_record_and_sending(office)
    add_person("D0001", "buyer", "dealer_buyer", "+8615500000042")
    send_now(office)
    assert sorted(phone for _, phone in carrier.sent) == sorted(["+8615500000042", PHONES["boss"]])
    assert texts(office)["buyer"]["phone_masked"] == "+86155****0042"


# ---- limits ----


def test_a_burst_is_one_buzz(office: World) -> None:
    for number in range(3):
        order_id = f"D0001-{number:06d}"
        announce(shipped(order_id=order_id), order_id)
    office.drain()
    assert len(recorded(office)) == 2
    found = [item for item in office.items("SMS#sms_") if item["sk"] == "SMS"]
    assert sorted((item["state"], item.get("reason")) for item in found).count(("skipped", "collapsed")) == 4
    office.clock.advance(seconds=61)
    happen(office, shipped(order_id="D0001-000009"), "D0001-000009")
    assert len(recorded(office)) == 4, "a minute later it buzzes again"


def test_two_people_with_one_phone_are_one_buzz(office: World) -> None:
    add_person("D0001", "partner", "dealer_buyer", PHONES["boss"])
    happen(office, shipped())
    assert [phone for phone, _ in recorded(office)] == [PHONES["boss"], PHONES["buyer"]]
    assert states(office)["partner"] == ("skipped", "collapsed")


def test_different_news_in_one_minute_are_each_texted(office: World) -> None:
    happen(office, OrderReserved(**ORDER, reserved=1, backordered=0), sequence=1)
    happen(office, shipped(), sequence=2)
    assert len(recorded(office)) == 4


def test_a_phone_gets_no_more_than_its_share_of_a_day_in_shanghai(
    office: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "TEXTS_PER_DAY", 2)

    def ship(number: int) -> None:
        office.clock.advance(minutes=2)
        happen(office, shipped(order_id=f"D0001-{number:06d}"), f"D0001-{number:06d}")

    for number in range(4):
        ship(number)
    sent = [phone for phone, _ in recorded(office)]
    assert sent.count(PHONES["boss"]) == sent.count(PHONES["buyer"]) == 2
    found = [item for item in office.items("SMS#sms_") if item["sk"] == "SMS"]
    assert [item.get("reason") for item in found if item["state"] == "skipped"] == ["daily-limit"] * 4
    inbox = [item for item in office.items("INBOX#D0001") if item["sk"].startswith("MSG#")]
    assert len(inbox) == 4, "the inbox has them all"
    office.clock.advance(hours=14)  # past midnight in Shanghai, the same day still in UTC
    ship(100)
    assert len(recorded(office)) == 6


def test_no_more_than_so_many_people_are_texted_about_one_event(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "MAX_RECIPIENTS", 3)
    for number in range(5):
        add_person("D0001", f"u{number:02d}", "dealer_buyer", f"+86150{number:08d}")
    happen(office, shipped())
    assert len(recorded(office)) == 3
    full = 2 * 2 + 2 * 20
    assert full < MAX_ACTIONS, "messages, counters and twenty texts with their announcements are one transaction"


# ---- secrets ----


def test_no_phone_gets_into_a_log_line_or_a_metric(
    office: World, carrier: Carrier, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(observability.logger().registered_formatter)
    logging.getLogger().addHandler(handler)
    try:
        carrier.results = [Rejected("throttled", passing=True), Unknown("x"), RuntimeError("boom"), Rejected("no")]
        for number, event in enumerate(EVENTS):
            announce(event, f"S-{number}")
        office.drain(may_fail=True)
        office.call("notifications", "GET", "/sms", token=office.token(role="admin"))
    finally:
        logging.getLogger().removeHandler(handler)
    printed = capfd.readouterr()
    said = lines.getvalue() + printed.out + printed.err
    assert '"sms_id"' in said and "SmsUnknown" in said and "boom" in said, "the test listens"
    for phone in PHONES.values():
        assert phone.removeprefix("+86") not in said


# ---- the providers ----


def test_the_recorder_is_the_default_and_aws_is_chosen_by_name(world: World) -> None:
    assert type(providers.provider()).__name__ == "Recorder"
    with set_to(sms_provider="aws"):
        assert isinstance(providers.provider(), AwsProvider)


class Aws:
    """The provider's endpoint on this machine: one scripted answer for every request."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status, self.answer = 200, {"MessageId": "aws-1"}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.asked.append({"target": handler.headers["X-Amz-Target"], **json.loads(body)})
                content = json.dumps(self.answer).encode()
                handler.send_response(self.status)
                handler.send_header("Content-Type", "application/x-amz-json-1.0")
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content)

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def client_of(url: str) -> Any:
    """A real client, made outside any world, whose AWS would answer for every address."""
    with environment():
        config = Config(retries={"total_max_attempts": 1}, read_timeout=2)
        return Session().create_client(
            "pinpoint-sms-voice-v2", region_name="us-east-1", endpoint_url=url, config=config
        )


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Aws, Any]]:
    made = Aws()
    yield made, client_of(made.url)
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def aws_endpoint(service: tuple[Aws, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    made, ready = service
    made.asked.clear()
    made.status, made.answer = 200, {"MessageId": "aws-1"}
    asked_for: list[tuple[str, bool]] = []

    def client(name: str, *, one_attempt: bool = False) -> Any:
        asked_for.append((name, one_attempt))
        return ready

    monkeypatch.setattr(aws, "client", client)
    yield made
    assert set(asked_for) == {("pinpoint-sms-voice-v2", True)}, "never a client that repeats by itself"


def hand_over() -> Result:
    return AwsProvider().send("sms_1", PHONES["boss"], "payment_received", {})


def test_aws_is_given_the_rendered_template_once(aws_endpoint: Aws) -> None:
    assert hand_over() == Accepted("aws-1")
    (asked,) = aws_endpoint.asked
    assert asked["target"].endswith(".SendTextMessage")
    assert asked["DestinationPhoneNumber"] == PHONES["boss"]
    assert asked["MessageBody"] == "【渠道】您的往来账户有更新,请登录查看。"
    assert asked["MessageType"] == "TRANSACTIONAL" and asked["Context"] == {"message_id": "sms_1"}


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (400, "ValidationException", Rejected("not-valid")),
        (400, "ConflictException", Rejected("number-opted-out-or-not-verified")),
        (402, "ServiceQuotaExceededException", Rejected("spend-or-quota-reached")),
        (400, "ThrottlingException", Rejected("throttled", passing=True)),
        (500, "InternalServerException", Unknown("InternalServerException")),
        (503, "SomethingNew", Unknown("SomethingNew")),
    ],
)
def test_what_aws_answers_is_told_apart(aws_endpoint: Aws, status: int, code: str, result: Result) -> None:
    aws_endpoint.status, aws_endpoint.answer = status, {"__type": code, "Message": PHONES["boss"]}
    assert hand_over() == result
    assert len(aws_endpoint.asked) == 1, "not repeated, whatever it says"


def test_where_nothing_listens_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = client_of(f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setattr(aws, "client", lambda name, one_attempt: dead)
    assert hand_over() == Rejected("EndpointConnectionError", passing=True)
