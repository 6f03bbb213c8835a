"""Mutations of the backorder queue, allocation and promise dates."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "an order that leaves the backorder queue still counts",
        Kind.LOST_UPDATE,
        "services.orders:_sync_backorder_entry",
        old="BackorderCountItem.orders.add(1 if __is_in_queue else -1)",
        new="BackorderCountItem.orders.add(1 if __is_in_queue else 0)",
        caught_by="test_nobody_looks_at_a_line_in_which_nobody_waits",
    ),
    Mutation(
        "urgent orders are last in the queue",
        Kind.SWAPPED_ORDER,
        "services.orders:priority_sort_key",
        old="0 if __urgent else 1",
        new="1 if __urgent else 0",
        caught_by="test_urgent_orders_stand_first_in_the_review_queue",
    ),
    Mutation(
        "the last order in the backorder queue is served first",
        Kind.SWAPPED_ORDER,
        "services.orders:allocate_sku",
        old="sorted(__claims, key=__turn)",
        new="sorted(__claims, key=__turn, reverse=True)",
        caught_by="test_first_come_serves_the_line_and_an_urgent_order_stands_before_it",
    ),
    Mutation(
        "the remainder of an allocation goes to no order",
        Kind.WRONG_ROUNDING,
        "services.orders:apportion",
        old="min(__pack, *__limits)",
        new="min(__pack, *__limits) // __pack * __pack",
        caught_by="test_shares_are_whole_packs_but_for_the_last_one",
    ),
    Mutation(
        "a new order gets the stock that earlier backorders wait for",
        Kind.REMOVED_CONDITION,
        "services.orders:allocate_to_earlier_orders",
        old="__contested and any(available_pieces(*_).values())",
        new="len(__contested) < 0",
        caught_by="test_goods_that_came_in_belong_to_those_who_wait_not_to_an_order_on_its_way",
    ),
    Mutation(
        "a repeated message grants the same pieces again",
        Kind.MISSING_DEDUPLICATION,
        "services.orders:_reserve_grant",
        old="__transaction.create",
        new="__transaction.put",
        caught_by="test_a_share_is_given_once_though_more_is_there_when_its_message_comes_again",
    ),
    Mutation(
        "pieces are granted before the allocation run is stored",
        Kind.EFFECT_BEFORE_RECORD,
        "services.orders:_new_run",
        old="__transaction.create(__run, _)",
        new="return __run",
        caught_by="test_the_second_gets_the_share_written_down_for_it_though_the_process_dies_after_the_first",
    ),
    Mutation(
        "stock released by a cancelled order does not go to the backorder queue",
        Kind.LOST_EVENT,
        "services.orders:end_order",
        old="commit_change(*__arguments, command=_, **__others)",
        new="commit_change(*__arguments, **__others)",
        caught_by="test_what_an_ended_order_frees_goes_to_those_who_wait",
    ),
    Mutation(
        "an all-or-nothing order is granted a part",
        Kind.REMOVED_CONDITION,
        "services.orders:_grant_order",
        old="""
            if not (__whole or _.accepts_partial):
                return
        """,
        new="",
        caught_by="test_who_wants_all_takes_nothing_if_somebody_else_was_quicker",
    ),
    Mutation(
        "an order that left the backorder queue still gets its share",
        Kind.REMOVED_CONDITION,
        "services.orders:_grant_order",
        old="""
            __granted = {__sku_index: min(__pieces, __waited.get(__sku_index, 0)) for _ in __granted.items()}
        """,
        new="",
        caught_by="test_who_left_the_line_before_its_share_was_given_gets_nothing",
    ),
    Mutation(
        "two backordered lines of one SKU get the same pieces",
        Kind.LOST_UPDATE,
        "services.orders:fill_backorders",
        old="__left[_] -= _",
        new="",
        caught_by="test_of_two_lines_of_one_sku_the_earlier_gets_what_comes_in",
    ),
    Mutation(
        "one piece is promised to every order in the backorder queue",
        Kind.MISSING_DEDUPLICATION,
        "services.orders:promise_sku",
        old="PiecesOnDay(__day, __available - __taken)",
        new="PiecesOnDay(__day, __available)",
        caught_by="test_no_piece_is_promised_twice_nor_before_it_is_there_nor_on_a_day_off",
    ),
    Mutation(
        "expected pieces are promised for the day on which they arrive",
        Kind.OFF_BY_ONE,
        "services.orders:ship_day_of_arrival",
        old="__arrival + timedelta(days=1)",
        new="__arrival",
        caught_by="test_expected_pieces_leave_on_the_first_working_day_after_they_come_in",
    ),
    Mutation(
        "a slipped promise date is not published",
        Kind.LOST_EVENT,
        "services.orders.sweep:_attempt_if_due",
        old="has_slipped(__header)",
        new="has_slipped(__header) and __header.overdue",
        caught_by="test_what_is_not_approved_by_the_cut_off_is_told_to_leave_later_once",
    ),
    Mutation(
        "a shipment counts as on time by a promise date that was moved",
        Kind.WRONG_SOURCE,
        "services.orders:first_promised_days",
        old="{__number: __day for __number in __lines if __number not in _}",
        new="{__number: __day for __number in __lines}",
        caught_by="test_what_leaves_is_measured_by_the_day_first_promised_however_that_moved",
    ),
    Mutation(
        "a shipment is measured by a promise that was published after it",
        Kind.WRONG_SOURCE,
        "services.orders:record_on_time_shipment",
        old="event_history_with_records(*__arguments)[:_]",
        new="event_history_with_records(*__arguments)",
        caught_by="test_what_left_is_measured_by_what_was_told_before_it_left",
    ),
)
