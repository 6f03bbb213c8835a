"""Query and answers about the balances of dealers, and the trial balance."""

from typing import Annotated

from pydantic import Field

from kernel.base.money import CURRENCY, Currency
from kernel.http.models import Answer, Query
from services.reconciliation.ledger.rules import Account


class TrialAccount(Answer):
    """Balance of one account over all dealers, as a debit or as a credit."""

    account: Account
    label_zh: str
    label_en: str
    debit_fen: int
    credit_fen: int


class TrialBalance(Answer):
    """Balances of all accounts. `difference_fen` is always 0."""

    as_of: str
    currency: Currency = CURRENCY
    ledgers: int
    accounts: list[TrialAccount]
    debit_fen: int
    credit_fen: int
    difference_fen: int


class BalancesQuery(Query):
    """Page of the balances of all dealers."""

    cursor: Annotated[str, Field(max_length=4_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class DealerBalance(Answer):
    """Balance of a dealer: what it owes now, below 0 if it has paid in advance, and its credit limit, in fen.

    `closed_through`: last period with a statement, null without one.
    """

    dealer_id: str
    dealer_name: str
    territory: str
    receivable_fen: int
    credit_limit_fen: int
    closed_through: str | None


class BalancePage(Answer):
    """Balances of dealers by territory and id; `next_cursor` is null after the last page."""

    as_of: str
    currency: Currency = CURRENCY
    balances: list[DealerBalance]
    next_cursor: str | None
