"""Load the credit of a dealer, and keep it true until a transaction commits."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from contracts.dealers import DealerItem, dealer_key
from kernel.http.principal import Principal
from kernel.store.items import Item
from kernel.store.read import fetch
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.orders.credit.items import OrderingAccountItem, ordering_account_key
from services.orders.credit.obstacles import DealerCredit
from services.orders.credit.receivables import Overdue, overdue_on, unpack_debts
from services.orders.order.items import Order, split_order_id
from services.orders.order.load_order import load_order_and, require_own


def dealer_credit_of(dealer: Item | None, account: Item | None) -> DealerCredit:
    """Return the credit in the stored items. A dealer that does not exist is suspended and has no limit."""
    credit = DealerCredit(active=False, limit_fen=0)
    if isinstance(account, OrderingAccountItem):
        credit = credit._replace(
            committed_fen=account.committed_fen,
            accepted_fen=account.accepted_fen or 0,
            overdue=_overdue_today(account),
            packed_debts=account.debts,
        )
    if isinstance(dealer, DealerItem):
        credit = credit._replace(
            active=dealer.status == "active", limit_fen=dealer.credit_limit_fen, dealer_version=dealer.version
        )
    return credit


def _overdue_today(account: OrderingAccountItem) -> Overdue:
    today = clock.business_date(clock.now()).isoformat()
    debts = unpack_debts(account.debts)
    return overdue_on(debts, today, account.accepted_overdue_fen or 0, account.accepted_overdue_on)


def load_dealer_credit(dealer_id: str) -> DealerCredit:
    """Load the credit of a dealer in one consistent batched read."""
    dealer, account = dealer_key(dealer_id), ordering_account_key(dealer_id)
    found = fetch([dealer, account])
    return dealer_credit_of(found.get(dealer), found.get(account))


def load_order_and_dealer_credit(order_id: str) -> tuple[Order, DealerCredit]:
    """Load an order with the credit of its dealer, in one batched read.

    Raises:
        NotFound: the order does not exist.
        Busy: the order kept changing.
    """
    dealer_id, _ = split_order_id(order_id)
    dealer, account = dealer_key(dealer_id), ordering_account_key(dealer_id)
    order, found = load_order_and(order_id, dealer, account)
    return order, dealer_credit_of(found.get(dealer), found.get(account))


def load_own_order_and_dealer_credit(caller: Principal, order_id: str) -> tuple[Order, DealerCredit]:
    """Load an order that the caller may see, with the credit of its dealer.

    Raises:
        NotFound: the order does not exist or belongs to another dealer.
        Busy: the order kept changing.
    """
    order, dealer_credit = load_order_and_dealer_credit(order_id)
    require_own(caller, order)
    return order, dealer_credit


#: Labels of the actions that a transaction refuses when the credit has changed since it was loaded.
DEALER_CREDIT_LABELS = frozenset({"dealer", "account"})


def require_unchanged_dealer_credit(transaction: Transaction, dealer_id: str, dealer_credit: DealerCredit) -> None:
    """Add to the transaction the conditions that the dealer and its debts are as read, and within what it may owe."""
    transaction.check(DealerItem, dealer_key(dealer_id), DealerItem.version == dealer_credit.dealer_version, "dealer")
    within = OrderingAccountItem.committed_fen <= dealer_credit.bound_fen
    debts, packed = OrderingAccountItem.debts, dealer_credit.packed_debts
    same_debts = debts.does_not_exist() if packed is None else debts == packed
    transaction.check(OrderingAccountItem, ordering_account_key(dealer_id), within & same_debts, "account")


def change_committed(
    transaction: Transaction,
    dealer_id: str,
    change_fen: int,
    dealer_credit: DealerCredit,
    accepted: Mapping[str, int | str | None] = MappingProxyType({}),
) -> None:
    """Change the committed amount in the transaction, if amount and debts are as loaded; set what finance accepts."""
    transaction.update_fields(
        OrderingAccountItem,
        ordering_account_key(dealer_id),
        accepted,
        expected={"committed_fen": dealer_credit.committed_fen, "debts": dealer_credit.packed_debts},
        increments={"committed_fen": change_fen},
        label="account",
    )
