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
        caught_by="test_redelivery_creates_no_second_message_or_sms",
    ),
    Mutation(
        "a buyer reads messages about payments",
        Kind.LEAK,
        "services.notifications:READERS",
        old="{Mailbox.ACCOUNTS: _, **__others}",
        new="{Mailbox.ACCOUNTS: DEALER_ROLES, **__others}",
        caught_by="test_buyer_does_not_see_payment_messages",
    ),
    Mutation(
        "a user marks a message of a mailbox that the user may not read",
        Kind.MISSING_TENANT_CHECK,
        "services.notifications:mark_as_read",
        old="__box not in mailboxes_read_by(_)",
        new="__box is None",
        caught_by="test_read_is_not_found_for_messages_of_other_mailboxes",
    ),
    # text messages
    Mutation(
        "a text message is sent before it is claimed, and again after a crash",
        Kind.EFFECT_BEFORE_RECORD,
        "services.notifications.sms:_send",
        old="claim_sms(__item, __phone, __now)",
        new="""
            configured_provider().send(__item.sms_id, __phone, __item.template, __item.variables)
            claim_sms(__item, __phone, __now)
        """,
        caught_by="test_shipment_sms_goes_to_buyers_with_a_phone",
    ),
    Mutation(
        "a text message is sent again after its sender crashed",
        Kind.MISSING_DEDUPLICATION,
        "services.notifications:send_sms",
        old='_finish(__item, SmsState.UNKNOWN, "interrupted", _)',
        new="""
            provider = configured_provider()
            _record(__item, provider.send(__item.sms_id, __item.phone_masked, __item.template, __item.variables))
        """,
        caught_by="test_crash_during_send_leaves_sms_unknown_and_sends_no_second",
    ),
    Mutation(
        "a phone gets one text message a day more than the limit",
        Kind.OFF_BY_ONE,
        "services.notifications:_count_against_limits",
        old="SmsDayCountItem.sent < SMS_PER_DAY",
        new="SmsDayCountItem.sent <= SMS_PER_DAY",
        caught_by="test_daily_limit_of_a_phone_counts_days_in_shanghai",
    ),
    Mutation(
        "a text message is lost when the provider is busy",
        Kind.MISSING_RETRY,
        "services.notifications.sms:_send",
        old="raise ProviderBusy(_)",
        new="return",
        caught_by="test_temporary_refusal_is_retried_and_does_not_use_the_daily_limit",
    ),
    Mutation(
        "a person who left the dealer still gets text messages",
        Kind.WRONG_SOURCE,
        "services.notifications:current_phone",
        old="__person.phone if _ else None",
        new="__person.phone",
        caught_by="test_sms_is_skipped_when_the_user_left_or_changed_roles",
    ),
    # webhooks
    Mutation(
        "a webhook is signed with the time of another zone",
        Kind.WRONG_SOURCE,
        "services.notifications:signed_headers",
        old="datetime.fromtimestamp(clock.epoch(__now), UTC)",
        new="__now",
        caught_by="test_signature_time_does_not_depend_on_the_time_zone",
    ),
    Mutation(
        "a replaced secret stops signing at once",
        Kind.REMOVED_CONDITION,
        "services.notifications:EndpointItem.sealed_secrets",
        old="[self.secret, __old] if __old else [self.secret]",
        new="[self.secret]",
        caught_by="test_old_secret_signs_for_one_more_day_after_rotation",
    ),
    Mutation(
        "a webhook goes to a private address that its name resolves to",
        Kind.REMOVED_CONDITION,
        "services.notifications.webhooks.signed_post:_addresses",
        old="not __found or not all(_)",
        new="not __found",
        caught_by="test_host_is_refused_when_it_resolves_to_a_forbidden_address",
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
        caught_by="test_embedded_ipv4_has_the_result_of_the_ipv4_itself",
    ),
    Mutation(
        "two runs of the schedule send the same webhook",
        Kind.MISSING_DEDUPLICATION,
        "services.notifications:claim_delivery",
        old="update_of(__item, __values, expected=_)",
        new="update_of(__item, __values)",
        caught_by="test_second_run_sends_nothing_when_the_first_claimed_the_delivery",
    ),
    Mutation(
        "a webhook is never tried again after a crash between claim and response",
        Kind.MISSING_RETRY,
        "services.notifications:claim_delivery",
        old='{"gsi1sk": __due, "attempts": __number, **__others}',
        new='{"gsi1pk": None, "gsi1sk": __due, "attempts": __number, **__others}',
        caught_by="test_interrupted_attempt_is_logged_and_retried",
    ),
    Mutation(
        "a webhook is given up one attempt too early",
        Kind.OFF_BY_ONE,
        "services.notifications:next_step",
        old="__attempts >= MAX_ATTEMPTS",
        new="__attempts >= MAX_ATTEMPTS - 1",
        caught_by="test_delivery_is_exhausted_after_ten_failures_over_three_days",
    ),
    Mutation(
        "the recorded response contains the secret of an endpoint",
        Kind.LEAK,
        "services.notifications:_commit_and_show",
        old="EndpointWithSecret(secret=None, **__fields)",
        new="EndpointWithSecret(secret=secret, **__fields)",
        caught_by="test_secret_is_shown_only_to_the_request_that_created_it",
    ),
)
