"""Show the trial balance over all ledgers."""

from __future__ import annotations

from kernel.time import clock
from services.reconciliation.ledger.api import TrialAccount, TrialBalance
from services.reconciliation.ledger.read_ledger import every_dealer, load_ledgers
from services.reconciliation.ledger.rules import Account

_LEDGERS_AT_A_TIME = 100


def trial_balance() -> TrialBalance:
    """The accounts of all dealers together.

    Each ledger is one item that balances in itself, so whatever is booked meanwhile, their sum is 0.
    """
    totals = dict.fromkeys(Account, 0)
    ledgers = 0
    for dealer_ids in every_dealer(_LEDGERS_AT_A_TIME):
        for ledger in load_ledgers(dealer_ids).values():
            ledgers += 1
            for account in Account:
                totals[account] += ledger.total_of(account)
    accounts = [
        TrialAccount(account=account, label=account.label, debit_fen=max(fen, 0), credit_fen=max(-fen, 0))
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
