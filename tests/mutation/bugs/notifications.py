"""Inbox, text messages and webhooks."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

_TEXTS = "services/notifications/table/texts.py"
_TEXTING = "services/notifications/commands/texting.py"
_HOOKS = "services/notifications/commands/hooks.py"
_DELIVERIES = "services/notifications/table/deliveries.py"
_WEBHOOKS = "services/notifications/signed_post.py"

BUGS = (
    Bug(
        "an event delivered twice is counted twice among the unread",
        Kind.DROPPED_DEDUP,
        "services/notifications/table/mailboxes.py",
        old='    transaction.create(item, f"message {to}")\n',
        new='    transaction.put(item, f"message {to}")\n',
        caught_by=(
            "tests/notifications/test_texts.py::test_however_often_everything_is_delivered_each_is_told_and_texted_once"
        ),
    ),
    Bug(
        "a buyer reads of payments",
        Kind.LEAK,
        "services/notifications/domain.py",
        old="    Box.ACCOUNTS: _ACCOUNTANTS,\n",
        new="    Box.ACCOUNTS: DEALER_ROLES,\n",
        caught_by="tests/notifications/test_inbox.py::test_a_buyer_sees_nothing_of_payments",
    ),
    Bug(
        "a message of another dealer's mailbox can be marked as read",
        Kind.MISSING_TENANT,
        "services/notifications/commands/telling.py",
        old="    if box not in domain.boxes_of(caller.roles):\n        raise NotFound\n",
        new="    if box is None:\n        raise NotFound\n",
        caught_by=(
            "tests/notifications/test_inbox.py::test_reading_anothers_message_is_reading_none_and_changes_nothing"
        ),
    ),
    Bug(
        "a text is handed over before it is claimed, and again after a crash",
        Kind.EFFECT_BEFORE_RECORD,
        _TEXTING,
        old="    try:\n        texts.claim_text(item, phone, now)\n",
        new=(
            "    try:\n        provider().send(item.sms_id, phone, item.template, item.variables)\n"
            "        texts.claim_text(item, phone, now)\n"
        ),
        caught_by="tests/notifications/test_texts.py::test_a_shipment_is_texted_to_those_who_order_and_have_a_phone",
    ),
    Bug(
        "a text whose sender died is sent again",
        Kind.DROPPED_DEDUP,
        _TEXTING,
        old='        _settle(item, TextState.UNKNOWN, "interrupted", [TextState.SENDING])\n',
        new="        _note(item, provider().send(item.sms_id, item.phone_masked, item.template, item.variables))\n",
        caught_by=(
            "tests/notifications/test_texts.py::test_a_crash_while_sending_leaves_a_question_and_never_a_second_message"
        ),
    ),
    Bug(
        "a phone gets one text a day more than it may",
        Kind.OFF_BY_ONE,
        _TEXTS,
        old="(SentTodayItem.sent < domain.TEXTS_PER_DAY)",
        new="(SentTodayItem.sent <= domain.TEXTS_PER_DAY)",
        caught_by="tests/notifications/test_texts.py::test_a_phone_gets_no_more_than_its_share_of_a_day_in_shanghai",
    ),
    Bug(
        "a text the provider was too busy for is lost",
        Kind.MISSING_RETRY,
        _TEXTING,
        old="        texts.unclaim_text(item, phone, now)\n        raise ProviderBusy(result.reason)\n",
        new="        texts.unclaim_text(item, phone, now)\n        return\n",
        caught_by=(
            "tests/notifications/test_texts.py::test_a_busy_provider_is_asked_again_and_the_phone_does_not_lose_a_turn"
        ),
    ),
    Bug(
        "somebody who left the dealer is still texted",
        Kind.WRONG_SOURCE,
        "services/notifications/table/people.py",
        old="    return person.phone if roles & set(person.roles) else None\n",
        new="    return person.phone\n",
        caught_by=(
            "tests/notifications/test_texts.py::test_a_person_who_left_or_changed_roles_meanwhile_is_not_texted"
        ),
    ),
    Bug(
        "a webhook is signed with the time of another zone",
        Kind.WRONG_SOURCE,
        _WEBHOOKS,
        old="    moment = datetime.fromtimestamp(clock.epoch(now), UTC)\n",
        new="    moment = now\n",
        caught_by=(
            "tests/notifications/test_webhooks.py::"
            "test_the_time_of_the_signature_does_not_depend_on_the_zone_it_is_given_in"
        ),
    ),
    Bug(
        "a secret that was replaced stops signing at once",
        Kind.REMOVED_CONDITION,
        "services/notifications/table/endpoints.py",
        old="        return [self.secret, old] if old else [self.secret]\n",
        new="        del old\n        return [self.secret]\n",
        caught_by="tests/notifications/test_hooks.py::test_a_new_secret_signs_at_once_and_the_old_one_a_day_longer",
    ),
    Bug(
        "a webhook goes to whatever a harmless name resolves to by now",
        Kind.REMOVED_CONDITION,
        _WEBHOOKS,
        old="    if not found or not all(is_public(address) for address in found):\n",
        new="    if not found:\n",
        caught_by=(
            "tests/notifications/test_addresses.py::test_a_name_that_resolves_to_such_an_address_is_refused_each_time"
        ),
    ),
    Bug(
        "an address of this machine written inside an IPv6 one is let through",
        Kind.REMOVED_CONDITION,
        "services/notifications/addresses.py",
        old="    if address in _NAT64:\n        return _public_v4(_v4(number))\n",
        new="    if address in _NAT64:\n        return True\n",
        caught_by="tests/notifications/test_addresses.py::test_an_embedded_ipv4_is_judged_as_the_ipv4_itself",
    ),
    Bug(
        "two runs of the schedule send one webhook twice",
        Kind.DROPPED_DEDUP,
        _DELIVERIES,
        old=(
            "    transaction.update(DeliveryItem, (item.pk, item.sk), actions, DeliveryItem.gsi1sk == "
            'seen, "delivery")\n'
        ),
        new='    del seen\n    transaction.update(DeliveryItem, (item.pk, item.sk), actions, None, "delivery")\n',
        caught_by="tests/notifications/test_hooks.py::test_of_two_runs_that_find_the_same_delivery_due_one_sends_it",
    ),
    Bug(
        "after a crash between claim and answer a webhook is never tried again",
        Kind.MISSING_RETRY,
        _DELIVERIES,
        old=(
            "    actions = [\n"
            "        DeliveryItem.gsi1sk.set(item.gsi1sk),\n"
            "        DeliveryItem.attempts.set(item.attempts),\n"
        ),
        new=(
            "    actions: list[Any] = [\n        DeliveryItem.gsi1pk.remove(),\n"
            "        DeliveryItem.gsi1sk.set(item.gsi1sk),\n        DeliveryItem.attempts.set(item.attempts),\n"
        ),
        caught_by=(
            "tests/notifications/test_hooks.py::"
            "test_a_crash_between_claim_and_answer_is_tried_again_and_stands_in_the_log"
        ),
    ),
    Bug(
        "a webhook is given up an attempt too early",
        Kind.OFF_BY_ONE,
        "services/notifications/domain.py",
        old="    if attempts >= MAX_ATTEMPTS:\n",
        new="    if attempts >= MAX_ATTEMPTS - 1:\n",
        caught_by="tests/notifications/test_hooks.py::test_ten_failures_over_three_days_exhaust_a_delivery_visibly",
    ),
    Bug(
        "the secret of an endpoint lies open in the table, in the answer kept for a repeat",
        Kind.LEAK,
        "services/notifications/commands/endpoints.py",
        old="    shown = api.EndpointWithSecret(**views.endpoint(item).model_dump(), secret=None)\n",
        new="    shown = api.EndpointWithSecret(**views.endpoint(item).model_dump(), secret=secret)\n",
        caught_by=(
            "tests/notifications/test_hooks.py::test_the_secret_is_shown_to_the_request_that_made_it_and_never_again"
        ),
    ),
)
