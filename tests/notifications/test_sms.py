"""Tests of text messages: each is sent once or has a visible reason, within limits, and no phone is exposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contracts.dealers import UserItem, user_key
from services.notifications.sms import list_sms
from services.notifications.sms import send_sms as sending
from services.notifications.sms.providers.provider import Rejected, Result, Unknown
from services.notifications.sms.send_sms import send_sms
from tests.notifications.fake_provider import FakeProvider
from tests.notifications.fixtures import (
    PHONES,
    add_user,
    publish,
    recorded_sms,
    sms_by_user,
    sms_states,
    store_event,
    suspend_dealer,
)
from tests.notifications.sample_events import EVENTS, order_shipped
from tests.support.functions import STAGE, queue_record
from tests.support.gateway import Response
from tests.support.interruptions import Killed
from tests.support.log_capture import captured_log
from tests.support.world import World


def test_shipment_sms_goes_to_buyers_with_a_phone(dealer_world: World) -> None:
    publish(dealer_world, order_shipped())
    text = "【渠道】订单D0001-000123于2026-11-23发货12件,运单SF1234567890123。"
    assert recorded_sms(dealer_world) == [(PHONES["boss"], text), (PHONES["buyer"], text)]
    assert sms_states(dealer_world) == {"boss": ("accepted", None), "buyer": ("accepted", None)}


def test_redelivery_creates_no_second_message_or_sms(fast_dealer_world: World) -> None:
    for sequence, event in enumerate(EVENTS, 1):
        store_event(event, f"S-{sequence}")
    fast_dealer_world.drain()
    before = fast_dealer_world.snapshot()
    sent = recorded_sms(fast_dealer_world)
    # Fifteen templates to the administrator and one more user, a credit hold and an answered objection to all three,
    # changed terms to each once, and an overdue order to the administrator of head office. A second answer waits.
    assert len(sent) == 2 * 15 + 3 + 3 + 3 + 1
    fast_dealer_world.redeliver_everything()
    assert recorded_sms(fast_dealer_world) == sent
    assert fast_dealer_world.snapshot() == before


def test_staff_see_every_sms_with_masked_phone(dealer_world: World) -> None:
    publish(dealer_world, order_shipped())
    answer = dealer_world.call("notifications", "GET", "/sms", token=dealer_world.token(role="finance"))
    assert [text["phone_masked"] for text in answer.json["texts"]] == ["+86138****0002", "+86138****0001"]
    assert answer.json["texts"][0]["state"] == "accepted"
    assert not any(phone in answer.text for phone in PHONES.values())
    for role in ("dealer_buyer", "dealer_accountant"):
        token = dealer_world.token(role=role, dealer_id="D0001")
        assert dealer_world.call("notifications", "GET", "/sms", token=token).status == 403


def test_dealer_administrator_sees_the_sms_to_its_own_users(dealer_world: World) -> None:
    publish(dealer_world, order_shipped())

    def shown(dealer_id: str) -> list[dict[str, Any]]:
        token = dealer_world.token(role="dealer_admin", dealer_id=dealer_id)
        answer = dealer_world.call("notifications", "GET", "/sms", token=token)
        assert answer.status == 200 and not any(phone in answer.text for phone in PHONES.values())
        found: list[dict[str, Any]] = answer.json["texts"]
        return found

    texts = shown("D0001")
    assert [text["phone_masked"] for text in texts] == ["+86138****0002", "+86138****0001"]
    assert {(text["state"], text["state_zh"]) for text in texts} == {("accepted", "通道已受理")}
    assert {(text["event_type"], text["dealer_id"]) for text in texts} == {("order.shipped.v1", "D0001")}
    assert shown("D0002") == [], "another dealer sees none of them"


def test_sms_list_of_a_dealer_has_pages(dealer_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_sms, "PAGE_SIZE", 3)
    for number in range(2):
        store_event(order_shipped(order_id=f"D0001-{number:06d}"), f"D0001-{number:06d}")
    dealer_world.drain()
    token = dealer_world.token(role="dealer_admin", dealer_id="D0001")
    first = dealer_world.call("notifications", "GET", "/sms", token=token).json
    second = dealer_world.call("notifications", "GET", "/sms", token=token, query={"cursor": first["next_cursor"]}).json
    times = [text["queued_at"] for text in first["texts"] + second["texts"]]
    ids = {text["sms_id"] for text in first["texts"] + second["texts"]}
    assert len(ids) == len(times) == 4 and times == sorted(times, reverse=True) and second["next_cursor"] is None


def test_sms_list_has_pages(dealer_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_sms, "PAGE_SIZE", 3)
    for number in range(2):
        store_event(order_shipped(order_id=f"D0001-{number:06d}"), f"D0001-{number:06d}")
    dealer_world.drain()
    token = dealer_world.token(role="admin")
    first = dealer_world.call("notifications", "GET", "/sms", token=token).json
    second = dealer_world.call("notifications", "GET", "/sms", token=token, query={"cursor": first["next_cursor"]}).json
    ids = [text["sms_id"] for text in first["texts"] + second["texts"]]
    assert len(ids) == len(set(ids)) == 4 and second["next_cursor"] is None


# ---- failures between the system and the provider ----


def test_crash_during_send_leaves_sms_unknown_and_sends_no_second(
    dealer_world: World, fake_provider: FakeProvider
) -> None:
    fake_provider.results = [Killed()]
    store_event(order_shipped(), "D0001-000123")
    with pytest.raises(Killed):
        dealer_world.drain()
    assert "sending" in [state for state, _ in sms_states(dealer_world).values()]
    dealer_world.drain()
    dealer_world.redeliver_everything()
    assert sorted(sms_states(dealer_world).values()) == [("accepted", None), ("unknown", "interrupted")]
    assert len(fake_provider.sent) == 2, "one attempt for each user"


def test_late_provider_answer_is_recorded_after_redelivery_set_unknown(
    dealer_world: World, fake_provider: FakeProvider
) -> None:
    redelivered: list[Any] = []

    class SlowProvider(FakeProvider):
        def send(self, message_id: str, phone: str, template_key: str, variables: Mapping[str, str]) -> Result:
            if not redelivered:
                redelivered.append(True)
                send_sms(queued[0])  # a redelivery while the provider prepares its answer
                assert "unknown" in [state for state, _ in sms_states(dealer_world).values()]
            return super().send(message_id, phone, template_key, variables)

    slow = SlowProvider()
    store_event(order_shipped(), "D0001-000123")
    queued: list[Any] = []
    original = send_sms

    def send_and_record(message: Any) -> None:
        queued.append(message)
        original(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "configured_provider", lambda: slow)
        patch.setattr(sending, "send_sms", send_and_record)
        dealer_world.drain()
    assert sorted(sms_states(dealer_world).values()) == [("accepted", None), ("accepted", None)]
    assert len(slow.sent) == 2


def test_unknown_and_failed_sms_are_never_sent_again(dealer_world: World, fake_provider: FakeProvider) -> None:
    fake_provider.results = [Unknown("ReadTimeoutError"), Rejected("not-valid")]
    publish(dealer_world, order_shipped())
    assert sorted(sms_states(dealer_world).values()) == [("failed", "not-valid"), ("unknown", "ReadTimeoutError")]
    before = dealer_world.snapshot()
    dealer_world.redeliver_everything()
    assert dealer_world.snapshot() == before and len(fake_provider.sent) == 2


def list_failed_sms(world: World, **query: str) -> Response:
    """Return the answer to a clerk who asks for the failed text messages."""
    query = {"state": "failed", **query}
    return world.call("notifications", "GET", "/sms", token=world.token(role="assistant"), query=query)


def test_list_of_failed_sms_has_refused_ones_only(dealer_world: World, fake_provider: FakeProvider) -> None:
    fake_provider.results = [Unknown("ReadTimeoutError"), Rejected("not-valid")]
    publish(dealer_world, order_shipped())
    (text,) = list_failed_sms(dealer_world).json["texts"]
    assert (text["state"], text["reason"]) == ("failed", "not-valid")
    dealer_world.redeliver_everything()
    assert len(list_failed_sms(dealer_world).json["texts"]) == 1


def test_list_of_failed_sms_has_pages_newest_first(
    dealer_world: World, fake_provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_sms, "PAGE_SIZE", 3)
    fake_provider.results = [Rejected("not-valid")] * 4
    for number in range(2):
        dealer_world.clock.advance(minutes=2)
        publish(dealer_world, order_shipped(order_id=f"D0001-{number:06d}"), f"D0001-{number:06d}")
    first = list_failed_sms(dealer_world).json
    second = list_failed_sms(dealer_world, cursor=first["next_cursor"]).json
    texts = first["texts"] + second["texts"]
    assert len({text["sms_id"] for text in texts}) == 4 and second["next_cursor"] is None
    assert [text["subject"][-1] for text in texts] == ["1", "1", "0", "0"]
    everything = {"cursor": first["next_cursor"]}
    token = dealer_world.token(role="assistant")
    assert dealer_world.call("notifications", "GET", "/sms", token=token, query=everything).status == 400


def test_temporary_refusal_is_retried_and_does_not_use_the_daily_limit(
    dealer_world: World, fake_provider: FakeProvider
) -> None:
    fake_provider.results = [Rejected("throttled", temporary=True)] * 3
    publish(dealer_world, order_shipped())
    assert set(sms_states(dealer_world).values()) == {("accepted", None)}
    assert len(fake_provider.sent) == 2 + 3
    days = [item["sent"] for item in dealer_world.items("SMS#PHONE#") if item["sk"].startswith("DAY#")]
    assert days == [1, 1]


def test_sms_stays_queued_with_dead_letter_when_provider_refuses_all_attempts(
    dealer_world: World, fake_provider: FakeProvider
) -> None:
    fake_provider.results = [Rejected("throttled", temporary=True)] * 50
    store_event(order_shipped(), "D0001-000123")
    drained = dealer_world.drain(may_fail=True)
    assert {letter.queue for letter in drained.dead} == {"qudao-test-send-sms-dlq"}
    assert set(sms_states(dealer_world).values()) == {("queued", None)}


# ---- recipients at the time of sending ----


def queue_shipment_sms(dealer_world: World) -> None:
    """Queue text messages about a shipment; none is sent yet."""
    store_event(order_shipped(), "D0001-000123")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "send_sms", _fail)
        dealer_world.drain(may_fail=True)
    assert set(sms_states(dealer_world).values()) == {("queued", None)}


def _fail(_: Any) -> None:
    raise ConnectionError("not yet")


def send_dead_letters(dealer_world: World) -> None:
    for letter in dealer_world.dead_letters():
        record = queue_record("m", letter.body, f"qudao-{STAGE}-send-sms")
        assert dealer_world.invoke("notifications", "send_sms", {"Records": [record]}) == {"batchItemFailures": []}


def test_sms_is_skipped_when_the_dealer_was_suspended_meanwhile(
    dealer_world: World, fake_provider: FakeProvider
) -> None:
    queue_shipment_sms(dealer_world)
    suspend_dealer("D0001")
    send_dead_letters(dealer_world)
    assert set(sms_states(dealer_world).values()) == {("skipped", "not-a-recipient")} and fake_provider.sent == []


def test_sms_is_skipped_when_the_user_left_or_changed_roles(dealer_world: World, fake_provider: FakeProvider) -> None:
    queue_shipment_sms(dealer_world)
    UserItem.get(*user_key("D0001", "boss")).delete()
    add_user("D0001", "buyer", "dealer_accountant", PHONES["buyer"])
    send_dead_letters(dealer_world)
    assert set(sms_states(dealer_world).values()) == {("skipped", "not-a-recipient")} and fake_provider.sent == []


def test_sms_goes_to_the_present_phone_of_the_user(dealer_world: World, fake_provider: FakeProvider) -> None:
    queue_shipment_sms(dealer_world)
    add_user("D0001", "buyer", "dealer_buyer", "+8615500000042")
    send_dead_letters(dealer_world)
    assert sorted(phone for _, phone in fake_provider.sent) == sorted(["+8615500000042", PHONES["boss"]])
    assert sms_by_user(dealer_world)["buyer"]["phone_masked"] == "+86155****0042"


# ---- secrets ----


def test_log_and_metrics_contain_no_phone(
    dealer_world: World, fake_provider: FakeProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    with captured_log() as lines:
        fake_provider.results = [
            Rejected("throttled", temporary=True),
            Unknown("x"),
            RuntimeError("boom"),
            Rejected("no"),
        ]
        for number, event in enumerate(EVENTS):
            store_event(event, f"S-{number}")
        dealer_world.drain(may_fail=True)
        dealer_world.call("notifications", "GET", "/sms", token=dealer_world.token(role="admin"))
    printed = capfd.readouterr()
    output = lines.getvalue() + printed.out + printed.err
    assert '"sms_id"' in output and "SmsUnknown" in output and "boom" in output, "the log is captured"
    for phone in PHONES.values():
        assert phone.removeprefix("+86") not in output
