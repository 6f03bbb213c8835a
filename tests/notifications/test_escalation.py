"""Tests of the escalation contact: an overdue urgent order is texted to the person that its event names."""

from __future__ import annotations

import pytest

from contracts.dealers import UserItem, user_key
from contracts.escalation import OrderOverdue
from services.notifications.inbox.rendering import render_messages
from tests.notifications.fixtures import PHONES, add_user, publish, recorded_sms, sms_states, store_event
from tests.notifications.sample_events import IN_REVIEW
from tests.notifications.test_sms_limits import find_violations
from tests.support.world import World

OVERDUE = OrderOverdue(
    **IN_REVIEW, due_at="2026-11-23T02:30:00.000Z", escalation_contact="clerk", escalation_name="周主管"
)
TEXT = "【渠道】加急订单D0001-000123已超时未审核,请立即处理。"


def test_overdue_order_is_texted_to_its_contact_and_to_no_administrator(dealer_world: World) -> None:
    publish(dealer_world, OVERDUE)
    assert recorded_sms(dealer_world) == [(PHONES["clerk"], TEXT)]
    assert find_violations(dealer_world) == []


def test_overdue_order_without_contact_is_texted_to_all_administrators(dealer_world: World) -> None:
    add_user(None, "deputy", "admin", "+8613700000009")
    add_user(None, "silent", "admin", None)
    publish(dealer_world, OVERDUE.model_copy(update={"escalation_contact": None, "escalation_name": None}))
    assert recorded_sms(dealer_world) == [(PHONES["chief"], TEXT), ("+8613700000009", TEXT)]


def test_message_names_the_contact_in_both_languages() -> None:
    (message,) = render_messages(OVERDUE)
    assert message.text_zh.endswith("升级联系人:周主管。") and message.text_en.endswith("Escalated to 周主管.")
    (unnamed,) = render_messages(OVERDUE.model_copy(update={"escalation_contact": None, "escalation_name": None}))
    assert unnamed.text_zh.endswith("未设升级联系人,短信发给系统管理员。")


@pytest.mark.parametrize("lost", ["phone", "role", "user"])
def test_administrators_get_the_text_when_the_contact_is_no_longer_reached(dealer_world: World, lost: str) -> None:
    user = UserItem.get(*user_key(None, "clerk"))
    if lost == "phone":
        user.phone = "+862087654321"
    elif lost == "role":
        user.roles = {"finance"}
    else:
        user.removed_at = "2026-11-20T02:00:00.000Z"
    user.save()
    publish(dealer_world, OVERDUE)
    assert recorded_sms(dealer_world) == [(PHONES["chief"], TEXT)]


def test_text_is_skipped_when_its_contact_lost_the_role(dealer_world: World) -> None:
    store_event(OVERDUE, "D0001-000123")
    with dealer_world.held_back("send-sms"):
        dealer_world.drain()
        add_user(None, "clerk", "finance", PHONES["clerk"])
    dealer_world.drain()
    assert sms_states(dealer_world) == {"clerk": ("skipped", "not-a-recipient")}


def test_redelivered_overdue_event_texts_no_second_time(dealer_world: World) -> None:
    publish(dealer_world, OVERDUE)
    dealer_world.redeliver_everything()
    assert recorded_sms(dealer_world) == [(PHONES["clerk"], TEXT)]
