"""Changes of dealers and users that an import writes."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pynamodb.expressions.condition import Condition

from contracts.dealers import DealerItem, UserItem, UserRegistered, dealer_key, user_key
from kernel.http.principal import Principal
from kernel.messaging.outbox import outbox_event
from kernel.store.items import Item, Key
from kernel.store.transaction import Transaction
from services.dealers.api import DealerRow
from services.dealers.items import (
    dealer_item,
    dealer_of,
    next_version,
    terms_changed,
    unchanged,
    user_item,
    user_of,
    username_item,
    users_by_name,
)
from services.dealers.rules import Dealer, Status, User, after_import

#: Reason recorded with the terms that an import changes.
IMPORT_REASON = "导入 / import"


class Put(NamedTuple):
    """An item to be written under a condition."""

    item: Item
    condition: Condition


class Change(NamedTuple):
    """A dealer or user to be written, with what announces it."""

    sort: str
    is_new: bool
    puts: tuple[Put, ...]


class Group(NamedTuple):
    """Changes that are done together or not at all; `witness` is an administrator who must stay as he is meanwhile."""

    changes: tuple[Change, ...]
    witness: UserItem | None = None

    def items(self) -> set[Hashable]:
        """Names of the items its transaction touches."""
        named: set[Hashable] = {(put.item.pk, put.item.sk) for change in self.changes for put in change.puts}
        return named | ({"witness"} if self.witness else set())

    def write(self, transaction: Transaction) -> None:
        """Let the transaction do it."""
        for change in self.changes:
            for put in change.puts:
                transaction.put(put.item, f"{put.item.pk} {put.item.sk}", put.condition)
        if self.witness:
            key = (self.witness.pk, self.witness.sk)
            transaction.check(UserItem, key, unchanged(self.witness), f"{key[0]} {key[1]}")


def witness(present: Mapping[str, UserItem], users: Sequence[User]) -> UserItem | None:
    """Whoever stays administrator when others stop being it, unless the same transaction writes one anyway."""
    before = users_by_name(present)
    stopping = [user.username for user in users if not user.is_administrator]
    stops = any(name in before and before[name].is_administrator for name in stopping)
    if not stops or any(user.is_administrator and before.get(user.username) != user for user in users):
        return None
    return next((present[name] for name, user in after_import(before, users).items() if user.is_administrator), None)


def dealer_change(caller: Principal, row: DealerRow, found: Mapping[Key, Item]) -> list[Change]:
    item = found.get(dealer_key(row.dealer_id))
    stored = item if isinstance(item, DealerItem) else None
    before = dealer_of(stored) if stored else None
    after = Dealer(
        dealer_id=row.dealer_id,
        name=row.name,
        territory=row.territory,
        grade=row.grade,
        status=before.status if before else Status.ACTIVE,
        price_list=row.price_list,
        warehouse=row.warehouse,
        credit_limit_fen=row.credit_limit_fen,
        payment_days=row.payment_days,
    )
    if after == before:
        return []
    puts = [Put(dealer_item(after, next_version(stored)), unchanged(stored))]
    if stored and before:
        event = terms_changed(stored, before, after, author=caller.user_id, reason=IMPORT_REASON)
        puts.append(Put(event, unchanged(None)))
    return [Change("dealer", stored is None, tuple(puts))]


def user_changes(users: Sequence[User], found: Mapping[Key, Item]) -> Iterator[Change]:
    for user in users:
        item = found.get(user_key(user.dealer_id, user.username))
        stored = item if isinstance(item, UserItem) else None
        if stored is None or user_of(stored) != user:
            yield _user_change(user, stored)


def _user_change(user: User, stored: UserItem | None) -> Change:
    version = next_version(stored)
    event = outbox_event(
        UserRegistered(username=user.username, dealer_id=user.dealer_id, roles=tuple(sorted(user.roles))),
        pk=user_key(user.dealer_id, user.username)[0],
        # Beside the dealer's id, which may read like a user name.
        subject=f"{user.username}@{user.belongs_to}",
        sequence=version,
        dealer_id=user.dealer_id,
    )
    puts = [Put(user_item(user, version), unchanged(stored)), Put(event, unchanged(None))]
    if stored is None:
        puts.append(Put(username_item(user), unchanged(None)))
    return Change("user", stored is None, tuple(puts))
