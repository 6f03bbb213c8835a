"""Orders, stock, the line and holds."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

_DOMAIN = "services/orders/domain.py"
_STOCK = "services/orders/stock.py"
_READING = "services/orders/table/reading.py"
_CHANGES = "services/orders/table/changes.py"
_SUBMIT = "services/orders/commands/submit_order.py"
_RESERVE = "services/orders/commands/reserve_stock.py"
_REVIEW = "services/orders/commands/review_order.py"
_SHIP = "services/orders/commands/ship_order.py"
_LINE = "services/orders/commands/allocate_backorders.py"
_SWEEP = "services/orders/commands/sweep_orders.py"
_RECEIVE = "services/orders/commands/receive_stock.py"
_ADJUST = "services/orders/commands/adjust_stock.py"

_ORDERS = "tests/orders/test_orders.py::"
_IN_LINE = "tests/orders/test_backorders.py::"
_HOLDS = "tests/orders/test_reservations.py::"
_RULES = "tests/orders/test_order_rules.py::"
_FAULTS = "tests/orders/test_single_fault.py::"
_DOCUMENTS = "tests/orders/test_stock_documents.py::"

BUGS = (
    # what is ordered, and what it costs
    Bug(
        "what a dealer orders is priced line by line, so that splitting a line costs it its discount",
        Kind.WRONG_SOURCE,
        _SUBMIT,
        old="        unit_price = price.at(in_all)\n",
        new="        unit_price = price.at(quantity)\n",
        caught_by=f"{_ORDERS}test_quantity_break_counts_a_sku_over_all_lines",
    ),
    Bug(
        "an order is priced from a list whose last day is over",
        Kind.REMOVED_CONDITION,
        _SUBMIT,
        old="if not isinstance(found, PriceListItem) or not found.holds_on(clock.business_date(clock.now())):",
        new="if not isinstance(found, PriceListItem):",
        caught_by=f"{_ORDERS}test_price_list_is_valid_on_its_last_day_only",
    ),
    Bug(
        "a suspended dealer orders",
        Kind.REMOVED_CONDITION,
        _SUBMIT,
        old='    if not isinstance(dealer, DealerItem) or dealer.status != "active":\n',
        new="    if not isinstance(dealer, DealerItem):\n",
        caught_by=f"{_ORDERS}test_suspended_dealer_is_refused_and_gets_no_order_number",
    ),
    Bug(
        "two orders of one dealer get one number",
        Kind.OFF_BY_ONE,
        _SUBMIT,
        old='{"last_sequence": last + 1,',
        new='{"last_sequence": max(last, 1),',
        caught_by=f"{_ORDERS}test_order_numbers_count_per_dealer_without_a_gap",
    ),
    Bug(
        "an order a fen above the limit goes through",
        Kind.OFF_BY_ONE,
        _DOMAIN,
        old="    return committed_fen + total_fen > limit_fen\n",
        new="    return committed_fen + total_fen > limit_fen + 1\n",
        caught_by=f"{_RULES}test_credit_limit_is_exceeded_above_it_not_at_it",
    ),
    Bug(
        "the limit counts for every order by itself",
        Kind.WRONG_SOURCE,
        _SUBMIT,
        old='        adds={"committed_fen": header.gross_fen},\n',
        new='        adds={"committed_fen": header.gross_fen - committed},\n',
        caught_by=f"{_ORDERS}test_credit_limit_counts_all_orders_of_the_dealer_alone",
    ),
    Bug(
        "the weekly quota of urgent orders is used up for ever",
        Kind.REMOVED_CONDITION,
        _SUBMIT,
        old="if isinstance(account, OrderingAccountItem) and account.urgent_week == week else 0",
        new="if isinstance(account, OrderingAccountItem) else 0",
        caught_by=f"{_HOLDS}test_urgent_order_is_refused_when_the_weekly_quota_is_used",
    ),
    Bug(
        "a dealer has an urgent order more than it may",
        Kind.OFF_BY_ONE,
        "services/orders/terms.py",
        old="    return already < TERMS[grade].urgent_per_week\n",
        new="    return already <= TERMS[grade].urgent_per_week\n",
        caught_by="tests/orders/test_service_terms.py::test_urgent_quota_allows_so_many_orders_a_week",
    ),
    Bug(
        "urgent orders wait behind a thousand normal ones",
        Kind.WRONG_SOURCE,
        _SUBMIT,
        old="command=Command(RESERVE_URGENT_QUEUE if request.urgent else RESERVE_QUEUE, dealer.warehouse),",
        new="command=Command(RESERVE_QUEUE, dealer.warehouse),",
        caught_by=f"{_HOLDS}test_urgent_order_is_reserved_before_normal_ones",
    ),
    Bug(
        "a dealer opens the order of another by its number",
        Kind.MISSING_TENANT,
        _REVIEW,
        old="    if caller.is_dealer and order.header.dealer_id != caller.dealer_id:\n        raise NotFound\n",
        new="",
        caught_by=f"{_ORDERS}test_order_of_another_dealer_is_not_found",
    ),
    # reservation
    Bug(
        "more is promised than is on the bucket",
        Kind.REMOVED_CONDITION,
        _STOCK,
        old='" AND ".join(enough) or f"attribute_exists({counters})"',
        new='f"attribute_exists({counters})"',
        caught_by=f"{_ORDERS}test_short_order_reserves_what_is_available_and_backorders_the_rest",
    ),
    Bug(
        "two lines of one SKU each get the same pieces",
        Kind.LOST_UPDATE,
        _DOMAIN,
        old="            wanted[sku_index] += undecided\n",
        new="            wanted[sku_index] = undecided\n",
        caught_by=f"{_ORDERS}test_two_lines_of_a_sku_do_not_oversell",
    ),
    Bug(
        "a part is held for who wanted all or nothing",
        Kind.REMOVED_CONDITION,
        _RESERVE,
        old=(
            "        if not order.shortage_policy.accepts_partial and granted != asked:\n"
            "            granted = dict.fromkeys(granted, 0)\n"
        ),
        new="",
        caught_by=f"{_ORDERS}test_all_or_nothing_order_reserves_nothing_when_a_line_is_short",
    ),
    Bug(
        "an order that was decided is decided again when its message comes twice",
        Kind.DROPPED_DEDUP,
        _DOMAIN,
        old="    Action.RESERVE: frozenset({State.SUBMITTED}),\n",
        new="    Action.RESERVE: frozenset({State.SUBMITTED, State.IN_REVIEW}),\n",
        caught_by=f"{_FAULTS}test_reservation_decides_stock_once_when_any_call_fails",
    ),
    Bug(
        "what is held and what became of the lines are written one after the other",
        Kind.EFFECT_BEFORE_RECORD,
        _RESERVE,
        old=(
            "    stock.move(transaction, move, order.header.warehouse, pieces, stock.Cause(order.next_step))\n"
            "    after = None\n"
        ),
        new=(
            "    stock.move(transaction, move, order.header.warehouse, pieces, stock.Cause(order.next_step))\n"
            "    transaction.commit()\n    transaction = Transaction()\n    after = None\n"
        ),
        caught_by=f"{_FAULTS}test_reservation_decides_stock_once_when_any_call_fails",
    ),
    Bug(
        "stock is short, and the clerk who must look at it is not told",
        Kind.REMOVED_CONDITION,
        _RESERVE,
        old="    holds = sorted(order.holds | ({Hold.STOCK} if backordered else set()))\n",
        new="    holds = sorted(order.holds)\n",
        caught_by=f"{_ORDERS}test_short_order_reserves_what_is_available_and_backorders_the_rest",
    ),
    Bug(
        "lines that are short count as wholly held, for nothing tells of them",
        Kind.REMOVED_CONDITION,
        _CHANGES,
        old="    if order.has_fulfilment or order.header.pieces not in changes.values():\n",
        new="    if order.has_fulfilment:\n",
        caught_by=f"{_ORDERS}test_short_order_reserves_what_is_available_and_backorders_the_rest",
    ),
    Bug(
        "an order that finds less than it asked for is never decided",
        Kind.MISSING_RETRY,
        _RESERVE,
        old="_ROUNDS = 25\n",
        new="_ROUNDS = 1\n",
        caught_by=f"{_ORDERS}test_short_order_reserves_what_is_available_and_backorders_the_rest",
    ),
    # movements
    Bug(
        "what is given back is taken once more",
        Kind.SIGN_FLIP,
        _DOMAIN,
        old="    Move.UNRESERVE: Effect(available=+1),\n",
        new="    Move.UNRESERVE: Effect(available=-1),\n",
        caught_by=f"{_ORDERS}test_ended_order_releases_stock_and_credit",
    ),
    Bug(
        "what leaves the house is still held",
        Kind.SIGN_FLIP,
        _DOMAIN,
        old="progress._replace(reserved=progress.reserved - quantity, ",
        new="progress._replace(",
        caught_by=f"{_ORDERS}test_shipment_under_another_key_is_another_shipment",
    ),
    Bug(
        "what was changed between the reading of two parts of an order is undone",
        Kind.LOST_UPDATE,
        _READING,
        old="    together = header.fulfilments == (became.number if became else 0)\n",
        new="    together = True\n",
        caught_by=(
            "tests/orders/test_load_order.py::test_concurrent_shipments_are_both_counted_in_any_read_order[1-HEADER]"
        ),
    ),
    Bug(
        "who leaves the line is still counted in it",
        Kind.LOST_UPDATE,
        _CHANGES,
        old="        change = BackorderCountItem.orders.add(1 if is_now else -1)\n",
        new="        change = BackorderCountItem.orders.add(1 if is_now else 0)\n",
        caught_by="tests/orders/test_backorders.py::test_empty_backorder_queue_is_not_read",
    ),
    Bug(
        "a count takes what an order holds for lost while the index does not name the order",
        Kind.WRONG_SOURCE,
        _READING,
        old="    named = holding | _recently_reserved(warehouse)\n",
        new="    named = holding\n",
        caught_by=f"{_DOCUMENTS}test_count_finds_reservations_that_the_index_lacks",
    ),
    Bug(
        "a count finds what an order holds that is just being approved",
        Kind.LOST_UPDATE,
        _REVIEW,
        old="        stock.record_reservation_carried_over(transaction, order.header.warehouse, stock.Cause(order.next_step, caller.name))\n",
        new="        pass\n",
        caught_by=f"{_DOCUMENTS}test_count_finds_the_reservation_of_an_order_between_two_states",
    ),
    Bug(
        "a count sees of goods that leave together some here and some gone",
        Kind.REMOVED_CONDITION,
        _STOCK,
        old="        if before == seen:\n            return seen\n",
        new="        return before\n",
        caught_by=f"{_DOCUMENTS}test_count_sees_concurrent_shipments_all_or_not_at_all",
    ),
    Bug(
        "what a count finds is booked as lost",
        Kind.SIGN_FLIP,
        _DOMAIN,
        old="    difference = {sku_index: pieces - sum(there[sku_index]) for sku_index, pieces in on_hand.items()}\n",
        new="    difference = {sku_index: sum(there[sku_index]) - pieces for sku_index, pieces in on_hand.items()}\n",
        caught_by=f"{_DOCUMENTS}test_count_corrects_the_books_and_keeps_the_former_figure",
    ),
    Bug(
        "a count undoes what was sold since it was read",
        Kind.LOST_UPDATE,
        _ADJUST,
        old="    return _Plan({Move.FOUND: found, Move.LOST: lost}, rows, as_read)\n",
        new="    del as_read\n    return _Plan({Move.FOUND: found, Move.LOST: lost}, rows, {})\n",
        caught_by=f"{_DOCUMENTS}test_count_reads_stock_again_when_it_moved",
    ),
    Bug(
        "pieces move and the journal of movements does not know",
        Kind.LOST_ANNOUNCEMENT,
        _STOCK,
        old="        if moved:\n            _record(transaction, kind, warehouse, moved, cause)\n",
        new=(
            "        if moved and kind is not Move.UNRESERVE:\n"
            "            _record(transaction, kind, warehouse, moved, cause)\n"
        ),
        caught_by=f"{_IN_LINE}test_stock_counters_equal_the_sum_of_movements",
    ),
    Bug(
        "a delivery note booked twice brings the goods in twice",
        Kind.DROPPED_DEDUP,
        _RECEIVE,
        old="    transaction.create(\n        GoodsReceiptItem(\n",
        new="    transaction.put(\n        GoodsReceiptItem(\n",
        caught_by=f"{_ORDERS}test_goods_receipt_counts_once_per_delivery_note",
    ),
    Bug(
        "goods come in, and who waits for them is not served",
        Kind.LOST_ANNOUNCEMENT,
        _RECEIVE,
        old=(
            '    transaction.create(stock.arrival(request.warehouse, "goods_receipt", request.reference, '
            'goods.by_sku_index), "event")\n'
        ),
        new="",
        caught_by=f"{_IN_LINE}test_backorders_get_received_goods_first_come_first_served",
    ),
    # the line
    Bug(
        "who asked for urgent stands at the end of the line",
        Kind.SWAPPED_ORDER,
        "services/orders/table/orders.py",
        old='    return f"{0 if urgent else 1}#{submitted_at}#{order_id}"\n',
        new='    return f"{1 if urgent else 0}#{submitted_at}#{order_id}"\n',
        caught_by=f"{_ORDERS}test_urgent_orders_are_first_in_the_review_queue",
    ),
    Bug(
        "the last in line is served first",
        Kind.SWAPPED_ORDER,
        "services/orders/allocation.py",
        old="    line = sorted(claims, key=lambda claim: claim.turn)\n",
        new="    line = sorted(claims, key=lambda claim: claim.turn, reverse=True)\n",
        caught_by=("tests/orders/test_allocation_rules.py::test_first_come_serves_urgent_orders_before_the_queue"),
    ),
    Bug(
        "the odd piece of a shortage is given to nobody",
        Kind.WRONG_ROUNDING,
        "services/orders/allocation.py",
        old="        more = min(pack, wants[at] - parts[at], left)\n",
        new="        more = min(pack, wants[at] - parts[at], left) // pack * pack\n",
        caught_by=("tests/orders/test_allocation_rules.py::test_allocation_uses_all_supply_once_and_exceeds_no_claim"),
    ),
    Bug(
        "goods that came in go to the order that happens to come next",
        Kind.REMOVED_CONDITION,
        _LINE,
        old="    if contested and any(stock.available_at(header.warehouse, contested).values()):\n",
        new="    if len(contested) < 0:\n",
        caught_by=f"{_IN_LINE}test_received_goods_go_to_backorders_before_a_new_order",
    ),
    Bug(
        "a share that was given is given again when its message comes twice",
        Kind.DROPPED_DEDUP,
        _LINE,
        old="    transaction.create(\n        GrantItem(\n",
        new="    transaction.put(\n        GrantItem(\n",
        caught_by=f"{_IN_LINE}test_allocation_grants_a_share_once_when_redelivered_with_more_stock",
    ),
    Bug(
        "shares are given before it is written down what everybody gets",
        Kind.EFFECT_BEFORE_RECORD,
        _LINE,
        old='    transaction.create(run, "allocation")\n',
        new="    return run\n",
        caught_by=(f"{_IN_LINE}test_second_order_gets_its_recorded_share_when_the_process_dies"),
    ),
    Bug(
        "what an ended order frees lies there while others wait for it",
        Kind.LOST_ANNOUNCEMENT,
        _REVIEW,
        old="    return _commit(transaction, order, event, key, command=command, progress=progress, **ended)\n",
        new="    return _commit(transaction, order, event, key, progress=progress, **ended)\n",
        caught_by=f"{_IN_LINE}test_released_stock_of_an_ended_order_goes_to_backorders",
    ),
    Bug(
        "who takes all or nothing is given a part when goods come in",
        Kind.REMOVED_CONDITION,
        _LINE,
        old="        if not (whole or order.shortage_policy.accepts_partial):\n            return\n",
        new="",
        caught_by=f"{_IN_LINE}test_wait_order_takes_nothing_when_stock_was_taken_meanwhile",
    ),
    Bug(
        "who left the line gets its share all the same",
        Kind.REMOVED_CONDITION,
        _LINE,
        old="        granted = {sku_index: min(pieces, waited.get(sku_index, 0)) for sku_index, pieces in granted.items()}\n",
        new="",
        caught_by=f"{_IN_LINE}test_grant_is_dropped_when_the_order_left_the_queue",
    ),
    Bug(
        "two lines of one SKU are both filled with the same pieces",
        Kind.LOST_UPDATE,
        _DOMAIN,
        old="            left[demand.sku_index] -= given\n            so_far = so_far._replace(",
        new="            so_far = so_far._replace(",
        caught_by=f"{_IN_LINE}test_earlier_line_of_a_sku_gets_received_goods_first",
    ),
    # holds and review
    Bug(
        "an order its queue forgot waits for ever",
        Kind.SIGN_FLIP,
        _SWEEP,
        old="        if header.submitted_at < forgotten:\n",
        new="        if header.submitted_at > forgotten:\n",
        caught_by=f"{_HOLDS}test_sweep_decides_an_order_its_queue_lost",
    ),
    Bug(
        "what is given back is neither held nor waited for any more",
        Kind.LOST_UPDATE,
        _DOMAIN,
        old="so_far._replace(reserved=0, backordered=so_far.backordered + so_far.reserved)",
        new="so_far._replace(reserved=0)",
        caught_by=f"{_HOLDS}test_unused_reservation_is_warned_once_then_released_to_backorders",
    ),
    Bug(
        "a hold ends before its time",
        Kind.REMOVED_CONDITION,
        _SWEEP,
        old="        if clock.parse_stamp(header.reserved_until) <= now:\n            _attempt(header.order_id, _expire)\n",
        new=(
            "        if clock.parse_stamp(header.reserved_until) - WARNING <= now:\n"
            "            _attempt(header.order_id, _expire)\n"
        ),
        caught_by=f"{_HOLDS}test_unused_reservation_is_warned_once_then_released_to_backorders",
    ),
    Bug(
        "a hold that was renewed this very moment is given back",
        Kind.REMOVED_CONDITION,
        _SWEEP,
        old="    if not header.reserved_until or clock.parse_stamp(header.reserved_until) > clock.now():\n",
        new="    if not header.reserved_until:\n",
        caught_by=f"{_HOLDS}test_sweep_keeps_a_reservation_extended_meanwhile",
    ),
    Bug(
        "a dealer is warned of the same hold at every sweep",
        Kind.DROPPED_DEDUP,
        _SWEEP,
        old="    change_order(transaction, order, event=event, warned=True)\n",
        new="    change_order(transaction, order, event=event)\n",
        caught_by=f"{_HOLDS}test_unused_reservation_is_warned_once_then_released_to_backorders",
    ),
    Bug(
        "an order on credit hold is approved",
        Kind.REMOVED_CONDITION,
        _REVIEW,
        old="    if order.holds:\n        names",
        new="    if order.holds - {Hold.CREDIT}:\n        names",
        caught_by=f"{_ORDERS}test_order_over_the_credit_limit_gets_a_credit_hold",
    ),
    Bug(
        "an assistant releases the hold that finance answers for",
        Kind.REMOVED_CONDITION,
        _REVIEW,
        old="    if not caller.roles & _RELEASERS[Hold(hold)]:\n        raise NotAllowed\n",
        new="",
        caught_by=f"{_ORDERS}test_order_over_the_credit_limit_gets_a_credit_hold",
    ),
    Bug(
        "a cancelled order still weighs on the dealer's credit",
        Kind.SIGN_FLIP,
        _REVIEW,
        old="[OrderingAccountItem.committed_fen.add(-unshipped_fen)]",
        new="[OrderingAccountItem.committed_fen.add(unshipped_fen)]",
        caught_by=f"{_ORDERS}test_ended_order_releases_stock_and_credit",
    ),
    Bug(
        "what was shipped of a cancelled order is given back as credit",
        Kind.WRONG_SOURCE,
        _REVIEW,
        old="        line.gross_fen - line.value_of(so_far.shipped) for line, so_far in",
        new="        line.gross_fen for line, so_far in",
        caught_by=f"{_ORDERS}test_cancelled_order_keeps_its_shipped_part_committed",
    ),
    # shipping and money
    Bug(
        "a line named twice in a shipment leaves once",
        Kind.LOST_UPDATE,
        _SHIP,
        old="        asked[line.line_no] += line.quantity\n",
        new="        asked[line.line_no] = line.quantity\n",
        caught_by=f"{_ORDERS}test_shipment_beyond_the_reservation_is_refused_and_changes_nothing",
    ),
    Bug(
        "the tax of part shipments does not add up to the order's",
        Kind.WRONG_ROUNDING,
        _DOMAIN,
        old="    tax = tax_within(value_after, line.tax_percent) - tax_within(value_before, line.tax_percent)\n",
        new="    tax = tax_within(value_after - value_before, line.tax_percent)\n",
        caught_by=f"{_RULES}test_shipment_values_add_up_to_the_line",
    ),
    Bug(
        "of an order that leaves in parts every part is told to be all of it",
        Kind.REMOVED_CONDITION,
        "services/orders/shipments.py",
        old="    if all(leaving.get(line.line_no) == line.quantity for line in lines):\n",
        new="    if leaving:\n",
        caught_by=f"{_ORDERS}test_partial_shipments_add_up_to_the_order",
    ),
    Bug(
        "a promise told after the goods left counts for them",
        Kind.WRONG_SOURCE,
        "services/orders/commands/on_time_rate.py",
        old="    told = event_history_with_records(order.header.pk, message.subject)[: message.sequence]\n    *_, left",
        new="    told = event_history_with_records(order.header.pk, message.subject)\n    *_, left",
        caught_by="tests/orders/test_promise_dates.py::test_on_time_rate_ignores_promises_made_after_the_shipment",
    ),
    Bug(
        "more leaves than is held",
        Kind.REMOVED_CONDITION,
        _SHIP,
        old="        if asked[line.line_no] > held:\n",
        new="        if line.line_no > len(order.lines):\n",
        caught_by=f"{_ORDERS}test_shipment_beyond_the_reservation_is_refused_and_changes_nothing",
    ),
    Bug(
        "money that came in counts twice for the dealer's credit",
        Kind.DROPPED_DEDUP,
        "services/orders/commands/update_credit.py",
        old="    transaction.create(AppliedLedgerEventItem(",
        new="    transaction.put(AppliedLedgerEventItem(",
        caught_by=f"{_ORDERS}test_payment_frees_credit_once_when_redelivered",
    ),
    Bug(
        "a receipt taken back frees credit a second time",
        Kind.SIGN_FLIP,
        "services/orders/commands/update_credit.py",
        old="        _follow(message.id, event.dealer_id, event.owed_change_fen)\n",
        new="        _follow(message.id, event.dealer_id, -event.owed_change_fen)\n",
        caught_by=f"{_ORDERS}test_reversed_payment_takes_its_credit_back",
    ),
    # what is expected and promised
    Bug(
        "what is sent to another warehouse is expected where it left",
        Kind.WRONG_SOURCE,
        "services/orders/commands/transfer_stock.py",
        old="inbound.Delivery(request.to_warehouse, ",
        new="inbound.Delivery(request.from_warehouse, ",
        caught_by=f"{_DOCUMENTS}test_transfer_removes_stock_here_and_expects_it_there",
    ),
    Bug(
        "what came in is still expected, and promised a second time",
        Kind.SIGN_FLIP,
        "services/orders/inbound.py",
        old="pieces - came.get(sku_index, 0)) for",
        new="pieces + came.get(sku_index, 0)) for",
        caught_by=f"{_DOCUMENTS}test_two_receipts_of_a_delivery_each_reduce_it",
    ),
    Bug(
        "one piece is promised to everybody in line",
        Kind.DROPPED_DEDUP,
        "services/orders/promises.py",
        old="                supply.appendleft(PiecesOnDay(day, there - taken))\n",
        new="                supply.appendleft(PiecesOnDay(day, there))\n",
        caught_by="tests/orders/test_promise_rules.py::test_piece_is_promised_once_after_arrival_on_a_working_day",
    ),
    Bug(
        "expected pieces are promised for the very day they are to come in",
        Kind.OFF_BY_ONE,
        "services/orders/promises.py",
        old="    return calendar.first_workday_from(arrives + timedelta(days=1)).isoformat()\n",
        new="    return calendar.first_workday_from(arrives).isoformat()\n",
        caught_by=("tests/orders/test_promise_rules.py::test_expected_pieces_ship_on_the_working_day_after_arrival"),
    ),
    Bug(
        "a promise that is not kept is told to nobody",
        Kind.LOST_ANNOUNCEMENT,
        _SWEEP,
        old="    if has_slipped(header):\n",
        new="    if has_slipped(header) and header.overdue:\n",
        caught_by=("tests/orders/test_promise_dates.py::test_slip_is_published_once_when_approval_misses_the_cut_off"),
    ),
    Bug(
        "a promise that was moved in time counts as kept",
        Kind.WRONG_SOURCE,
        "services/orders/kept.py",
        old=' for number in one["lines"] if number not in days}',
        new=' for number in one["lines"]}',
        caught_by=("tests/orders/test_promise_dates.py::test_on_time_rate_uses_the_day_first_promised"),
    ),
)
