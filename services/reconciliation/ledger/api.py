"""Answer about the trial balance."""

from kernel.base.money import CURRENCY
from kernel.http.models import Answer


class TrialAccount(Answer):
    """Balance of one account over all dealers, as a debit or as a credit."""

    account: str
    label: str
    debit_fen: int
    credit_fen: int


class TrialBalance(Answer):
    """Balances of all accounts. `difference_fen` is always 0."""

    as_of: str
    currency: str = CURRENCY
    ledgers: int
    accounts: list[TrialAccount]
    debit_fen: int
    credit_fen: int
    difference_fen: int
