"""Mutations of order intake: prices, numbers, credit and urgent orders."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "a quantity break ignores the other lines of the same SKU",
        Kind.WRONG_SOURCE,
        "services.orders:price_order",
        old="__price.at(_)",
        new="__price.at(line.quantity)",
        caught_by="test_the_quantity_break_goes_by_the_pieces_of_a_sku_over_all_lines",
    ),
    Mutation(
        "an order is priced from a price list after its last day",
        Kind.REMOVED_CONDITION,
        "services.orders:valid_price_list",
        old="not isinstance(__found, PriceListItem) or not __found.holds_on(_)",
        new="not isinstance(__found, PriceListItem)",
        caught_by="test_a_price_list_holds_on_its_last_day_and_not_on_the_next",
    ),
    Mutation(
        "a suspended dealer submits an order",
        Kind.REMOVED_CONDITION,
        "services.orders:_active_dealer",
        old="not isinstance(__dealer, DealerItem) or _",
        new="not isinstance(__dealer, DealerItem)",
        caught_by="test_a_suspended_dealer_is_told_so_and_gets_no_number",
    ),
    Mutation(
        "two orders of one dealer get the same number",
        Kind.OFF_BY_ONE,
        "services.orders:_store",
        old='{"last_sequence": __last + 1, **__urgent}',
        new='{"last_sequence": max(__last, 1), **__urgent}',
        caught_by="orders/test_orders.py::test_numbers_count_per_dealer_without_a_gap",
    ),
    Mutation(
        "an order may exceed the credit limit by one fen",
        Kind.OFF_BY_ONE,
        "services.orders:exceeds_credit_limit",
        old="__amount > __limit_fen",
        new="__amount > __limit_fen + 1",
        caught_by="test_credit_holds_begin_above_the_limit_not_at_it",
    ),
    Mutation(
        "the credit limit ignores the dealer's other open orders",
        Kind.WRONG_SOURCE,
        "services.orders:_store",
        old='{"committed_fen": __gross_fen}',
        new='{"committed_fen": __gross_fen - committed}',
        caught_by="test_all_that_a_dealer_has_on_order_counts_against_its_limit_and_nothing_of_another",
    ),
    Mutation(
        "the weekly quota of urgent orders counts the orders of earlier weeks",
        Kind.REMOVED_CONDITION,
        "services.orders:_one_more_urgent",
        old="isinstance(__account, OrderingAccountItem) and __account.urgent_week == _",
        new="isinstance(__account, OrderingAccountItem)",
        caught_by="test_a_dealer_has_so_many_urgent_orders_a_week_and_is_told_when_they_are_used_up",
    ),
    Mutation(
        "a dealer may have one urgent order more than its quota",
        Kind.OFF_BY_ONE,
        "services.orders:may_be_urgent",
        old="__count < __quota",
        new="__count <= __quota",
        caught_by="test_a_dealer_has_so_many_urgent_orders_a_week_and_not_one_more",
    ),
    Mutation(
        "urgent orders wait in the queue of normal orders",
        Kind.WRONG_SOURCE,
        "services.orders:_store",
        old="RESERVE_URGENT_QUEUE if _ else RESERVE_QUEUE",
        new="RESERVE_QUEUE",
        caught_by="test_urgent_orders_do_not_wait_behind_normal_ones",
    ),
    Mutation(
        "a dealer opens the order of another dealer by its number",
        Kind.MISSING_TENANT_CHECK,
        "services.orders:load_own_order",
        old="""
            if __caller.is_dealer and _ != __caller.dealer_id:
                raise NotFound
        """,
        new="",
        caught_by="test_another_dealers_order_looks_like_none",
    ),
    Mutation(
        "a payment takes effect twice on the dealer's credit",
        Kind.MISSING_DEDUPLICATION,
        "services.orders.credit:_apply",
        old="__transaction.create",
        new="__transaction.put",
        caught_by="test_money_received_frees_credit_once_however_often_it_is_told",
    ),
    Mutation(
        "the reversal of a payment raises the dealer's credit again",
        Kind.SIGN_FLIP,
        "services.orders:update_credit",
        old="__event.owed_change_fen",
        new="-__event.owed_change_fen",
        caught_by="test_a_receipt_taken_back_takes_its_credit_back",
    ),
)
