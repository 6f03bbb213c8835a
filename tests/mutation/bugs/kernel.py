"""What every service stands on."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

BUGS = (
    Bug(
        "another amount under a used key is answered as if it had been booked",
        Kind.REMOVED_CONDITION,
        "kernel/http/idempotency.py",
        old="        if found.fingerprint != self.fingerprint:\n            raise KeyReused\n",
        new="",
        caught_by="tests/kernel/test_app.py::test_the_same_key_with_another_body_is_refused_and_changes_nothing",
    ),
    Bug(
        "a request sent twice is carried out twice",
        Kind.DROPPED_DEDUP,
        "kernel/http/idempotency.py",
        old="        transaction.create(\n            IdempotencyItem(",
        new="        transaction.put(\n            IdempotencyItem(",
        caught_by="tests/kernel/test_app.py::test_the_same_key_gives_the_same_answer_byte_for_byte_and_does_it_once",
    ),
    Bug(
        "two dealers that use one key get each other's answers",
        Kind.MISSING_TENANT,
        "kernel/http/idempotency.py",
        old='return f"IDEMPOTENCY#{self.who}", ',
        new='return "IDEMPOTENCY#ALL", ',
        caught_by="tests/kernel/test_app.py::test_the_same_key_of_another_dealer_is_another_key",
    ),
    Bug(
        "a key is forgotten while its message still waits in a queue",
        Kind.OFF_BY_ONE,
        "kernel/http/idempotency.py",
        old="_KEPT = timedelta(days=30)",
        new="_KEPT = timedelta(days=3)",
        caught_by="tests/kernel/test_app.py::test_the_key_outlives_every_queue_and_is_then_forgotten",
    ),
    Bug(
        "a message that fails is deleted from its queue",
        Kind.SWALLOWED_FAILURE,
        "kernel/messaging/consumer.py",
        old='        observability.count("MessageFailed")\n        return False\n',
        new='        observability.count("MessageFailed")\n',
        caught_by="tests/kernel/test_consumer.py::test_exactly_the_failed_messages_come_back_and_the_others_are_done",
    ),
    Bug(
        "a message is begun that there is no time to finish",
        Kind.REMOVED_CONDITION,
        "kernel/messaging/consumer.py",
        old="if not _time_left(context, message_seconds) or not _handled(record, handle):",
        new="if not _handled(record, handle):",
        caught_by="tests/kernel/test_consumer.py::test_no_message_is_begun_without_time_to_finish_it",
    ),
    Bug(
        "what the stream misses is never announced, because the sweeper does not find it",
        Kind.LOST_ANNOUNCEMENT,
        "kernel/messaging/outbox.py",
        old="        gsi1pk=shard_key(crc32((command.group if command else pk).encode()) % SHARDS),\n",
        new="",
        caught_by="tests/relay/test_relay.py::test_the_sweeper_finds_what_the_stream_never_told",
    ),
    Bug(
        "what somebody else changed meanwhile is overwritten",
        Kind.REMOVED_CONDITION,
        "kernel/store/table.py",
        old="        if unchanged:\n",
        new="        if unchanged and not values:\n",
        caught_by=(
            "tests/kernel/test_table.py::test_attributes_are_set_and_taken_away_by_name_if_the_item_is_as_it_was_read"
        ),
    ),
    Bug(
        "two commands of one group stand in two shards and overtake each other",
        Kind.SWAPPED_ORDER,
        "kernel/messaging/outbox.py",
        old="crc32((command.group if command else pk).encode())",
        new="crc32(f'{pk}{sequence}'.encode())",
        caught_by="tests/kernel/test_outbox.py::test_one_group_always_falls_into_one_shard",
    ),
    Bug(
        "a repeated attempt announces a second event beside the first",
        Kind.DROPPED_DEDUP,
        "kernel/messaging/events.py",
        old='id=f"evt_{subject}_{sequence}",',
        new='id=f"evt_{subject}_{sequence}_{clock.stamp()}",',
        caught_by="tests/kernel/test_outbox.py::test_a_repeated_attempt_makes_the_same_event",
    ),
    Bug(
        "the cursor of one dealer opens the list of another",
        Kind.MISSING_TENANT,
        "kernel/store/cursors.py",
        old="if bound != bound_to or not isinstance(key, dict):",
        new="if not isinstance(key, dict):",
        caught_by="tests/kernel/test_sealing.py::test_a_cursor_is_refused_for_another_dealer_route_or_filter",
    ),
    Bug(
        "of a key that stands twice in a body the last one wins, silently",
        Kind.REMOVED_CONDITION,
        "kernel/base/strict_json.py",
        old='    if len(found) != len(pairs):\n        raise ValueError("a key stands twice in one object")\n',
        new="",
        caught_by="tests/kernel/test_strict_json.py::test_a_route_answers_broken_json_with_a_problem_and_does_nothing",
    ),
    Bug(
        "a token made for another client of the same issuer lets its bearer in",
        Kind.REMOVED_CONDITION,
        "kernel/http/principal.py",
        old='            options={"require": [',
        new='            options={"verify_aud": False, "require": [',
        caught_by="tests/kernel/test_principal.py::test_a_token_that_is_not_the_issuers_for_us_lets_nobody_in",
    ),
    Bug(
        "a dealer's user who is also given a staff role sees every dealer",
        Kind.MISSING_TENANT,
        "kernel/http/principal.py",
        old="        return roles <= DEALER_ROLES\n",
        new="        return bool(roles & DEALER_ROLES)\n",
        caught_by="tests/kernel/test_principal.py::test_a_token_that_is_not_the_issuers_for_us_lets_nobody_in",
    ),
    Bug(
        "a clerk called like a dealer shares its keys and cursors",
        Kind.MISSING_TENANT,
        "kernel/http/principal.py",
        old='return self.dealer_id or f"user:{self.user_id}"',
        new="return self.dealer_id or self.user_id",
        caught_by="tests/kernel/test_principal.py::test_no_staff_user_shares_keys_and_cursors_with_a_dealer",
    ),
    Bug(
        "half a fen is given away on every line",
        Kind.WRONG_ROUNDING,
        "kernel/base/money.py",
        old="    return (2 * numerator + denominator) // (2 * denominator)",
        new="    return numerator // denominator",
        caught_by="tests/kernel/test_money.py::test_half_a_fen_goes_up",
    ),
    Bug(
        "tax is taken on the gross amount instead of out of it",
        Kind.WRONG_ROUNDING,
        "kernel/base/money.py",
        old="    return _half_up(gross_fen * rate_percent, 100 + rate_percent)",
        new="    return _half_up(gross_fen * rate_percent, 100)",
        caught_by="tests/kernel/test_money.py::test_known_taxes",
    ),
    Bug(
        "what happens in Shanghai before eight in the morning is booked on the day before",
        Kind.WRONG_ROUNDING,
        "kernel/time/clock.py",
        old="return moment.astimezone(BUSINESS_ZONE).date()",
        new="return moment.astimezone(UTC).date()",
        caught_by="tests/kernel/test_small_words.py::test_the_business_day_begins_at_midnight_in_shanghai",
    ),
    Bug(
        "a fault of ours tells the caller what went wrong inside",
        Kind.LEAK,
        "kernel/http/app.py",
        old=(
            '            "internal-error", "系统错误,已记录,请稍后重试 / our fault and recorded; retry later", '
            "request_id=request_id\n"
        ),
        new='            "internal-error", repr(__import__("sys").exc_info()[1]), request_id=request_id\n',
        caught_by="tests/kernel/test_app.py::test_a_fault_of_ours_is_told_without_its_cause",
    ),
    Bug(
        "whoever is signed in may call every route",
        Kind.REMOVED_CONDITION,
        "kernel/http/app.py",
        old="    if not caller.roles & operation.roles:\n        raise NotAllowed\n",
        new="",
        caught_by="tests/kernel/test_app.py::test_a_role_the_route_does_not_name_is_refused_before_the_body_is_read",
    ),
    Bug(
        "a path value with a mark of keys in it reads into another item",
        Kind.REMOVED_CONDITION,
        "kernel/http/app.py",
        old=' and "#" not in value and ',
        new=" and ",
        caught_by=(
            "tests/kernel/test_app.py::test_a_path_value_that_can_name_nothing_is_not_found_and_reaches_no_handler"
        ),
    ),
)
