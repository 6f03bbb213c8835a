"""Mutations of the dealers service: dealers, their users and accounts."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "an import of dealers activates a suspended dealer",
        Kind.WRONG_SOURCE,
        "services.dealers:dealer_changes",
        old='{"status": DealerStatus.ACTIVE, **__fields}',
        new='{**__fields, "status": DealerStatus.ACTIVE}',
        caught_by="test_import_keeps_a_suspended_dealer_suspended",
    ),
    Mutation(
        "two administrators leave at the same time and no administrator remains",
        Kind.REMOVED_CONDITION,
        "services.dealers:ChangeGroup.write",
        old="__transaction.check(UserItem, *_)",
        new="",
        caught_by="test_two_administrators_cannot_step_down_at_once",
    ),
    Mutation(
        "a user name in use is given to the user of another dealer",
        Kind.REMOVED_CONDITION,
        "services.dealers:_user_change",
        old="ConditionalPut(username_item(__user, **__invitation), _)",
        new="ConditionalPut(username_item(__user, **__invitation), Item.sk.does_not_exist() | Item.sk.exists())",
        caught_by="test_user_name_is_refused_when_taken_meanwhile",
    ),
    Mutation(
        "a user is registered without an event, so no account is opened",
        Kind.LOST_EVENT,
        "services.dealers:_user_change",
        old="[__put_user, ConditionalPut(event, _)]",
        new="[__put_user]",
        caught_by="test_each_user_version_is_published_once_with_its_sequence",
    ),
    Mutation(
        "an account gets the values of an older change that took longer",
        Kind.LOST_UPDATE,
        "services.dealers:_sync_account",
        old="""
            while __is_newer:
                __update
        """,
        new="""
            if __is_newer:
                __update
        """,
        caught_by="test_account_keeps_newer_change_when_an_older_delivery_finishes_later",
    ),
    Mutation(
        "a guesser tries many codes at the same time",
        Kind.REMOVED_CONDITION,
        "services.dealers:_record_try",
        old='{"request": __request, "wrong_tries": item.wrong_tries, "used_at": None}',
        new='{"request": __request, "used_at": None}',
        caught_by="test_tries_at_the_same_time_count_as_one_guess",
    ),
    Mutation(
        "a phone gets one code more than the carriers accept",
        Kind.OFF_BY_ONE,
        "services.dealers:is_capped",
        old="__count >= most",
        new="__count > most",
        caught_by="test_caps_count_within_a_minute_an_hour_and_a_day",
    ),
    Mutation(
        "two requests at the same time text two codes",
        Kind.LOST_UPDATE,
        "services.dealers:_make_code",
        old='__transaction.put(counter, "phone", unchanged)',
        new='__transaction.put(counter, "phone")',
        caught_by="test_requests_at_the_same_time_text_one_code",
    ),
)
