"""Mutations of the inbox, text messages and webhooks."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    # inbox
    Mutation(
        "an event delivered twice counts twice as unread",
        Kind.MISSING_DEDUPLICATION,
        "services.notifications:add_message",
        old="__transaction.create",
        new="__transaction.put",
        caught_by="test_however_often_everything_is_delivered_each_is_told_and_texted_once",
    ),
    Mutation(
        "a buyer reads messages about payments",
        Kind.LEAK,
        "services.notifications:READERS",
        old="{Mailbox.ACCOUNTS: _, **__others}",
        new="{Mailbox.ACCOUNTS: DEALER_ROLES, **__others}",
        caught_by="test_a_buyer_sees_nothing_of_payments",
    ),
    Mutation(
        "a user marks a message of a mailbox that the user may not read",
        Kind.MISSING_TENANT_CHECK,
        "services.notifications.inbox.read_inbox:mark_read",
        old="__box not in mailboxes_read_by(_)",
        new="__box is None",
        caught_by="test_reading_anothers_message_is_reading_none_and_changes_nothing",
    ),
    # text messages
    Mutation(
        "a text message is sent before it is claimed, and again after a crash",
        Kind.EFFECT_BEFORE_RECORD,
        "services.notifications.sms:_send",
        old="claim_text(__item, __phone, __now)",
        new="""
            provider().send(__item.sms_id, __phone, __item.template, __item.variables)
            claim_text(__item, __phone, __now)
        """,
        caught_by="test_a_shipment_is_texted_to_those_who_order_and_have_a_phone",
    ),
    Mutation(
        "a text message is sent again after its sender crashed",
        Kind.MISSING_DEDUPLICATION,
        "services.notifications:send_sms",
        old='_settle(__item, TextState.UNKNOWN, "interrupted", _)',
        new="_note(__item, provider().send(__item.sms_id, __item.phone_masked, __item.template, __item.variables))",
        caught_by="test_a_crash_while_sending_leaves_a_question_and_never_a_second_message",
    ),
    Mutation(
        "a phone gets one text message a day more than the limit",
        Kind.OFF_BY_ONE,
        "services.notifications:claim_text",
        old="SentTodayItem.sent < TEXTS_PER_DAY",
        new="SentTodayItem.sent <= TEXTS_PER_DAY",
        caught_by="test_a_phone_gets_no_more_than_its_share_of_a_day_in_shanghai",
    ),
    Mutation(
        "a text message is lost when the provider is busy",
        Kind.MISSING_RETRY,
        "services.notifications.sms:_send",
        old="raise ProviderBusy(_)",
        new="return",
        caught_by="test_a_busy_provider_is_asked_again_and_the_phone_does_not_lose_a_turn",
    ),
    Mutation(
        "a person who left the dealer still gets text messages",
        Kind.WRONG_SOURCE,
        "services.notifications:phone_today",
        old="__person.phone if _ else None",
        new="__person.phone",
        caught_by="test_a_person_who_left_or_changed_roles_meanwhile_is_not_texted",
    ),
    # webhooks
    Mutation(
        "a webhook is signed with the time of another zone",
        Kind.WRONG_SOURCE,
        "services.notifications:signed_headers",
        old="datetime.fromtimestamp(clock.epoch(__now), UTC)",
        new="__now",
        caught_by="test_the_time_of_the_signature_does_not_depend_on_the_zone_it_is_given_in",
    ),
    Mutation(
        "a replaced secret stops signing at once",
        Kind.REMOVED_CONDITION,
        "services.notifications:EndpointItem.sealed_secrets",
        old="[self.secret, __old] if __old else [self.secret]",
        new="[self.secret]",
        caught_by="test_a_new_secret_signs_at_once_and_the_old_one_a_day_longer",
    ),
    Mutation(
        "a webhook goes to a private address that its name resolves to",
        Kind.REMOVED_CONDITION,
        "services.notifications.webhooks.signed_post:_addresses",
        old="not __found or not all(_)",
        new="not __found",
        caught_by="test_a_name_that_resolves_to_such_an_address_is_refused_each_time",
    ),
    Mutation(
        "a private IPv4 address inside an IPv6 address counts as public",
        Kind.REMOVED_CONDITION,
        "services.notifications:is_public",
        old="""
            if __address in _NAT64:
                return _
        """,
        new="""
            if __address in _NAT64:
                return True
        """,
        caught_by="test_an_embedded_ipv4_is_judged_as_the_ipv4_itself",
    ),
    Mutation(
        "two runs of the schedule send the same webhook",
        Kind.MISSING_DEDUPLICATION,
        "services.notifications:claim_delivery",
        old="__transaction.update(DeliveryItem, __key, __actions, _, __label)",
        new="__transaction.update(DeliveryItem, __key, __actions, None, __label)",
        caught_by="test_of_two_runs_that_find_the_same_delivery_due_one_sends_it",
    ),
    Mutation(
        "a webhook is never tried again after a crash between claim and response",
        Kind.MISSING_RETRY,
        "services.notifications:claim_delivery",
        old="[DeliveryItem.gsi1sk.set(__due), *__others]",
        new="[DeliveryItem.gsi1pk.remove(), DeliveryItem.gsi1sk.set(__due), *__others]",
        caught_by="test_a_crash_between_claim_and_answer_is_tried_again_and_stands_in_the_log",
    ),
    Mutation(
        "a webhook is given up one attempt too early",
        Kind.OFF_BY_ONE,
        "services.notifications:next_delivery",
        old="__attempts >= MAX_ATTEMPTS",
        new="__attempts >= MAX_ATTEMPTS - 1",
        caught_by="test_ten_failures_over_three_days_exhaust_a_delivery_visibly",
    ),
    Mutation(
        "the recorded response contains the secret of an endpoint",
        Kind.LEAK,
        "services.notifications:_record_and_show",
        old="EndpointWithSecret(secret=None, **__fields)",
        new="EndpointWithSecret(secret=secret, **__fields)",
        caught_by="test_the_secret_is_shown_to_the_request_that_made_it_and_never_again",
    ),
)
