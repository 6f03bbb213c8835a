"""Open an account at the identity provider for a registered user."""

from __future__ import annotations

from contracts.dealers import UserItem, UserRegistered, user_key
from kernel.messaging.events import Envelope
from kernel.store.read import fetch_one
from services.dealers.identity import identity_provider
from services.dealers.items import user_of


def open_account(message: Envelope) -> None:
    """Bring a user's account to the state that the table has.

    Messages may arrive late, twice or out of order, so only the table decides. The user is read again after the work,
    because another delivery may have followed a newer change meanwhile.

    Raises:
        LookupError: the user does not exist, which no order of messages explains.
    """
    event = message.event
    assert isinstance(event, UserRegistered)
    provider = identity_provider()
    if provider is None:
        return  # the identity provider is not managed from here
    synced_version = None
    while (user := _load_user(event)).version != synced_version:
        provider.sync_user(user_of(user))
        synced_version = user.version


def _load_user(event: UserRegistered) -> UserItem:
    user = fetch_one(UserItem, user_key(event.dealer_id, event.username))
    if user is None:
        raise LookupError(f"{event.username} is registered but not in the table")
    return user
