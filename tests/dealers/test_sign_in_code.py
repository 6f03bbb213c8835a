"""Signing in by SMS code: one answer for all, caps of the carriers, one use, few tries, and no code anywhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from kernel.time import clock
from services.dealers import request_sign_in_code as requesting
from services.dealers import sign_in_by_code as signing_in
from services.dealers.sign_in_codes import CAPS, is_capped, made_with
from services.notifications.sms.providers.provider import Accepted, Rejected
from tests.dealers.fixtures import DealersClient, dealer_row, user_row
from tests.dealers.steps import TERMS
from tests.dealers.user_pool import UserPool, user_pool
from tests.support.gateway import Response
from tests.support.world import World

ACCEPTED = {"valid_seconds": 300, "next_code_seconds": 60}
PHONE = "+8619900001000"


class Carrier:
    """Texts as the SMS provider gets them."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.phones: list[str] = []
        self.refusals = 0

    def send(self, _: Any, message_id: str, phone: str, template: str, variables: dict[str, str]) -> Any:
        if self.refusals:
            self.refusals -= 1
            return Rejected("busy", temporary=True)
        if template == "sign_in_code":
            self.codes.append(variables["code"])
            self.phones.append(phone)
        return Accepted(message_id)


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    carrier = Carrier()
    with patch("services.notifications.sms.providers.recorder.Recorder.send", lambda *given: carrier.send(*given)):
        yield carrier


@pytest.fixture
def pool() -> Iterator[UserPool]:
    with user_pool(signs=True) as pool:
        yield pool


@pytest.fixture
def client(fast_world: World, carrier: Carrier, pool: UserPool) -> DealersClient:
    client = DealersClient(fast_world)
    client.publish_price_list("A")
    client.import_dealers(
        dealer_row(
            "D0001",
            user_row("owner", "dealer_admin", phone=None),
            user_row("buyer", "dealer_buyer", phone=PHONE),
            user_row("desk", "dealer_buyer", phone="+862088886666"),
        )
    )
    fast_world.drain()
    return client


def ask(client: DealersClient, username: str = "buyer") -> Response:
    answer = client.world.call("dealers", "POST", "/sign-in/codes", body={"username": username})
    client.world.drain(may_fail=True)
    return answer


def sign_in(client: DealersClient, code: str, username: str = "buyer") -> Response:
    return client.world.call("dealers", "POST", "/sign-in", body={"username": username, "code": code})


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_code_signs_in_once_with_the_claims_of_the_user(client: DealersClient, carrier: Carrier) -> None:
    answer = ask(client)
    assert (answer.status, answer.json) == (202, ACCEPTED)
    assert carrier.phones == [PHONE] and re.fullmatch(r"\d{6}", carrier.codes[0])
    # Digits copied with a blank, or typed in the full width of Chinese keyboards.
    typed = f"{carrier.codes[0][:3]} {carrier.codes[0][3:]}".translate(
        {ord("0") + n: chr(0xFF10 + n) for n in range(10)}
    )
    signed_in = sign_in(client, typed)
    assert (signed_in.status, signed_in.json["expires_in"]) == (200, 300)
    me = client.get("/me", signed_in.json["id_token"]).json
    assert (me["dealer"]["dealer_id"], me["roles"]) == ("D0001", ["dealer_buyer"])
    again = sign_in(client, carrier.codes[0])
    assert (again.status, again.json["errors"][0]["code"]) == (422, "not-valid")


@pytest.mark.parametrize("username", ["no-such-user", "owner", "desk"])
def test_request_answers_the_same_without_user_or_mobile(
    client: DealersClient, carrier: Carrier, username: str
) -> None:
    before = client.world.snapshot()
    answer = ask(client, username)
    assert (answer.status, answer.json, carrier.codes) == (202, ACCEPTED, [])
    assert client.world.snapshot() == before
    assert sign_in(client, "123456", username).json["errors"] == sign_in(client, "123456").json["errors"]


def test_phone_gets_codes_within_the_caps_of_the_carriers(client: DealersClient, carrier: Carrier) -> None:
    for _ in range(130):
        # The second one of a minute is one too many, and later each other one.
        assert [ask(client).json for _ in range(2)] == [ACCEPTED, ACCEPTED]
        client.world.clock.advance(minutes=1)
    assert len(carrier.codes) == 10
    client.world.clock.advance(hours=24)
    ask(client)
    assert len(carrier.codes) == 11
    assert PHONE not in json.dumps(client.world.items("PHONE#"), default=str)


def test_caps_count_within_a_minute_an_hour_and_a_day(fast_world: World) -> None:
    made: list[int] = []
    by_hour: dict[int, int] = {}
    for minute in range(48 * 60):
        now = clock.now()
        if not is_capped(made, now):
            made = made_with(made, now)
            by_hour[minute // 60] = by_hour.get(minute // 60, 0) + 1
        fast_world.clock.advance(minutes=1)
    assert by_hour == {0: 5, 1: 5, 24: 5, 25: 5}
    assert [most for most, _ in CAPS] == [1, 5, 10]


def test_requests_at_the_same_time_text_one_code(client: DealersClient, carrier: Carrier) -> None:
    read, waiting = requesting.fetch_one, iter([True])

    def read_before_another_request(*given: Any) -> Any:
        item = read(*given)
        if next(waiting, None):
            assert ask(client).json == ACCEPTED
        return item

    with patch.object(requesting, "fetch_one", read_before_another_request):
        assert ask(client).json == ACCEPTED
    assert len(carrier.codes) == 1


def test_phone_of_two_users_has_one_cap(client: DealersClient, carrier: Carrier) -> None:
    client.import_dealers(dealer_row("D0002", user_row("second", "dealer_admin", phone=PHONE)))
    client.world.drain()
    assert ask(client).json == ask(client, "second").json == ACCEPTED
    assert len(carrier.codes) == 1


def test_code_expires_after_five_minutes(client: DealersClient, carrier: Carrier) -> None:
    ask(client)
    client.world.clock.advance(seconds=299)
    ask(client)
    client.world.clock.advance(seconds=1)
    assert sign_in(client, carrier.codes[0]).status == 422
    assert sign_in(client, carrier.codes[1]).status == 200
    client.world.clock.advance(minutes=1)
    ask(client)
    client.world.clock.advance(minutes=5)
    assert sign_in(client, carrier.codes[2]).status == 422


def test_new_code_replaces_the_former(client: DealersClient, carrier: Carrier) -> None:
    ask(client)
    client.world.clock.advance(minutes=1)
    ask(client)
    assert sign_in(client, carrier.codes[0]).status == 422
    assert sign_in(client, carrier.codes[1]).status == 200


def test_five_wrong_tries_end_a_code(client: DealersClient, carrier: Carrier) -> None:
    ask(client)
    for _ in range(4):
        assert sign_in(client, other_than(carrier.codes[0])).status == 422
    client.world.clock.advance(minutes=1)
    ask(client)
    for _ in range(5):
        assert sign_in(client, other_than(carrier.codes[1])).status == 422
    assert sign_in(client, carrier.codes[1]).status == 422


def test_tries_at_the_same_time_count_as_one_guess(client: DealersClient, carrier: Carrier) -> None:
    ask(client)
    code = carrier.codes[0]
    read, guesses = signing_in.fetch_one, iter([other_than(code)])

    def read_before_another_try(*given: Any) -> Any:
        item = read(*given)
        if guess := next(guesses, None):
            assert sign_in(client, guess).status == 422
        return item

    with patch.object(signing_in, "fetch_one", read_before_another_try):
        # Both tries read the same number of wrong ones; the later one is refused without a look at its code.
        assert sign_in(client, code).status == 422
    (item,) = [item for item in client.world.items("USER#buyer") if item["sk"] == "SIGNINCODE"]
    assert (item["wrong_tries"], item.get("used_at")) == (1, None)
    assert sign_in(client, code).status == 200


@pytest.mark.parametrize("end", ["removed", "suspended", "phone changed", "of another dealer"])
def test_user_without_access_cannot_sign_in_by_code(client: DealersClient, carrier: Carrier, end: str) -> None:
    ask(client)
    path = "/dealers/D0001/people/buyer/remove"
    if end == "suspended":
        changed = client.world.call(
            "dealers", "PUT", "/dealers/D0001/terms", body=TERMS | {"status": "suspended"}, token=client.admin
        )
        assert changed.status == 200, changed.json
    elif end == "phone changed":
        client.import_dealers(dealer_row("D0001", user_row("buyer", "dealer_buyer", phone="+8619900009999")))
    else:
        assert (
            client.world.call("dealers", "POST", path, body={"reason": "r"}, token=client.admin, key="k").status == 200
        )
        if end == "of another dealer":
            client.import_dealers(dealer_row("D0002", user_row("buyer", "dealer_admin", phone=PHONE)))
    # Also before the account is closed at the identity provider.
    assert sign_in(client, carrier.codes[0]).status == 422
    client.world.drain()
    assert sign_in(client, carrier.codes[0]).status == 422


def test_machine_cannot_sign_in_by_code(client: DealersClient) -> None:
    answer = client.world.call("dealers", "POST", "/sign-in/codes", body={"username": "machine:M0"})
    assert answer.status == 422
    assert sign_in(client, "123456", "machine:M0").status == 422


def test_redelivered_event_texts_the_code_once(client: DealersClient, carrier: Carrier) -> None:
    ask(client)
    client.world.redeliver_everything()
    assert len(carrier.codes) == 1


def test_code_is_texted_at_night_and_beside_the_limit_of_notices(client: DealersClient, carrier: Carrier) -> None:
    with patch("services.notifications.sms.claims.SMS_PER_DAY", 0):
        for _ in range(4):
            client.world.clock.advance(hours=6)
            ask(client)
    assert len(carrier.codes) == 4


def test_code_is_texted_once_when_the_carrier_was_busy(client: DealersClient, carrier: Carrier) -> None:
    carrier.refusals = 1
    ask(client)
    assert len(carrier.codes) == 1
    assert sign_in(client, carrier.codes[0]).status == 200


def test_expired_code_is_not_texted(client: DealersClient, carrier: Carrier) -> None:
    with client.world.held_back("send-sms"):
        ask(client)
        client.world.clock.advance(minutes=5)
    client.world.drain()
    (text,) = [item for item in client.world.items("SMS#sms_") if item.get("template") == "sign_in_code"]
    assert (text["state"], text["reason"], carrier.codes) == ("skipped", "code-expired", [])


def test_code_is_in_no_item_answer_or_log(
    client: DealersClient, carrier: Carrier, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = ask(client)
    code = carrier.codes[0]
    wrong = sign_in(client, other_than(code))
    administrator = client.world.token(role="dealer_admin", dealer_id="D0001")
    texts = client.world.call("notifications", "GET", "/sms", token=administrator)
    assert any("******" in text["text"] and text["username"] == "buyer" for text in texts.json["texts"])
    events = client.world.call("notifications", "GET", "/events", token=client.admin)
    assert "sign-in-code" not in events.text
    signed_in = sign_in(client, code)
    assert signed_in.status == 200
    shown = [answer.text, wrong.text, signed_in.text, texts.text, events.text]
    whole = re.compile(rf"(?<![0-9A-Za-z]){code}(?![0-9A-Za-z])")
    items, logs = client.world.snapshot().values(), capsys.readouterr()
    assert [text for text in (*shown, *items, logs.out, logs.err) if whole.search(text)] == []
    assert PHONE not in logs.out + logs.err
