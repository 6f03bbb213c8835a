"""Mutations of reservation, stock movements and stock documents."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    # reservation
    Mutation(
        "more pieces are reserved than are available",
        Kind.REMOVED_CONDITION,
        "services.orders:_expressions",
        old='" AND ".join(_) or __exists',
        new="__exists",
        caught_by="test_short_stock_holds_what_is_there_and_the_rest_waits",
    ),
    Mutation(
        "two lines of one SKU reserve the same pieces",
        Kind.LOST_UPDATE,
        "services.orders:wanted_by_sku_index",
        old="__wanted[__sku_index] += __pieces",
        new="__wanted[__sku_index] = __pieces",
        caught_by="test_two_lines_of_one_sku_cannot_oversell_it",
    ),
    Mutation(
        "an all-or-nothing order reserves a part",
        Kind.REMOVED_CONDITION,
        "services.orders:_reserve_available",
        old="""
            if not _.accepts_partial and __granted != _:
                __granted = dict.fromkeys(__granted, 0)
        """,
        new="",
        caught_by="test_all_or_nothing_holds_nothing_when_one_line_is_short",
    ),
    Mutation(
        "a repeated message decides a decided order again",
        Kind.MISSING_DEDUPLICATION,
        "services.orders:TRANSITIONS",
        old="{(State.SUBMITTED, Action.RESERVE): __transition, **__others}",
        new="""{
            (State.SUBMITTED, Action.RESERVE): __transition,
            (State.IN_REVIEW, Action.RESERVE): __transition,
            **__others,
        }""",
        caught_by="test_stock_is_decided_once_whatever_breaks_in_the_reservation",
    ),
    Mutation(
        "stock is reserved in one transaction and the order changed in the next",
        Kind.EFFECT_BEFORE_RECORD,
        "services.orders.reservation:_write",
        old="move_stock(__transaction, *__arguments)",
        new="""
            move_stock(__transaction, *__arguments)
            __transaction.commit()
            __transaction = Transaction()
        """,
        caught_by="test_stock_is_decided_once_whatever_breaks_in_the_reservation",
    ),
    Mutation(
        "an order with backordered lines gets no stock hold",
        Kind.REMOVED_CONDITION,
        "services.orders.reservation:_finish",
        old="__order.holds | _",
        new="__order.holds",
        caught_by="test_short_stock_holds_what_is_there_and_the_rest_waits",
    ),
    Mutation(
        "backordered lines count as reserved, because their progress is not stored",
        Kind.REMOVED_CONDITION,
        "services.orders:_record_progress",
        old="__order.has_fulfilment or _",
        new="__order.has_fulfilment",
        caught_by="test_short_stock_holds_what_is_there_and_the_rest_waits",
    ),
    Mutation(
        "an order that finds too little stock is never decided",
        Kind.MISSING_RETRY,
        "services.orders.reservation:_ROUNDS",
        old="25",
        new="1",
        caught_by="test_short_stock_holds_what_is_there_and_the_rest_waits",
    ),
    # movements
    Mutation(
        "a release takes the pieces once more",
        Kind.SIGN_FLIP,
        "services.orders:_EFFECTS",
        old="{Move.UNRESERVE: Effect(available=+1), **__others}",
        new="{Move.UNRESERVE: Effect(available=-1), **__others}",
        caught_by="test_ending_an_order_gives_back_its_stock_and_credit",
    ),
    Mutation(
        "shipped pieces stay reserved",
        Kind.SIGN_FLIP,
        "services.orders:ship_pieces",
        old="__progress._replace(reserved=_, **__others)",
        new="__progress._replace(**__others)",
        caught_by="test_the_same_again_under_another_key_is_another_shipment",
    ),
    Mutation(
        "an order is assembled from parts of different moments, and a change is lost",
        Kind.LOST_UPDATE,
        "services.orders:assemble_parts",
        old="__header.fulfilments == _",
        new="True",
        caught_by="test_two_shipments_at_once_are_both_counted_whatever_part_of_the_order_was_read_last[1-HEADER]",
    ),
    Mutation(
        "a movement of released stock is not recorded",
        Kind.LOST_EVENT,
        "services.orders:move_stock_kinds",
        old="""
            if __moved:
                _record(__transaction, __kind, *__others)
        """,
        new="""
            if __moved and __kind is not Move.UNRESERVE:
                _record(__transaction, __kind, *__others)
        """,
        caught_by="test_counters_are_what_the_movements_add_up_to",
    ),
    # stock documents
    Mutation(
        "a count books reserved pieces as lost while the index does not show the order yet",
        Kind.WRONG_SOURCE,
        "services.orders:orders_with_reservations",
        old="__indexed | _recently_reserved(_)",
        new="__indexed",
        caught_by="test_a_count_knows_what_orders_hold_though_the_index_does_not_name_them_yet",
    ),
    Mutation(
        "a count books the pieces of an order in approval as found",
        Kind.LOST_UPDATE,
        "services.orders:approve_order",
        old="record_reservation_carried_over(*_)",
        new="pass",
        caught_by="test_a_count_knows_what_an_order_holds_while_it_goes_from_one_queue_to_the_next",
    ),
    Mutation(
        "a count sees one half of a shipment",
        Kind.REMOVED_CONDITION,
        "services.orders:consistent_on_hand_pieces",
        old="""
            if __before == __seen:
                return __seen
        """,
        new="return __before",
        caught_by="test_a_count_during_which_goods_leave_sees_them_here_or_gone_not_half_of_each",
    ),
    Mutation(
        "a count books found pieces as lost",
        Kind.SIGN_FLIP,
        "services.orders:count_differences",
        old="__counted - sum(__booked)",
        new="sum(__booked) - __counted",
        caught_by="test_a_count_brings_the_books_to_what_was_found_and_keeps_what_they_said",
    ),
    Mutation(
        "a count reverses the reservations made since it was read",
        Kind.LOST_UPDATE,
        "services.orders:_counted",
        old="_Plan(__moves, __rows, _)",
        new="_Plan(__moves, __rows, {})",
        caught_by="test_a_count_of_what_moved_since_it_was_read_is_read_again",
    ),
    Mutation(
        "a delivery note posted twice adds its pieces twice",
        Kind.MISSING_DEDUPLICATION,
        "services.orders.stock_documents.receive_goods:_book",
        old="__transaction.create(GoodsReceiptItem(*__key, **__fields), __label)",
        new="__transaction.put(GoodsReceiptItem(*__key, **__fields), __label)",
        caught_by="test_goods_received_are_there_once_per_delivery_note",
    ),
    Mutation(
        "a goods receipt publishes no event, so backorders are not filled",
        Kind.LOST_EVENT,
        "services.orders.stock_documents.receive_goods:_book",
        old="__transaction.create(stock_increased_event(*_), _)",
        new="",
        caught_by="test_what_is_short_waits_in_line_and_gets_what_comes_in_first_come_first_served",
    ),
    Mutation(
        "a transfer is expected at the warehouse that sends it",
        Kind.WRONG_SOURCE,
        "services.orders:transfer_stock",
        old="Delivery(__request.to_warehouse, *__others)",
        new="Delivery(__request.from_warehouse, *__others)",
        caught_by="test_what_is_sent_is_gone_here_and_expected_there_until_it_is_received",
    ),
    Mutation(
        "received pieces are still expected and promised again",
        Kind.SIGN_FLIP,
        "services.orders:receive_delivery",
        old="__pieces - __received.get(__sku_index, 0)",
        new="__pieces + __received.get(__sku_index, 0)",
        caught_by="test_of_two_receipts_of_one_delivery_each_takes_off_its_own",
    ),
)
