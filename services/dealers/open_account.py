"""Bring accounts at the identity provider to the state of the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contracts.dealers import HOUSE, DealerItem, DealerTermsChanged, UserRegistered, UserRemoved, dealer_key, user_key
from kernel.messaging.events import Envelope, Event
from kernel.store.read import fetch, fetch_one
from services.dealers import identity
from services.dealers.identity import IdentityProvider
from services.dealers.items import UsernameItem, load_users, present_user, user_of, username_key
from services.dealers.rules import DealerStatus, User


class _State(NamedTuple):
    """State that an account must have; without a user, the account is closed for good."""

    user: User | None
    version: int
    is_suspended: bool


def open_account(message: Envelope) -> None:
    """Open, change or close the accounts that an event concerns, so that they are as the table has them.

    Messages may arrive late, twice or out of order, so only the table decides. The user is read again after the work,
    because another delivery may have followed a newer change meanwhile.
    """
    provider = identity.identity_provider()
    if provider is None:
        return  # the identity provider is not managed from here
    for username in _usernames_of(message.event):
        _sync_account(provider, username)


def _usernames_of(event: Event) -> Iterable[str]:
    """Return the users whose accounts an event may change. A dealer is suspended with all its users."""
    if isinstance(event, DealerTermsChanged):
        return [item.username for item in load_users(event.dealer_id)] if "status" in event.after else []
    assert isinstance(event, UserRegistered | UserRemoved)
    return [event.username]


def _sync_account(provider: IdentityProvider, username: str) -> None:
    synced = None
    while (state := _load_state(username)) != synced:
        if state.user is None:
            provider.close_account(username, forget_password=True)
        elif state.is_suspended:
            provider.close_account(username, forget_password=False)
        else:
            provider.sync_user(state.user)
        synced = state


def _load_state(username: str) -> _State:
    """Return the state by the dealer that the user name belongs to now, which may not be that of the event."""
    name = fetch_one(UsernameItem, username_key(username))
    if name is None:
        return _State(None, 0, False)
    dealer_id = None if name.owner == HOUSE else name.owner
    found = fetch([user_key(dealer_id, username), dealer_key(name.owner)])
    user, dealer = present_user(found.get(user_key(dealer_id, username))), found.get(dealer_key(name.owner))
    is_suspended = isinstance(dealer, DealerItem) and dealer.status == DealerStatus.SUSPENDED
    return _State(user_of(user), user.version, is_suspended) if user else _State(None, 0, is_suspended)
