"""Mutations of order intake: prices, numbers, credit and urgent orders."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "a quantity break ignores the other lines of the same SKU",
        Kind.WRONG_SOURCE,
        "services.orders:check_lines",
        old="__price.at(_)",
        new="__price.at(line.quantity)",
        caught_by="test_quantity_break_counts_a_sku_over_all_lines",
    ),
    Mutation(
        "an order is priced from a price list after its last day",
        Kind.REMOVED_CONDITION,
        "services.orders:require_valid_price_list",
        old="__found.on_day(_) if isinstance(__found, PriceListItem) else None",
        new="__found if isinstance(__found, PriceListItem) else None",
        caught_by="test_price_list_is_valid_on_its_last_day_only",
    ),
    Mutation(
        "a suspended dealer submits an order",
        Kind.REMOVED_CONDITION,
        "services.orders:_active_dealer",
        old="not isinstance(__dealer, DealerItem) or _",
        new="not isinstance(__dealer, DealerItem)",
        caught_by="test_suspended_dealer_is_refused_and_gets_no_order_number",
    ),
    Mutation(
        "two orders of one dealer get the same number",
        Kind.OFF_BY_ONE,
        "services.orders:_store",
        old='{"last_sequence": __last + 1, **__urgent}',
        new='{"last_sequence": max(__last, 1), **__urgent}',
        caught_by="test_order_numbers_count_per_dealer_without_a_gap",
    ),
    Mutation(
        "an order may exceed the credit limit by one fen",
        Kind.OFF_BY_ONE,
        "services.orders:exceeds_credit_limit",
        old="__amount > __limit_fen",
        new="__amount > __limit_fen + 1",
        caught_by="test_credit_limit_is_exceeded_above_it_not_at_it",
    ),
    Mutation(
        "the credit limit ignores the dealer's other open orders",
        Kind.WRONG_SOURCE,
        "services.orders:_store",
        old='{"committed_fen": __gross_fen}',
        new='{"committed_fen": __gross_fen - committed}',
        caught_by="test_credit_limit_counts_all_orders_of_the_dealer_alone",
    ),
    Mutation(
        "the weekly quota of urgent orders counts the orders of earlier weeks",
        Kind.REMOVED_CONDITION,
        "services.orders:one_more_urgent",
        old="isinstance(__account, OrderingAccountItem) and __account.urgent_week == _",
        new="isinstance(__account, OrderingAccountItem)",
        caught_by="test_urgent_order_is_refused_when_the_weekly_quota_is_used",
    ),
    Mutation(
        "a dealer may have one urgent order more than its quota",
        Kind.OFF_BY_ONE,
        "services.orders:has_urgent_order_left",
        old="__count < __quota",
        new="__count <= __quota",
        caught_by="test_urgent_quota_allows_so_many_orders_a_week",
    ),
    Mutation(
        "urgent orders wait in the queue of normal orders",
        Kind.WRONG_SOURCE,
        "services.orders:_store",
        old="RESERVE_URGENT_QUEUE if _ else RESERVE_QUEUE",
        new="RESERVE_QUEUE",
        caught_by="test_urgent_order_is_reserved_before_normal_ones",
    ),
    Mutation(
        "a dealer opens the order of another dealer by its number",
        Kind.MISSING_TENANT_CHECK,
        "services.orders:require_own",
        old="""
            if __caller.is_dealer and _ != __caller.dealer_id:
                raise NotFound
        """,
        new="",
        caught_by="test_order_of_another_dealer_is_not_found",
    ),
    Mutation(
        "a payment takes effect twice on the dealer's credit",
        Kind.MISSING_DEDUPLICATION,
        "services.orders.credit.update_credit:_commit",
        old="__transaction.create",
        new="__transaction.put",
        caught_by="test_payment_frees_credit_once_when_redelivered",
    ),
    Mutation(
        "the reversal of a payment raises the dealer's credit again",
        Kind.SIGN_FLIP,
        "services.orders:credit_change",
        old="CreditChange(__dealer, __event.owed_change_fen, __owed, __due_on)",
        new="CreditChange(__dealer, -__event.owed_change_fen, __owed, __due_on)",
        caught_by="test_reversed_payment_takes_its_credit_back",
    ),
    Mutation(
        "a bounced cheque makes no debt overdue again",
        Kind.SIGN_FLIP,
        "services.orders:change_receivables",
        old="__receivables.covered_fen - __owed_fen",
        new="__receivables.covered_fen + abs(__owed_fen)",
        caught_by="test_bounced_cheque_stops_a_confirmed_order_and_frees_its_stock",
    ),
    Mutation(
        "two events of a dealer at once: one of its receivables is lost",
        Kind.REMOVED_CONDITION,
        "services.orders.credit:_change_credit",
        old="__transaction.put(__item, __label, _)",
        new="__transaction.put(__item, __label)",
        caught_by="test_receivables_keep_an_event_that_was_applied_meanwhile",
    ),
)
