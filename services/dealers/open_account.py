"""Open an account at the identity provider for a registered user."""

from __future__ import annotations

from contracts.dealers import UserItem, UserRegistered, user_key
from kernel.messaging.events import Envelope
from kernel.store.read import fetch_one
from services.dealers.identity import identity_provider
from services.dealers.items import user_of


def open_account(message: Envelope) -> None:
    """Bring a user's account to what the table says now.

    The message only tells that there is something to do: whichever of several arrives, late, twice or out of order, the
    table is the truth. It is looked at again after the work, for a change that another delivery carried out meanwhile.

    Raises:
        LookupError: there is no such user, which no order of events explains.
    """
    event = message.event
    assert isinstance(event, UserRegistered)
    provider = identity_provider()
    if provider is None:
        return  # another organisation's accounts are not ours to open
    done = None
    while (user := _present(event)).version != done:
        provider.bring_up_to_date(user_of(user))
        done = user.version


def _present(event: UserRegistered) -> UserItem:
    user = fetch_one(UserItem, user_key(event.dealer_id, event.username))
    if user is None:
        raise LookupError(f"{event.username} is announced but not in the table")
    return user
