"""Dealers and their users, read from the items that the dealers service publishes."""

from __future__ import annotations

from contracts.dealers import HOUSE, DealerItem, UserItem, dealer_key, user_key
from kernel.base.phones import is_mobile
from kernel.http.principal import Role
from kernel.store.read import fetch, fetch_one, query_page


def is_active_dealer(dealer_id: str) -> bool:
    """Return True if the dealer exists and is not suspended."""
    dealer = fetch_one(DealerItem, dealer_key(dealer_id))
    return dealer is not None and dealer.status == "active"


def users_with_phones(dealer_id: str, roles: frozenset[Role]) -> list[UserItem]:
    """Return the users of a dealer who have a mobile phone and one of the roles, by user name."""
    page = query_page(
        UserItem, dealer_key(dealer_id)[0], sk=UserItem.sk.startswith("USER#"), limit=200, consistent=True
    )
    return [user for user in page.items if _gets_texts(user) and roles & set(user.roles)]


def invited_user(dealer_id: str | None, username: str) -> UserItem | None:
    """Return a user of the dealer (None: of the head office) who has a mobile phone; None if the user is removed."""
    user = fetch_one(UserItem, user_key(dealer_id, username))
    return user if user and _gets_texts(user) else None


def phone_of_invited(dealer_id: str, username: str) -> str | None:
    """Return the present phone of an invited user of a dealer or of HOUSE; None if user or phone is gone."""
    user = invited_user(None if dealer_id == HOUSE else dealer_id, username)
    return user.phone if user else None


def current_phone(dealer_id: str, username: str, roles: frozenset[Role]) -> str | None:
    """Return the present mobile phone of a user; None if user, role or phone is gone or the dealer is suspended.

    Args:
        dealer_id: the dealer whose user it is, or HOUSE.
    """
    found = fetch([dealer_key(dealer_id), user_key(dealer_id, username)])
    dealer, user = found.get(dealer_key(dealer_id)), found.get(user_key(dealer_id, username))
    is_active = dealer_id == HOUSE or (isinstance(dealer, DealerItem) and dealer.status == "active")
    if not is_active or not isinstance(user, UserItem):
        return None
    if not _gets_texts(user):
        return None
    return user.phone if roles & set(user.roles) else None


def _gets_texts(user: UserItem) -> bool:
    return is_mobile(user.phone or "") and not user.removed_at
