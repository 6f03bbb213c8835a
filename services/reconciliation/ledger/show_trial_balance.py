"""Show the trial balance over all ledgers."""

from __future__ import annotations

from kernel.time import clock
from services.reconciliation.ledger.api import TrialAccount, TrialBalance
from services.reconciliation.ledger.queries import dealer_id_pages, load_ledgers_by_dealer
from services.reconciliation.ledger.rules import Account

_LEDGERS_PER_READ = 100


def show_trial_balance() -> TrialBalance:
    """Return the balances of the accounts over all dealers.

    Each ledger is one item that balances by itself, so the sum is 0 even if journals are posted during the read.
    """
    totals = dict.fromkeys(Account, 0)
    ledgers = 0
    for dealer_ids in dealer_id_pages(_LEDGERS_PER_READ):
        for ledger in load_ledgers_by_dealer(dealer_ids).values():
            ledgers += 1
            for account in Account:
                totals[account] += ledger.total_of(account)
    accounts = [
        TrialAccount(account=account, **account.label.fields, debit_fen=max(fen, 0), credit_fen=max(-fen, 0))
        for account, fen in totals.items()
    ]
    debit_fen = sum(account.debit_fen for account in accounts)
    credit_fen = sum(account.credit_fen for account in accounts)
    return TrialBalance(
        as_of=clock.stamp(),
        ledgers=ledgers,
        accounts=accounts,
        debit_fen=debit_fen,
        credit_fen=credit_fen,
        difference_fen=debit_fen - credit_fen,
    )
