"""Mutations of the kernel."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "a used idempotency key with another body gets the recorded response",
        Kind.REMOVED_CONDITION,
        "kernel.http:IdempotencyKey.recorded_response",
        old="""
            if __found.fingerprint != self.fingerprint:
                raise KeyReused
        """,
        new="",
        caught_by="test_reused_key_with_another_body_is_refused_and_changes_nothing",
    ),
    Mutation(
        "a repeated request takes effect twice",
        Kind.MISSING_DEDUPLICATION,
        "kernel.http:IdempotencyKey.record_response",
        old="__transaction.create",
        new="__transaction.put",
        caught_by="test_repeated_key_gives_the_same_bytes_and_one_effect",
    ),
    Mutation(
        "dealers that use the same idempotency key get each other's responses",
        Kind.MISSING_TENANT_CHECK,
        "kernel.http:IdempotencyKey._item_key",
        old='f"IDEMPOTENCY#{_}"',
        new='"IDEMPOTENCY#ALL"',
        caught_by="test_key_of_another_dealer_is_another_key",
    ),
    Mutation(
        "an idempotency record expires before the message of its request",
        Kind.OFF_BY_ONE,
        "kernel.http:_RECORDED_FOR",
        old="timedelta(days=30)",
        new="timedelta(days=3)",
        caught_by="test_key_outlives_every_queue_and_then_expires",
    ),
    Mutation(
        "a message that fails is deleted from its queue",
        Kind.SWALLOWED_FAILURE,
        "kernel.messaging:_done",
        old="return False",
        new="return True",
        caught_by="test_message_that_could_not_be_sent_on_stays_in_its_queue",
    ),
    Mutation(
        "a failed message is forgotten instead of tried again",
        Kind.SWALLOWED_FAILURE,
        "kernel.messaging:retry_later",
        old="return False",
        new="return True",
        caught_by="test_failed_message_chooses_its_next_attempt",
    ),
    Mutation(
        "a group waits for a message that fails",
        Kind.REMOVED_CONDITION,
        "kernel.messaging:retry_later",
        old="name.endswith(_FIFO_SUFFIX)",
        new="False",
        caught_by="test_group_goes_on_while_one_of_its_messages_fails",
    ),
    Mutation(
        "a consumer starts a message that it has no time to finish",
        Kind.REMOVED_CONDITION,
        "kernel.messaging:each_message",
        old="not _time_left(_, _)",
        new="False",
        caught_by="test_message_is_not_begun_without_time_to_finish",
    ),
    Mutation(
        "the relay's sweep cannot find an event that the stream missed",
        Kind.LOST_EVENT,
        "kernel.messaging:outbox_event",
        old="EventItem(gsi1pk=_, **__fields)",
        new="EventItem(**__fields)",
        caught_by="test_sweep_sends_events_that_the_stream_missed",
    ),
    Mutation(
        "an update ignores its condition and overwrites a concurrent change",
        Kind.REMOVED_CONDITION,
        "kernel.store:Transaction.update_fields",
        old="""
            if __conditions:
                __update["ConditionExpression"] = __text
        """,
        new="""
            if __conditions and not values:
                __update["ConditionExpression"] = __text
        """,
        caught_by="test_update_sets_and_removes_fields_when_expected_values_are_stored",
    ),
    Mutation(
        "commands of one group are in different outbox shards and overtake each other",
        Kind.SWAPPED_ORDER,
        "kernel.messaging:outbox_event",
        old="crc32((__command.group if __command else __pk).encode())",
        new='crc32(f"{__pk}{sequence}".encode())',
        caught_by="test_command_group_is_always_in_one_shard",
    ),
    Mutation(
        "a repeated attempt publishes a second event",
        Kind.MISSING_DEDUPLICATION,
        "kernel.messaging:event_id",
        old='f"evt_{__subject}_{__sequence}"',
        new='f"evt_{__subject}_{__sequence}_{clock.stamp()}"',
        caught_by="test_repeated_attempt_has_the_same_event_id",
    ),
    Mutation(
        "the cursor of one dealer opens the list of another",
        Kind.MISSING_TENANT_CHECK,
        "kernel.store:open_cursor",
        old="__bound != __bound_to or __wrong_type",
        new="__wrong_type",
        caught_by="test_route_refuses_cursor_of_another_dealer_route_or_filter",
    ),
    Mutation(
        "the last value counts when a body repeats a key",
        Kind.REMOVED_CONDITION,
        "kernel.base:_unique_keys",
        old="""
            if len(_) != len(_):
                raise _NotAllowed(_, _)
        """,
        new="",
        caught_by="test_route_answers_invalid_json_with_a_problem",
    ),
    Mutation(
        "a token for another client of the issuer is accepted",
        Kind.REMOVED_CONDITION,
        "kernel.http:_verified",
        old='{"require": __claims}',
        new='{"require": __claims, "verify_aud": False}',
        caught_by="test_forged_token_is_refused",
    ),
    Mutation(
        "a dealer's user with an additional staff role sees every dealer",
        Kind.MISSING_TENANT_CHECK,
        "kernel.http:_consistent",
        old="__roles <= DEALER_ROLES",
        new="bool(__roles & DEALER_ROLES)",
        caught_by="test_forged_token_is_refused",
    ),
    Mutation(
        "a clerk with the name of a dealer shares its idempotency keys and cursors",
        Kind.MISSING_TENANT_CHECK,
        "kernel.http:Principal.scope",
        old='f"user:{self.user_id}"',
        new="self.user_id",
        caught_by="test_staff_user_and_dealer_have_different_scopes",
    ),
    Mutation(
        "half a fen is rounded down",
        Kind.WRONG_ROUNDING,
        "kernel.base:_half_up",
        old="(2 * __numerator + __denominator) // (2 * __denominator)",
        new="__numerator // __denominator",
        caught_by="test_half_a_fen_is_rounded_up",
    ),
    Mutation(
        "tax is added to the gross amount that contains it",
        Kind.WRONG_ROUNDING,
        "kernel.base:tax_within",
        old="100 + __rate_percent",
        new="100",
        caught_by="test_tax_of_known_amounts",
    ),
    Mutation(
        "the business day begins at midnight in UTC",
        Kind.WRONG_ROUNDING,
        "kernel.time:business_date",
        old="BUSINESS_ZONE",
        new="UTC",
        caught_by="test_business_day_begins_at_midnight_in_shanghai",
    ),
    Mutation(
        "a problem response shows the text of an internal error",
        Kind.LEAK,
        "kernel.http:error_response",
        old="""Problem("internal-error", _, **__fields)""",
        new="""Problem("internal-error", repr(__import__("sys").exc_info()[1]), **__fields)""",
        caught_by="test_internal_error_is_answered_without_its_cause",
    ),
    Mutation(
        "every signed-in user may call every route",
        Kind.REMOVED_CONDITION,
        "kernel.http:check_role",
        old="""
            if not __operation.public and not (__caller and __caller.roles & __operation.roles):
                raise NotAllowed
        """,
        new="",
        caught_by="test_other_role_is_refused_before_the_body_is_read",
    ),
    Mutation(
        "a path value with a separator of keys reads another item",
        Kind.REMOVED_CONDITION,
        "kernel.http:_is_valid_path_value",
        old='__length and "#" not in __value and __printable',
        new="__length and __printable",
        caught_by="test_invalid_path_value_is_not_found_and_reaches_no_handler",
    ),
)
