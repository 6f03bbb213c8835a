"""The ledger and statements."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

_DOMAIN = "services/reconciliation/domain.py"
_TABLE = "services/reconciliation/table.py"
_POSTING = "services/reconciliation/commands/post_journals.py"
_ISSUING = "services/reconciliation/commands/issue_statements.py"

BUGS = (
    Bug(
        "money that comes in raises what the dealer owes",
        Kind.SIGN_FLIP,
        _DOMAIN,
        old="amounts={Account.BANK: amount_fen, Account.RECEIVABLE: -amount_fen},",
        new="amounts={Account.BANK: -amount_fen, Account.RECEIVABLE: amount_fen},",
        caught_by="tests/reconciliation/test_posting.py::test_money_is_booked_said_and_lowers_what_is_owed",
    ),
    Bug(
        "a reversal books the document a second time",
        Kind.SIGN_FLIP,
        _DOMAIN,
        old="amounts={account: -fen for account, fen in journal.amounts.items()},",
        new="amounts=dict(journal.amounts),",
        caught_by="tests/reconciliation/test_domain.py::test_a_reversal_mirrors_its_journal_and_there_can_be_one_only",
    ),
    Bug(
        "a journal whose sides differ is booked",
        Kind.REMOVED_CONDITION,
        _DOMAIN,
        old=" or not all(self.amounts.values()) or sum(self.amounts.values()) != 0:",
        new=" or not all(self.amounts.values()):",
        caught_by="tests/reconciliation/test_domain.py::test_a_shipment_whose_net_and_tax_miss_its_gross_is_refused",
    ),
    Bug(
        "a statement's last day stands on the next statement too",
        Kind.OFF_BY_ONE,
        _DOMAIN,
        old="    return first_day(next_period(period)) - timedelta(days=1)",
        new="    return first_day(next_period(period))",
        caught_by="tests/reconciliation/test_domain.py::test_periods_tile_time_without_gap_or_overlap",
    ),
    Bug(
        "who pays on the day it is due is overdue",
        Kind.OFF_BY_ONE,
        _DOMAIN,
        old="if days_overdue <= last), AgeingBand.OVER_90)",
        new="if days_overdue < last), AgeingBand.OVER_90)",
        caught_by="tests/reconciliation/test_domain.py::test_overdue_starts_at_day_one_and_bands_do_not_overlap",
    ),
    Bug(
        "a late document changes a statement that was issued",
        Kind.REMOVED_CONDITION,
        _TABLE,
        old="        [*amounts, LedgerItem.journals.add(1)],\n        still_open,\n",
        new="        [*amounts, LedgerItem.journals.add(1)],\n        None,\n",
        caught_by=(
            ""
            "tests/reconciliation/test_statements.py::test_a_late_document_stands_on_the_next_statement_with_its_own_date"
        ),
    ),
    Bug(
        "a shipment told in two events is booked twice",
        Kind.DROPPED_DEDUP,
        _TABLE,
        old='    transaction.create(booked, "journal")\n',
        new='    transaction.put(booked, "journal")\n',
        caught_by="tests/reconciliation/test_posting.py::test_whatever_is_told_again_changes_nothing",
    ),
    Bug(
        "one payment typed in by two clerks is booked twice",
        Kind.DROPPED_DEDUP,
        _POSTING,
        old='        transaction.create(BankReferenceItem(*reference, payment_id=payment_id), "bank reference")\n',
        new='        transaction.put(BankReferenceItem(*reference, payment_id=payment_id), "bank reference")\n',
        caught_by=(
            "tests/reconciliation/test_posting.py::"
            "test_a_bank_reference_counts_once_however_spelt_and_to_whomever_booked"
        ),
    ),
    Bug(
        "money is booked and the dealer's credit never hears of it",
        Kind.LOST_ANNOUNCEMENT,
        _POSTING,
        old='        transaction.create(_payment_posted(journal, payment_id), "event")\n',
        new="",
        caught_by="tests/reconciliation/test_posting.py::test_money_is_booked_said_and_lowers_what_is_owed",
    ),
    Bug(
        "what is booked while a statement is made stands on none",
        Kind.LOST_UPDATE,
        _TABLE,
        old="        (LedgerItem.journals == ledger.journals)\n        & (\n",
        new="        LedgerItem.journals.exists()\n        & (\n",
        caught_by=(
            ""
            "tests/reconciliation/test_statements.py::test_what_is_booked_while_a_statement_is_made_is_in_it_or_in_the_next"
        ),
    ),
    Bug(
        "a dealer reads the issued statement of another by its number",
        Kind.MISSING_TENANT,
        "services/reconciliation/commands/read_statements.py",
        old="    if caller.dealer_id not in {None, dealer_id}:\n        raise NotFound\n",
        new="",
        caught_by=(
            ""
            "tests/reconciliation/test_statements.py::test_a_dealer_sees_its_own_account_and_anothers_is_as_if_it_were_not"
        ),
    ),
    Bug(
        "dealers beyond the first page of them get no statement",
        Kind.REMOVED_CONDITION,
        _ISSUING,
        old='StatementRunItem.state.set("requesting" if page.next_key else "requested"),',
        new='StatementRunItem.state.set("requested"),',
        caught_by="tests/reconciliation/test_statements.py::test_a_run_that_died_goes_on_where_it_stood",
    ),
    Bug(
        "a month nobody asked for is left out on the way to the next",
        Kind.REMOVED_CONDITION,
        _DOMAIN,
        old="        due = next_period(closed_through)\n",
        new="        due = wanted if wanted > closed_through else next_period(closed_through)\n",
        caught_by="tests/reconciliation/test_domain.py::test_no_statement_is_left_out_on_the_way_to_the_one_wanted",
    ),
)
