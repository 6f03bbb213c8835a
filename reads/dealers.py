"""Names of dealers and of their users, for answers that show them by their codes; users whom text messages reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from contracts.dealers import HOUSE, DealerItem, UserItem, dealer_key, user_key
from kernel.base.phones import is_mobile
from kernel.http.principal import Role
from kernel.store.read import fetch, fetch_one
from kernel.time import clock
from reads.cache import Cache

#: Seconds for which one read of a name serves a process. Names hardly ever change.
_PERIOD_SECONDS = 300

#: Name in place of a dealer's where something belongs to the head office.
HOUSE_NAME = "总部"

#: Names by period and dealer id, so a name that was read in an older period is not found.
_names: Cache[tuple[int, str], str] = Cache(max_entries=2_000)


def dealer_names(dealer_ids: Iterable[str]) -> Mapping[str, str]:
    """Return the names of these dealers by id, in one batched read of those that are not cached.

    A dealer that is not stored has its id as its name; `HOUSE` is the head office.
    """
    period = int(clock.now().timestamp()) // _PERIOD_SECONDS
    wanted = dict.fromkeys(dealer_ids)
    unread = [dealer_id for dealer_id in wanted if dealer_id != HOUSE and (period, dealer_id) not in _names]
    read = {
        item.dealer_id: item.name
        for item in fetch(map(dealer_key, unread), consistent=False).values()
        if isinstance(item, DealerItem)
    }
    read[HOUSE] = HOUSE_NAME
    names = {dealer_id: _names.get((period, dealer_id)) or read.get(dealer_id, dealer_id) for dealer_id in wanted}
    for dealer_id, name in read.items():
        _names.put((period, dealer_id), name)
    return names


def user_names(users: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """Return the names of these users by dealer id (or `HOUSE`) and user name, in one batched read.

    A user that is not stored has the user name as name.
    """
    wanted = {user: user_key(*user) for user in users}
    found = fetch(wanted.values(), consistent=False)
    items = {user: found.get(key) for user, key in wanted.items()}
    return {user: item.name if isinstance(item, UserItem) else user[1] for user, item in items.items()}


def has_mobile(user: UserItem) -> bool:
    """Return True if a text message reaches the user."""
    return is_mobile(user.phone or "") and not user.removed_at


def user_with_mobile(dealer_id: str | None, username: str, roles: Set[str] = frozenset(Role)) -> UserItem | None:
    """Return a user of the dealer (None: of the head office) with a mobile phone and one of the roles, or None."""
    user = fetch_one(UserItem, user_key(dealer_id, username))
    return user if user and has_mobile(user) and roles & set(user.roles) else None
