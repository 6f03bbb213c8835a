"""List what all dealers owe."""

from __future__ import annotations

from contracts.dealers import DealerItem
from kernel.http.principal import Principal
from kernel.store.cursors import next_cursor, open_cursor
from kernel.time import clock
from services.reconciliation.ledger.api import BalancePage, BalancesQuery, DealerBalance
from services.reconciliation.ledger.items import LedgerItem
from services.reconciliation.ledger.queries import load_dealer_page, load_ledgers_by_dealer


def list_balances(caller: Principal, query: BalancesQuery) -> BalancePage:
    """List the balances of all dealers by territory and id; a dealer without a journal owes 0."""
    bound_to = [caller.scope, "balances"]
    page = load_dealer_page(open_cursor(bound_to, query.cursor), query.limit)
    ledgers = load_ledgers_by_dealer([dealer.dealer_id for dealer in page.items])
    return BalancePage(
        as_of=clock.stamp(),
        balances=[_balance(dealer, ledgers.get(dealer.dealer_id)) for dealer in page.items],
        next_cursor=next_cursor(bound_to, page.next_key),
    )


def _balance(dealer: DealerItem, ledger: LedgerItem | None) -> DealerBalance:
    return DealerBalance(
        dealer_id=dealer.dealer_id,
        dealer_name=dealer.name,
        territory=dealer.territory,
        receivable_fen=ledger.receivable_fen if ledger else 0,
        credit_limit_fen=dealer.credit_limit_fen,
        closed_through=ledger.closed_through if ledger else None,
    )
