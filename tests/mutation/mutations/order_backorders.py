"""Mutations of the backorder queue, allocation and promise dates."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "an order that leaves the backorder queue still counts",
        Kind.LOST_UPDATE,
        "services.orders:_sync_backorder_entry",
        old='{"orders": 1 if __is_in_queue else -1}',
        new='{"orders": 1 if __is_in_queue else 0}',
        caught_by="test_empty_backorder_queue_is_not_read",
    ),
    Mutation(
        "urgent orders are last in the queue",
        Kind.SWAPPED_ORDER,
        "services.orders:priority_sort_key",
        old="0 if __urgent else 1",
        new="1 if __urgent else 0",
        caught_by="test_urgent_orders_are_first_in_the_review_queue",
    ),
    Mutation(
        "the last order in the backorder queue is served first",
        Kind.SWAPPED_ORDER,
        "services.orders:allocate_sku",
        old="sorted(__claims, key=__turn)",
        new="sorted(__claims, key=__turn, reverse=True)",
        caught_by="test_first_come_serves_urgent_orders_before_the_queue",
    ),
    Mutation(
        "the remainder of an allocation goes to no order",
        Kind.WRONG_ROUNDING,
        "services.orders:apportion",
        old="min(__pack, *__limits)",
        new="min(__pack, *__limits) // __pack * __pack",
        caught_by="test_pro_rata_grants_whole_packs_except_the_last",
    ),
    Mutation(
        "a new order gets the stock that earlier backorders wait for",
        Kind.REMOVED_CONDITION,
        "services.orders:allocate_to_backorders_ahead",
        old="__contested and max(available_pieces(*_).values()) > 0",
        new="len(__contested) < 0",
        caught_by="test_received_goods_go_to_backorders_before_a_new_order",
    ),
    Mutation(
        "a repeated message grants the same pieces again",
        Kind.MISSING_DEDUPLICATION,
        "services.orders:_reserve_grant",
        old="__transaction.create",
        new="__transaction.put",
        caught_by="test_allocation_grants_a_share_once_when_redelivered_with_more_stock",
    ),
    Mutation(
        "pieces are granted before the allocation run is stored",
        Kind.EFFECT_BEFORE_RECORD,
        "services.orders:_new_run",
        old="__transaction.create(__run, _)",
        new="return __run",
        caught_by="test_second_order_gets_its_recorded_share_when_the_process_dies",
    ),
    Mutation(
        "stock released by a cancelled order does not go to the backorder queue",
        Kind.LOST_EVENT,
        "services.orders:end_order",
        old="commit_change(*__arguments, command=_, **__others)",
        new="commit_change(*__arguments, **__others)",
        caught_by="test_released_stock_of_an_ended_order_goes_to_backorders",
    ),
    Mutation(
        "an all-or-nothing order is granted a part",
        Kind.REMOVED_CONDITION,
        "services.orders:grant_share",
        old="""
            if not (__whole or _.accepts_partial):
                return
        """,
        new="",
        caught_by="test_wait_order_takes_nothing_when_stock_was_taken_meanwhile",
    ),
    Mutation(
        "an order that left the backorder queue still gets its share",
        Kind.REMOVED_CONDITION,
        "services.orders:grant_share",
        old="""
            __granted = {__sku_index: min(__pieces, __waited.get(__sku_index, 0)) for _ in __granted.items()}
        """,
        new="",
        caught_by="test_grant_is_dropped_when_the_order_left_the_queue",
    ),
    Mutation(
        "two backordered lines of one SKU get the same pieces",
        Kind.LOST_UPDATE,
        "services.orders:fill_backorders",
        old="__left[_] -= _",
        new="",
        caught_by="test_earlier_line_of_a_sku_gets_received_goods_first",
    ),
    Mutation(
        "one piece is promised to every order in the backorder queue",
        Kind.MISSING_DEDUPLICATION,
        "services.orders:promise_dates_of_sku",
        old="PiecesOnDay(__day, __available - __taken)",
        new="PiecesOnDay(__day, __available)",
        caught_by="test_piece_is_promised_once_after_arrival_on_a_working_day",
    ),
    Mutation(
        "expected pieces are promised for the day on which they arrive",
        Kind.OFF_BY_ONE,
        "services.orders:ship_day_of_arrival",
        old="__arrival + timedelta(days=1)",
        new="__arrival",
        caught_by="test_expected_pieces_ship_on_the_working_day_after_arrival",
    ),
    Mutation(
        "a slipped promise date is not published",
        Kind.LOST_EVENT,
        "services.orders.sweep:_attempt_if_due",
        old="misses_promised_day(__header)",
        new="misses_promised_day(__header) and __header.overdue",
        caught_by="test_slip_is_published_once_when_approval_misses_the_cut_off",
    ),
    Mutation(
        "a shipment counts as on time by a promise date that was moved",
        Kind.WRONG_SOURCE,
        "services.orders:first_promised_day_by_line",
        old="{__number: __day for __number in __lines if __number not in _}",
        new="{__number: __day for __number in __lines}",
        caught_by="test_on_time_rate_uses_the_day_first_promised",
    ),
    Mutation(
        "a shipment is measured by a promise that was published after it",
        Kind.WRONG_SOURCE,
        "services.orders:record_on_time_shipment",
        old="event_history_with_records(*__arguments)[:_]",
        new="event_history_with_records(*__arguments)",
        caught_by="test_on_time_rate_ignores_promises_made_after_the_shipment",
    ),
)
