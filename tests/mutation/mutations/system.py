"""Mutations that only fault injection, the random simulation or the race tests can catch."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

_EVERY_FAULT = "test_scenario_ends_like_the_undisturbed_run"
_SIMULATION = "test_random_run_ends_with_every_rule_kept[0]"
_RACES = "test_conflicting_actions_end_like_one_after_the_other"

MUTATIONS = (
    # fault injection
    Mutation(
        "an interrupted payment event is recorded as applied and never changes the credit",
        Kind.EFFECT_BEFORE_RECORD,
        "services.orders.credit.update_credit:_commit",
        old="__transaction.create(*__arguments)",
        new="""
            __transaction.create(*__arguments)
            try:
                __transaction.commit()
            except TransactionRefused:
                return
            __transaction = Transaction()
        """,
        caught_by="test_payment_frees_credit_once_when_any_call_fails",
    ),
    Mutation(
        "an action commits before its response is recorded, so a repeat is refused",
        Kind.EFFECT_BEFORE_RECORD,
        "services.orders:commit_change",
        old="__key.record_response(__transaction, __answer)",
        new="""
            __transaction.commit()
            __transaction = Transaction()
            __key.record_response(__transaction, __answer)
        """,
        caught_by="test_review_decides_once_when_any_call_fails",
    ),
    Mutation(
        "a cancellation releases credit before it ends the order, and again when it is repeated",
        Kind.EFFECT_BEFORE_RECORD,
        "services.orders:end_order",
        old="__transaction.update_fields(*__arguments, **__others)",
        new="""
            __transaction.update_fields(*__arguments, **__others)
            __transaction.commit()
            __transaction = Transaction()
        """,
        caught_by="test_review_decides_once_when_any_call_fails",
    ),
    Mutation(
        "only the first mailbox gets an event when the process dies",
        Kind.EFFECT_BEFORE_RECORD,
        "services.notifications:notify_recipients",
        old="_add_sms(__transaction, *__arguments)",
        new="""
            _add_sms(__transaction, *__arguments)
            try:
                __transaction.commit()
            except TransactionRefused:
                return
            __transaction = Transaction()
        """,
        caught_by=f"{_EVERY_FAULT}[notifications.notify, of an order]",
    ),
    Mutation(
        "a step of a ticket is stored, and its event is lost when the process dies",
        Kind.LOST_EVENT,
        "services.tickets:write_ticket",
        old="__transaction.put(*__arguments)",
        new="""
            first = Transaction()
            first.put(*__arguments)
            first.commit()
        """,
        caught_by=f"{_EVERY_FAULT}[tickets POST /tickets/{{ticket_id}}/accept, as usual]",
    ),
    # random simulation
    Mutation(
        "pieces of a confirmed order stay reserved when it is cancelled",
        Kind.REMOVED_CONDITION,
        "services.orders:end_order",
        old="release_reserved(__transaction, __order, __sku_indexes)",
        new="""
            if __order.state.value != "confirmed":
                release_reserved(__transaction, __order, __sku_indexes)
        """,
        caught_by=_SIMULATION,
    ),
    Mutation(
        "a shipment delivered twice becomes a dead letter",
        Kind.MISSING_DEDUPLICATION,
        "services.reconciliation:post_shipment",
        old="""
            if "journal" not in __refused:
                raise
            return
        """,
        new="raise __refused",
        caught_by=_SIMULATION,
    ),
    Mutation(
        "an ended order stays in the backorder queue",
        Kind.REMOVED_CONDITION,
        "services.orders:_sync_backorder_entry",
        old="__before and __before != __after",
        new="__before and __after and __before != __after",
        caught_by=_SIMULATION,
    ),
    Mutation(
        "an order sourced from another warehouse is shipped from home",
        Kind.WRONG_SOURCE,
        "services.orders.reservation:_finish",
        old='{"warehouse": _, **__others}',
        new="{**__others}",
        caught_by=_SIMULATION,
    ),
    Mutation(
        "a partly reserved order never gets its backordered pieces",
        Kind.REMOVED_CONDITION,
        "services.orders.reservation:_finish",
        old="__backordered and __order.shortage_policy.waits_for_stock",
        new="__backordered and not reserved and __order.shortage_policy.waits_for_stock",
        caught_by=_SIMULATION,
    ),
    # races
    Mutation(
        "a payment during a submit does not change the credit",
        Kind.LOST_UPDATE,
        "services.orders:_store",
        old="""
            __transaction.update_fields(
                OrderingAccountItem, __key, {"last_sequence": __number, **_}, increments=_, **__others
            )
        """,
        new="""
            __transaction.update_fields(
                OrderingAccountItem,
                __key,
                {"last_sequence": __number, "committed_fen": (account and account.committed_fen or 0) + 1},
                **__others,
            )
        """,
        caught_by=_RACES,
    ),
    Mutation(
        "pieces that a concurrent order reserves are also set aside",
        Kind.REMOVED_CONDITION,
        "services.orders:_expressions",
        old="[__text for _ in __steps if __by < 0]",
        new='[__text for at, __by in __steps if __by < 0 and counters != "available"]',
        caught_by=_RACES,
    ),
)
