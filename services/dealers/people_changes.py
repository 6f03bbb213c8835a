"""Changes of dealers and users that an import writes."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from pynamodb.expressions.condition import Condition

from contracts.dealers import DealerItem, UserItem, dealer_key, user_key
from kernel.http.principal import Principal
from kernel.store.items import Item, Key
from kernel.store.transaction import MAX_ACTIONS, Transaction
from kernel.time import clock
from services.dealers.api import DealerRow
from services.dealers.invitations import invitation_of, registered_event
from services.dealers.items import (
    dealer_item,
    dealer_of,
    next_version,
    terms_changed_event,
    unchanged_condition,
    user_item,
    user_of,
    username_item,
    users_by_name,
)
from services.dealers.name_items import DealerNameItem, name_items, name_key, new_entries
from services.dealers.rules import Dealer, DealerStatus, User, users_after_import

#: Reason recorded with the terms that an import changes.
_IMPORT_REASON = "导入 / import"


class ConditionalPut(NamedTuple):
    """An item to write if the condition is met."""

    item: Item
    condition: Condition | None


class ImportChange(NamedTuple):
    """A dealer or user to write, together with the event of the change."""

    entity: Literal["dealer", "user"]
    is_new: bool
    puts: tuple[ConditionalPut, ...]
    #: Entries of a former name.
    removed: tuple[Key, ...] = ()


class ChangeGroup(NamedTuple):
    """Changes to write in one transaction.

    `remaining_administrator` must not change meanwhile, because others of the dealer stop being administrators.
    """

    changes: tuple[ImportChange, ...]
    remaining_administrator: UserItem | None = None

    def items(self) -> set[Hashable]:
        """Return names of the items that the transaction touches."""
        named: set[Hashable] = {(put.item.pk, put.item.sk) for change in self.changes for put in change.puts}
        named |= {key for change in self.changes for key in change.removed}
        return named | ({"remaining administrator"} if self.remaining_administrator else set())

    def write(self, transaction: Transaction) -> None:
        """Add the changes to the transaction."""
        for change in self.changes:
            for put in change.puts:
                transaction.put(put.item, f"{put.item.pk} {put.item.sk}", put.condition)
            for key in change.removed:
                transaction.delete(DealerNameItem, key, None, f"{key[0]} {key[1]}")
        if administrator := self.remaining_administrator:
            key = (administrator.pk, administrator.sk)
            transaction.check(UserItem, key, unchanged_condition(administrator), f"{key[0]} {key[1]}")


def administrator_left_after_import(present: Mapping[str, UserItem], imported: Sequence[User]) -> UserItem | None:
    """Return a stored administrator who remains when imported users stop being administrators.

    None if no imported user stops being one, or if the import writes an administrator anyway.
    """
    before = users_by_name(present)
    others = [user.username for user in imported if not user.is_administrator]
    stops = any(name in before and before[name].is_administrator for name in others)
    if not stops or any(user.is_administrator and before.get(user.username) != user for user in imported):
        return None
    after = users_after_import(before, imported)
    return next((present[name] for name, user in after.items() if user.is_administrator), None)


def change_groups(
    dealer: Sequence[ImportChange], users: Sequence[ImportChange], remaining: UserItem | None
) -> list[ChangeGroup]:
    """Return the changes of a dealer and its users in one group, or in several if they are too many for a transaction.

    Args:
        users: administrators first, so that a new dealer has one from its first transaction on.
    """
    whole = ChangeGroup((*dealer, *users), remaining)
    if len(whole.items()) <= MAX_ACTIONS:
        return [whole] if whole.changes else []
    with_dealer, rest = list(dealer), list(users)
    while rest and dealer and dealer[0].is_new and _fits(ChangeGroup((*with_dealer, rest[0]))):
        with_dealer.append(rest.pop(0))
    return [ChangeGroup(tuple(with_dealer)), ChangeGroup(tuple(rest), remaining)]


def _fits(group: ChangeGroup) -> bool:
    return len(group.items()) <= MAX_ACTIONS


def dealer_changes(caller: Principal, row: DealerRow, found: Mapping[Key, Item]) -> list[ImportChange]:
    """Return the change of a dealer that an imported row asks for; empty if the row changes nothing."""
    item = found.get(dealer_key(row.dealer_id))
    stored = item if isinstance(item, DealerItem) else None
    before = dealer_of(stored) if stored else None
    fields = row.applied_to(vars(before) if before else None)
    fields.pop("users", None)
    # A row names no status: a suspended dealer stays suspended.
    after = Dealer(**{"status": DealerStatus.ACTIVE, **fields})
    if after == before:
        return []
    puts = [ConditionalPut(dealer_item(after, stored), unchanged_condition(stored))]
    if stored and before:
        event = terms_changed_event(stored, before, after, author=caller, reason=_IMPORT_REASON)
        puts.append(ConditionalPut(event, unchanged_condition(None)))
    former = before.name if before else None
    # A new dealer without a name is refused later on, with all other problems of the file.
    name = after.name or ""
    # The entries need no condition: the dealer's item has it.
    puts += [ConditionalPut(item, None) for item in name_items(new_entries(former, name), after.dealer_id)]
    removed = [name_key(entry, after.dealer_id) for entry in new_entries(name, former)] if former else []
    return [ImportChange("dealer", stored is None, tuple(puts), tuple(removed))]


def user_changes(imported: Sequence[User], found: Mapping[Key, Item], inviting: str | None) -> Iterator[ImportChange]:
    """Yield the change of every imported user who is new or differs from the stored one.

    Args:
        inviting: id of the request if it invites new users.
    """
    for user in imported:
        item = found.get(user_key(user.dealer_id, user.username))
        stored = item if isinstance(item, UserItem) else None
        if stored is None or user_of(stored) != user:
            yield _user_change(user, stored, inviting)


def _user_change(user: User, stored: UserItem | None, inviting: str | None) -> ImportChange:
    version = next_version(stored)
    invites = inviting if stored is None else None
    event = registered_event(user, version, invited=invites is not None, texted=invites is not None and user.gets_texts)
    puts = [
        ConditionalPut(user_item(user, version), unchanged_condition(stored)),
        ConditionalPut(event, unchanged_condition(None)),
    ]
    if stored is None:
        invitation = invitation_of(user, version, invites, clock.now()) if invites else {}
        puts.append(ConditionalPut(username_item(user, **invitation), unchanged_condition(None)))
    return ImportChange("user", stored is None, tuple(puts))
