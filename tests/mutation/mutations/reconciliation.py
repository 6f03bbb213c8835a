"""Mutations of the ledger and of statements."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "a payment raises what the dealer owes",
        Kind.SIGN_FLIP,
        "services.reconciliation:payment_journal",
        old="{Account.BANK: __fen, Account.RECEIVABLE: -__fen}",
        new="{Account.BANK: -__fen, Account.RECEIVABLE: __fen}",
        caught_by="test_payment_is_posted_published_and_lowers_the_balance",
    ),
    Mutation(
        "a reversal books the document a second time",
        Kind.SIGN_FLIP,
        "services.reconciliation:reversal_of",
        old="{__account: -__fen for _ in __amounts}",
        new="dict(__amounts)",
        caught_by="test_reversal_mirrors_its_journal_and_is_unique",
    ),
    Mutation(
        "a journal out of balance is booked",
        Kind.REMOVED_CONDITION,
        "services.reconciliation:Journal.__post_init__",
        old="__too_few or __has_zero or sum(_) != 0",
        new="__too_few or __has_zero",
        caught_by="test_shipment_is_refused_when_net_and_tax_differ_from_gross",
    ),
    Mutation(
        "the last day of a statement is also on the next statement",
        Kind.OFF_BY_ONE,
        "services.reconciliation:last_day",
        old="__next - timedelta(days=1)",
        new="__next",
        caught_by="test_periods_have_no_gap_and_no_overlap",
    ),
    Mutation(
        "a payment on the due day is overdue",
        Kind.OFF_BY_ONE,
        "services.reconciliation:ageing_band_of",
        old="__days <= __last",
        new="__days < __last",
        caught_by="test_ageing_band_follows_the_days_overdue",
    ),
    Mutation(
        "a late document changes a statement that was issued",
        Kind.REMOVED_CONDITION,
        "services.reconciliation:_add_journal",
        old="__transaction.update_fields(LedgerItem, __key, __values, condition=_, **__others)",
        new="__transaction.update_fields(LedgerItem, __key, __values, **__others)",
        caught_by="test_late_document_is_on_the_next_statement_with_its_own_date",
    ),
    Mutation(
        "a shipment delivered in two events is booked twice",
        Kind.MISSING_DEDUPLICATION,
        "services.reconciliation:_add_journal",
        old='__transaction.create(__item, "journal")',
        new='__transaction.put(__item, "journal")',
        caught_by="test_redelivered_events_change_nothing",
    ),
    Mutation(
        "a payment entered by two clerks is booked twice",
        Kind.MISSING_DEDUPLICATION,
        "services.reconciliation:post_payment",
        old="__transaction.create(BankReferenceItem(*__key, **__fields), __label)",
        new="__transaction.put(BankReferenceItem(*__key, **__fields), __label)",
        caught_by="test_bank_reference_is_used_once_in_any_notation_and_for_any_dealer",
    ),
    Mutation(
        "a payment publishes no event, so the dealer's credit does not change",
        Kind.LOST_EVENT,
        "services.reconciliation:post_payment",
        old="__transaction.create(_payment_posted(*_), _)",
        new="",
        caught_by="test_payment_is_posted_published_and_lowers_the_balance",
    ),
    Mutation(
        "a document booked while a statement is made is on no statement",
        Kind.LOST_UPDATE,
        "services.reconciliation:close_period",
        old='{"journal_count": _, **__others}',
        new="{**__others}",
        caught_by="test_journal_posted_while_a_statement_is_issued_is_on_one_statement",
    ),
    Mutation(
        "a dealer reads the issued statement of another dealer by its number",
        Kind.MISSING_TENANT_CHECK,
        "services.reconciliation:show_issued_statement",
        old="""
            if __caller.dealer_id not in {None, _}:
                raise NotFound
        """,
        new="",
        caught_by="test_statement_of_another_dealer_is_not_found",
    ),
    Mutation(
        "dealers after the first page get no statement",
        Kind.REMOVED_CONDITION,
        "services.reconciliation:_request_page",
        old='"requesting" if _ else "requested"',
        new='"requested"',
        caught_by="test_interrupted_run_continues_at_its_last_page",
    ),
    Mutation(
        "a statement run skips the months before the requested one",
        Kind.REMOVED_CONDITION,
        "services.reconciliation:period_to_issue",
        old="next_period(__closed_through)",
        new="wanted if wanted > __closed_through else next_period(__closed_through)",
        caught_by="test_period_to_issue_leaves_out_no_period",
    ),
)
