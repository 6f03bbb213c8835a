"""Mutations of review, expiry of reservations, cancellation and shipping."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    # reservations over time
    Mutation(
        "the sweep does not find an order that its queue lost",
        Kind.SIGN_FLIP,
        "services.orders.sweep:sweep_orders",
        old="__header.submitted_at < __limit",
        new="__header.submitted_at > __limit",
        caught_by="test_sweep_decides_an_order_its_queue_lost",
    ),
    Mutation(
        "pieces of an expired reservation are not backordered",
        Kind.LOST_UPDATE,
        "services.orders:turn_reserved_into_backordered",
        old="__progress._replace(reserved=0, backordered=_)",
        new="__progress._replace(reserved=0)",
        caught_by="test_unused_reservation_is_warned_once_then_released_to_backorders",
    ),
    Mutation(
        "a reservation expires hours too early",
        Kind.REMOVED_CONDITION,
        "services.orders.sweep:_attempt_if_due",
        old="clock.parse_stamp(__until) <= __now",
        new="reservation_warning_time(clock.parse_stamp(__until), CHINA) <= __now",
        caught_by="test_unused_reservation_is_warned_once_then_released_to_backorders",
    ),
    Mutation(
        "a reservation that was just extended expires",
        Kind.REMOVED_CONDITION,
        "services.orders:expire_reservation",
        old="not __header.reserved_until or _",
        new="not __header.reserved_until",
        caught_by="test_sweep_keeps_a_reservation_extended_meanwhile",
    ),
    Mutation(
        "a dealer is warned of the same reservation by every sweep",
        Kind.MISSING_DEDUPLICATION,
        "services.orders:warn_of_expiry",
        old="change_order(*__arguments, warned=True, **__others)",
        new="change_order(*__arguments, **__others)",
        caught_by="test_unused_reservation_is_warned_once_then_released_to_backorders",
    ),
    # review
    Mutation(
        "an order with a credit hold is approved",
        Kind.REMOVED_CONDITION,
        "services.orders:obstacles",
        old="__over_limit or (__on_hold and not __is_overdue)",
        new="False",
        caught_by="test_order_over_the_credit_limit_gets_a_credit_hold",
    ),
    Mutation(
        "what finance accepted covers debts that became due later",
        Kind.REMOVED_CONDITION,
        "services.orders:overdue_on",
        old="min(__accepted_fen, _due_before(__accepted_on, __debts))",
        new="_due_before(today, __debts)",
        caught_by="test_release_accepts_the_debt_of_that_moment_and_no_further_one",
    ),
    Mutation(
        "an assistant releases a credit hold",
        Kind.REMOVED_CONDITION,
        "services.orders.review:_release_hold",
        old="""
            if not __caller.roles & _:
                raise NotAllowed
        """,
        new="",
        caught_by="test_order_over_the_credit_limit_gets_a_credit_hold",
    ),
    Mutation(
        "a cancelled order still uses the dealer's credit",
        Kind.SIGN_FLIP,
        "services.orders:end_order",
        old='{"committed_fen": -__unshipped_fen}',
        new='{"committed_fen": __unshipped_fen}',
        caught_by="test_ended_order_releases_stock_and_credit",
    ),
    Mutation(
        "a cancellation releases the credit of shipped pieces",
        Kind.WRONG_SOURCE,
        "services.orders:unshipped_value_fen",
        old="value_without_cancelled(*_) - value_without_cancelled(*_)",
        new="value_without_cancelled(lines, progress)",
        caught_by="test_cancelled_order_keeps_its_shipped_part_committed",
    ),
    # shipping
    Mutation(
        "a line that is named twice in a shipment counts once",
        Kind.LOST_UPDATE,
        "services.orders.shipping.rules:pieces_by_line",
        old="__asked[__line.line_no] += __line.quantity",
        new="__asked[__line.line_no] = __line.quantity",
        caught_by="test_shipment_beyond_the_reservation_is_refused_and_changes_nothing",
    ),
    Mutation(
        "the tax of part shipments does not add up to the order's tax",
        Kind.WRONG_ROUNDING,
        "services.orders:shipped_line",
        old="tax_within(__after, __percent) - tax_within(__before, __percent)",
        new="tax_within(__after - __before, __percent)",
        caught_by="test_shipment_values_add_up_to_the_line",
    ),
    Mutation(
        "a part shipment is recorded as a shipment of the whole order",
        Kind.REMOVED_CONDITION,
        "services.orders:pack_shipment",
        old="all(__leaving.get(_) == _ for _ in _)",
        new="__leaving",
        caught_by="test_partial_shipments_add_up_to_the_order",
    ),
    Mutation(
        "more pieces are shipped than are reserved",
        Kind.REMOVED_CONDITION,
        "services.orders.shipping.rules:pieces_by_line",
        old="_[__line.line_no] > __reserved",
        new="__line.line_no > len(order.lines)",
        caught_by="test_shipment_beyond_the_reservation_is_refused_and_changes_nothing",
    ),
    # corrections
    Mutation(
        "cancelled pieces of a line are taken from the reserved ones first",
        Kind.WRONG_SOURCE,
        "services.orders:cancel_pieces",
        old="min(__progress.backordered, __quantity)",
        new="max(__quantity - __progress.reserved, 0)",
        caught_by="test_cancelled_line_takes_backordered_pieces_before_reserved_ones",
    ),
    Mutation(
        "a void takes the credit that its reversal takes again",
        Kind.SIGN_FLIP,
        "services.orders:void_shipment",
        old='{"committed_fen": __shipment.event.shipped_gross_fen}',
        new='{"committed_fen": 0}',
        caught_by="test_void_takes_a_shipment_out_of_order_ledger_and_on_time_rate",
    ),
    Mutation(
        "a shipment is voided twice",
        Kind.MISSING_DEDUPLICATION,
        "services.orders.shipping.void_shipment:_require_voidable",
        old="""
            if __shipment.voided:
                __refuse
        """,
        new="",
        caught_by="test_shipment_is_voided_once",
    ),
)
