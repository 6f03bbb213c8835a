"""People of a dealer or of the head office, as the commands that manage them load and check them."""

from __future__ import annotations

from contracts.dealers import HOUSE, UserItem, UserRemoved, user_key
from kernel.base.problems import NotFound, Refusal
from kernel.http.principal import Principal
from kernel.messaging.outbox import outbox_event
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction
from kernel.time import clock
from services.dealers.api import PersonView
from services.dealers.invitations import subject_of
from services.dealers.items import (
    UsernameItem,
    load_users,
    next_version,
    unchanged_condition,
    user_item,
    user_of,
    username_key,
)
from services.dealers.read_dealers import load_dealer
from services.dealers.rules import User, is_machine


class LastAdministrator(Refusal):
    """Without the user, no user could manage the people."""

    def __init__(self, username: str) -> None:
        detail = (
            f"{username} 是最后一名管理员,请先让他人成为管理员 / "
            f"{username} is the last administrator; make another user administrator first"
        )
        super().__init__("last-administrator", detail)


def managed_dealer(caller: Principal, dealer_id: str) -> str | None:
    """Return the dealer whose people the caller may manage; None for `HOUSE`, the head office.

    Raises:
        NotFound: the caller is of another dealer, or there is no such dealer.
    """
    if caller.is_dealer:
        if caller.dealer_id != dealer_id:
            raise NotFound
        return dealer_id
    if dealer_id == HOUSE:
        return None
    return str(load_dealer(dealer_id).dealer_id)


def load_person(dealer_id: str | None, username: str) -> UserItem:
    """Load a user of the dealer, or of the head office.

    Raises:
        NotFound: there is no such user, or the user is removed.
    """
    item = fetch_one(UserItem, user_key(dealer_id, username))
    if item is None or item.removed_at or is_machine(username):
        raise NotFound
    return item


def keep_an_administrator(transaction: Transaction, item: UserItem, after: User | None) -> None:
    """Require another administrator, who must still be one at the commit, if the user stops being one.

    Raises:
        LastAdministrator: there is no other.
    """
    before = user_of(item)
    if not before.is_administrator or (after and after.is_administrator):
        return
    for other in load_users(before.owner):
        if other.username != item.username and user_of(other).is_administrator:
            transaction.check(UserItem, (other.pk, other.sk), unchanged_condition(other), "administrator")
            return
    raise LastAdministrator(item.username)


def add_removal(transaction: Transaction, stored: UserItem, author: str, reason: str) -> UserItem:
    """Add the removal of a user to the transaction, with its event, and return the user as it is then.

    With the user name goes the invitation. The name is free, also for another dealer.
    """
    user = user_of(stored)
    removed = user_item(user, next_version(stored))
    removed.phone = None
    removed.removed_at, removed.removed_by, removed.removal_reason = clock.stamp(), author, reason
    event = outbox_event(
        UserRemoved(username=user.username, dealer_id=user.dealer_id, author=author, reason=reason),
        pk=stored.pk,
        subject=subject_of(user),
        sequence=removed.version,
        dealer_id=user.dealer_id,
    )
    transaction.put(removed, "user", unchanged_condition(stored))
    transaction.create(event, "event")
    transaction.delete(UsernameItem, username_key(user.username), UsernameItem.owner == user.owner, "username")
    return removed


def person_view(item: UserItem, name: UsernameItem | None) -> PersonView:
    """Return a user as administrators see it; `name`: the item of the user name if it still belongs to the user."""
    is_invited = not item.removed_at and name is not None and name.invitation is not None and not name.accepted_at
    return PersonView(
        username=item.username,
        name=item.name,
        roles=sorted(user_of(item).roles),
        has_phone=item.phone is not None,
        state="removed" if item.removed_at else "invited" if is_invited else "active",
        invited_until=name.invited_until if name and is_invited else None,
        removed_at=item.removed_at,
        removal_reason=item.removal_reason,
        version=item.version,
    )
