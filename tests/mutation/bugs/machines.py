"""What no test that thinks of one thing would notice: found by breaking every call, by lot, or by doing two at once."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

_BROKEN = "tests/fault_injection/test_every_handler.py::test_it_ends_as_undisturbed_whatever_breaks"
_PLAYED = (
    "tests/simulation/test_simulation.py::test_whatever_happens_in_whatever_order_with_whatever_faults_it_ends_well[0]"
)
_AT_ONCE = "tests/simulation/test_at_once.py::test_conflicting_acts_come_to_what_one_after_the_other_comes_to"

BUGS = (
    # every call broken
    Bug(
        "money whose message breaks off never frees credit, for it counts as followed",
        Kind.EFFECT_BEFORE_RECORD,
        "services/orders/commands/update_credit.py",
        old='f"LEDGER_EVENT#{event_id}", change_fen=change_fen), "event")\n',
        new=(
            'f"LEDGER_EVENT#{event_id}", change_fen=change_fen), "event")\n'
            "    try:\n        transaction.commit()\n    except TransactionRefused:\n        return\n"
            "    transaction = Transaction()\n"
        ),
        caught_by="tests/orders/test_single_fault.py::test_payment_frees_credit_once_when_any_call_fails",
    ),
    Bug(
        "a decision is taken and its answer kept one after the other, so that a repeat is refused",
        Kind.EFFECT_BEFORE_RECORD,
        "services/orders/commands/review_order.py",
        old="    key.record_response(transaction, answer)\n    transaction.commit()\n    return answer\n\n\ndef _measure",
        new=(
            "    transaction.commit()\n    transaction = Transaction()\n    key.record_response(transaction, answer)\n"
            "    transaction.commit()\n    return answer\n\n\ndef _measure"
        ),
        caught_by="tests/orders/test_single_fault.py::test_review_decides_once_when_any_call_fails",
    ),
    Bug(
        "credit is given back before the order ends, and once more at the next attempt",
        Kind.EFFECT_BEFORE_RECORD,
        "services/orders/commands/review_order.py",
        old='[OrderingAccountItem.committed_fen.add(-unshipped_fen)], None, "account"\n    )\n',
        new=(
            '[OrderingAccountItem.committed_fen.add(-unshipped_fen)], None, "account"\n    )\n'
            "    transaction.commit()\n    transaction = Transaction()\n"
        ),
        caught_by="tests/orders/test_single_fault.py::test_review_decides_once_when_any_call_fails",
    ),
    Bug(
        "of an event only the first mailbox is told when the process dies",
        Kind.EFFECT_BEFORE_RECORD,
        "services/notifications/commands/telling.py",
        old="        _add_texts(transaction, message, dealer_id, notice)\n",
        new=(
            "        _add_texts(transaction, message, dealer_id, notice)\n        try:\n"
            "            transaction.commit()\n        except TransactionRefused:\n            return\n"
            "        transaction = Transaction()\n"
        ),
        caught_by=f"{_BROKEN}[notifications.notify, of an order]",
    ),
    Bug(
        "a step of a service request is taken, and if the process dies just then nobody is told",
        Kind.LOST_ANNOUNCEMENT,
        "services/tickets/items.py",
        old='    transaction.put(ticket, "ticket", as_read)\n',
        new='    first = Transaction()\n    first.put(ticket, "ticket", as_read)\n    first.commit()\n',
        caught_by=f"{_BROKEN}[tickets POST /tickets/{{ticket_id}}/accept, as usual]",
    ),
    # played by lot
    Bug(
        "what a confirmed order held stays held when it is cancelled",
        Kind.REMOVED_CONDITION,
        "services/orders/commands/review_order.py",
        old="    free(transaction, order, last)\n    unshipped_fen",
        new=("    if order.state is not State.CONFIRMED:\n        free(transaction, order, last)\n    unshipped_fen"),
        caught_by=_PLAYED,
    ),
    Bug(
        "a shipment told a second time ends among the dead letters",
        Kind.DROPPED_DEDUP,
        "services/reconciliation/commands/post_journals.py",
        old='        if "journal" not in refused:\n            raise\n        return\n',
        new="        raise refused\n",
        caught_by=_PLAYED,
    ),
    Bug(
        "an order that ended stands in line for ever",
        Kind.REMOVED_CONDITION,
        "services/orders/table/changes.py",
        old="    if was and was != is_now:\n",
        new="    if was and is_now and was != is_now:\n",
        caught_by=_PLAYED,
    ),
    Bug(
        "an order served from elsewhere is shipped from home, which does not have it",
        Kind.WRONG_SOURCE,
        "services/orders/commands/reserve_stock.py",
        old='changes |= {"warehouse": order.header.warehouse, "sourcing"',
        new='changes |= {"sourcing"',
        caught_by=_PLAYED,
    ),
    Bug(
        "who got a part at once never gets the rest",
        Kind.REMOVED_CONDITION,
        "services/orders/commands/reserve_stock.py",
        old="    if backordered and order.shortage_policy.waits_for_stock:\n",
        new="    if backordered and not reserved and order.shortage_policy.waits_for_stock:\n",
        caught_by=_PLAYED,
    ),
    # two at once
    Bug(
        "money that comes in while an order is submitted frees no credit",
        Kind.LOST_UPDATE,
        "services/orders/commands/submit_order.py",
        old=(
            '{"last_sequence": last + 1, **(_one_more_urgent(account, dealer) if request.urgent else {})},\n'
            '        {"last_sequence": last or None},\n        "account",\n'
            '        adds={"committed_fen": header.gross_fen},\n'
        ),
        new=(
            '{"last_sequence": last + 1, "committed_fen": committed + header.gross_fen},\n'
            '        {"last_sequence": last or None},\n        "account",\n'
        ),
        caught_by=_AT_ONCE,
    ),
    Bug(
        "pieces set aside while an order takes them are promised and set aside",
        Kind.REMOVED_CONDITION,
        "services/orders/stock.py",
        old='    enough = [f"{counters}[{at}]>=:{-by}" for at, by in steps if by < 0]\n',
        new='    enough = [f"{counters}[{at}]>=:{-by}" for at, by in steps if by < 0 and counters != "available"]\n',
        caught_by=_AT_ONCE,
    ),
)
