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
        caught_by="test_short_order_reserves_what_is_available_and_backorders_the_rest",
    ),
    Mutation(
        "two lines of one SKU reserve the same pieces",
        Kind.LOST_UPDATE,
        "services.orders:wanted_by_sku_index",
        old="__wanted[__sku_index] += __pieces",
        new="__wanted[__sku_index] = __pieces",
        caught_by="test_two_lines_of_a_sku_do_not_oversell",
    ),
    Mutation(
        "an all-or-nothing order reserves a part",
        Kind.REMOVED_CONDITION,
        "services.orders.reservation:next_reservation_step",
        old="not _.accepts_partial and _",
        new="False",
        caught_by="test_all_or_nothing_order_reserves_nothing_when_a_line_is_short",
    ),
    Mutation(
        "a repeated message decides a decided order again",
        Kind.MISSING_DEDUPLICATION,
        "services.orders.warehouse_queue:_decide_order_as_loaded",
        old="not __order.header.awaits_reservation",
        new="False",
        caught_by="test_reservation_decides_stock_once_when_any_call_fails",
    ),
    Mutation(
        "stock is reserved in one transaction and the order changed in the next",
        Kind.EFFECT_BEFORE_RECORD,
        "services.orders.reservation:_write",
        old="move_stock(__transaction, *__arguments)",
        new="""
            before = Transaction()
            move_stock(before, *__arguments)
            before.commit()
        """,
        caught_by="test_reservation_decides_stock_once_when_any_call_fails",
    ),
    Mutation(
        "an order with backordered lines gets no stock hold",
        Kind.REMOVED_CONDITION,
        "services.orders.reservation:_finish",
        old="__order.holds | _",
        new="__order.holds",
        caught_by="test_short_order_reserves_what_is_available_and_backorders_the_rest",
    ),
    Mutation(
        "backordered lines count as reserved, because their progress is not stored",
        Kind.REMOVED_CONDITION,
        "services.orders:_record_progress",
        old="__order.has_fulfilment or _",
        new="__order.has_fulfilment",
        caught_by="test_short_order_reserves_what_is_available_and_backorders_the_rest",
    ),
    Mutation(
        "an order that finds too little stock is never decided",
        Kind.MISSING_RETRY,
        "services.orders.reservation:_ROUNDS",
        old="75",
        new="1",
        caught_by="test_order_over_many_buckets_is_reserved_in_full",
    ),
    # movements
    Mutation(
        "a release takes the pieces once more",
        Kind.SIGN_FLIP,
        "services.orders:_EFFECTS",
        old="{Move.UNRESERVE: Effect(available=+1), **__others}",
        new="{Move.UNRESERVE: Effect(available=-1), **__others}",
        caught_by="test_ended_order_releases_stock_and_credit",
    ),
    Mutation(
        "shipped pieces stay reserved",
        Kind.SIGN_FLIP,
        "services.orders:ship_pieces",
        old="__progress._replace(reserved=_, **__others)",
        new="__progress._replace(**__others)",
        caught_by="test_shipment_under_another_key_is_another_shipment",
    ),
    Mutation(
        "an order is assembled from parts of different moments, and a change is lost",
        Kind.LOST_UPDATE,
        "services.orders:assemble_parts",
        old="__header.fulfilments == _",
        new="True",
        caught_by="test_concurrent_shipments_are_both_counted_in_any_read_order[1-HEADER]",
    ),
    Mutation(
        "a movement of released stock is not recorded",
        Kind.LOST_EVENT,
        "services.orders:move_several_kinds_of_stock",
        old="""
            if __moved:
                _record(__transaction, __kind, *__others)
        """,
        new="""
            if __moved and __kind is not Move.UNRESERVE:
                _record(__transaction, __kind, *__others)
        """,
        caught_by="test_stock_counters_equal_the_sum_of_movements",
    ),
    # stock documents
    Mutation(
        "a count books reserved pieces as lost while the index does not show the order yet",
        Kind.WRONG_SOURCE,
        "services.orders:orders_with_reservations",
        old="__indexed | _recently_reserved(_)",
        new="__indexed",
        caught_by="test_count_finds_reservations_that_the_index_lacks",
    ),
    Mutation(
        "a count books the pieces of an order in approval as found",
        Kind.LOST_UPDATE,
        "services.orders.review:_approve",
        old="record_reservation_kept_in_next_state(*_)",
        new="pass",
        caught_by="test_count_finds_the_reservation_of_an_order_between_two_states",
    ),
    Mutation(
        "a count sees one half of a shipment",
        Kind.REMOVED_CONDITION,
        "services.orders:consistent_on_hand_pieces",
        old="""
            if __before == __seen:
                return __seen.on_hand
        """,
        new="return __before.on_hand",
        caught_by="test_count_sees_concurrent_shipments_all_or_not_at_all",
    ),
    Mutation(
        "a count books found pieces as lost",
        Kind.SIGN_FLIP,
        "services.orders:stock_count_differences",
        old="__counted - sum(__booked)",
        new="sum(__booked) - __counted",
        caught_by="test_count_corrects_the_books_and_keeps_the_former_figure",
    ),
    Mutation(
        "a count reverses the reservations made since it was read",
        Kind.LOST_UPDATE,
        "services.orders:_counted",
        old="_Plan(__moves, __rows, _)",
        new="_Plan(__moves, __rows, {})",
        caught_by="test_count_reads_stock_again_when_it_moved",
    ),
    Mutation(
        "a delivery note posted twice adds its pieces twice",
        Kind.MISSING_DEDUPLICATION,
        "services.orders.stock_documents.receive_goods:_book",
        old="__transaction.create(GoodsReceiptItem(*__key, **__fields), __label)",
        new="__transaction.put(GoodsReceiptItem(*__key, **__fields), __label)",
        caught_by="test_goods_receipt_counts_once_per_delivery_note",
    ),
    Mutation(
        "a goods receipt publishes no event, so backorders are not filled",
        Kind.LOST_EVENT,
        "services.orders.stock_documents.receive_goods:_book",
        old="__transaction.create(stock_increased_event(*_), _)",
        new="",
        caught_by="test_backorders_get_received_goods_first_come_first_served",
    ),
    Mutation(
        "a transfer is expected at the warehouse that sends it",
        Kind.WRONG_SOURCE,
        "services.orders:transfer_stock",
        old="Delivery(__request.to_warehouse, *__others)",
        new="Delivery(__request.from_warehouse, *__others)",
        caught_by="test_transfer_removes_stock_here_and_expects_it_there",
    ),
    Mutation(
        "received pieces are still expected and promised again",
        Kind.SIGN_FLIP,
        "services.orders:record_delivery_received",
        old="__pieces - __received.get(__sku_index, 0)",
        new="__pieces + __received.get(__sku_index, 0)",
        caught_by="test_two_receipts_of_a_delivery_each_reduce_it",
    ),
    # shortages
    Mutation(
        "a count below what is reserved opens no shortage",
        Kind.LOST_UPDATE,
        "services.orders.stock_documents.adjust_stock:_book",
        old="_record_shortage(*_)",
        new="pass",
        caught_by="test_count_takes_missing_pieces_from_the_last_in_the_queue",
    ),
    Mutation(
        "pieces of an open shortage are shipped",
        Kind.REMOVED_CONDITION,
        "services.orders:ship_order",
        old="require_no_shortage(*_)",
        new="pass",
        caught_by="test_nothing_is_promised_or_shipped_before_the_shortage_is_settled",
    ),
    Mutation(
        "more pieces are taken from an order than are missing",
        Kind.REMOVED_CONDITION,
        "services.orders.settlement:next_loss",
        old="min(__reserved, _)",
        new="__reserved",
        caught_by="test_goods_received_during_the_settlement_make_up_for_missing_pieces",
    ),
)
