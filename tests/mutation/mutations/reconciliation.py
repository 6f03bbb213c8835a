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
        caught_by="test_money_is_booked_said_and_lowers_what_is_owed",
    ),
    Mutation(
        "a reversal books the document a second time",
        Kind.SIGN_FLIP,
        "services.reconciliation:reversal_of",
        old="{__account: -__fen for _ in __amounts}",
        new="dict(__amounts)",
        caught_by="test_a_reversal_mirrors_its_journal_and_there_can_be_one_only",
    ),
    Mutation(
        "a journal out of balance is booked",
        Kind.REMOVED_CONDITION,
        "services.reconciliation:Journal.__post_init__",
        old="__too_few or __has_zero or sum(_) != 0",
        new="__too_few or __has_zero",
        caught_by="test_a_shipment_whose_net_and_tax_miss_its_gross_is_refused",
    ),
    Mutation(
        "the last day of a statement is also on the next statement",
        Kind.OFF_BY_ONE,
        "services.reconciliation:last_day",
        old="__next - timedelta(days=1)",
        new="__next",
        caught_by="test_periods_tile_time_without_gap_or_overlap",
    ),
    Mutation(
        "a payment on the due day is overdue",
        Kind.OFF_BY_ONE,
        "services.reconciliation:ageing_band_of",
        old="__days <= __last",
        new="__days < __last",
        caught_by="test_overdue_starts_at_day_one_and_bands_do_not_overlap",
    ),
    Mutation(
        "a late document changes a statement that was issued",
        Kind.REMOVED_CONDITION,
        "services.reconciliation:book_journal",
        old="__transaction.update(LedgerItem, __key, __changes, _, __label)",
        new="__transaction.update(LedgerItem, __key, __changes, None, __label)",
        caught_by="test_a_late_document_stands_on_the_next_statement_with_its_own_date",
    ),
    Mutation(
        "a shipment delivered in two events is booked twice",
        Kind.MISSING_DEDUPLICATION,
        "services.reconciliation:book_journal",
        old='__transaction.create(__item, "journal")',
        new='__transaction.put(__item, "journal")',
        caught_by="test_whatever_is_told_again_changes_nothing",
    ),
    Mutation(
        "a payment entered by two clerks is booked twice",
        Kind.MISSING_DEDUPLICATION,
        "services.reconciliation:post_payment",
        old="__transaction.create(BankReferenceItem(*__key, **__fields), __label)",
        new="__transaction.put(BankReferenceItem(*__key, **__fields), __label)",
        caught_by="test_a_bank_reference_counts_once_however_spelt_and_to_whomever_booked",
    ),
    Mutation(
        "a payment publishes no event, so the dealer's credit does not change",
        Kind.LOST_EVENT,
        "services.reconciliation:post_payment",
        old="__transaction.create(_payment_posted(*_), _)",
        new="",
        caught_by="test_money_is_booked_said_and_lowers_what_is_owed",
    ),
    Mutation(
        "a document booked while a statement is made is on no statement",
        Kind.LOST_UPDATE,
        "services.reconciliation:close_month",
        old="LedgerItem.journals == _",
        new="LedgerItem.journals.exists()",
        caught_by="test_what_is_booked_while_a_statement_is_made_is_in_it_or_in_the_next",
    ),
    Mutation(
        "a dealer reads the issued statement of another dealer by its number",
        Kind.MISSING_TENANT_CHECK,
        "services.reconciliation:show_issued",
        old="""
            if __caller.dealer_id not in {None, _}:
                raise NotFound
        """,
        new="",
        caught_by="test_a_dealer_sees_its_own_account_and_anothers_is_as_if_it_were_not",
    ),
    Mutation(
        "dealers after the first page get no statement",
        Kind.REMOVED_CONDITION,
        "services.reconciliation:_request_some",
        old='"requesting" if _ else "requested"',
        new='"requested"',
        caught_by="test_a_run_that_died_goes_on_where_it_stood",
    ),
    Mutation(
        "a statement run skips the months before the requested one",
        Kind.REMOVED_CONDITION,
        "services.reconciliation:period_to_issue",
        old="next_period(__closed_through)",
        new="wanted if wanted > __closed_through else next_period(__closed_through)",
        caught_by="test_no_statement_is_left_out_on_the_way_to_the_one_wanted",
    ),
)
