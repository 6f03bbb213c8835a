"""Stored users names; dealers and users as items."""

from __future__ import annotations

from collections.abc import Mapping

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from contracts.dealers import DEALERS, DealerItem, DealerTermsChanged, UserItem, dealer_key, user_key
from kernel.http.principal import Role
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.items import Item, Key
from kernel.store.read import query_page
from services.dealers.rules import Dealer, User, difference

#: Most users of one dealer (or of the house) that one call brings or shows.
MAX_USERS = 30


class UsernameItem(Item, discriminator="username"):
    """A user name belongs to one dealer (or to the house) for ever: accounts know nothing else to tell people apart."""

    owner = UnicodeAttribute()


def username_key(username: str) -> Key:
    """The owner of a user name."""
    return f"USER#{username}", "OWNER"


def username_item(user: User) -> UsernameItem:
    """The item that gives a user's name to its dealer."""
    return UsernameItem(*username_key(user.username), owner=user.belongs_to)


def dealer_of(item: DealerItem) -> Dealer:
    """The dealer in a stored item."""
    return Dealer(
        dealer_id=item.dealer_id,
        name=item.name,
        territory=item.territory,
        grade=item.grade,
        status=item.status,
        price_list=item.price_list,
        warehouse=item.warehouse,
        credit_limit_fen=item.credit_limit_fen,
        payment_days=item.payment_days,
    )


def dealer_item(dealer: Dealer, version: int) -> DealerItem:
    """The item that stores a dealer."""
    return DealerItem(
        *dealer_key(dealer.dealer_id),
        gsi1pk=DEALERS,
        gsi1sk=f"{territory_prefix(dealer.territory)}{dealer.dealer_id}",
        version=version,
        **vars(dealer),
    )


def territory_prefix(territory: str) -> str:
    """What the index keys of a territory's dealers begin with."""
    return f"{territory}#"


def user_of(item: UserItem) -> User:
    """The user in a stored item."""
    roles = frozenset(Role(role) for role in item.roles)
    return User(item.username, item.dealer_id, item.name, item.phone, roles)


def user_item(user: User, version: int) -> UserItem:
    """The item that stores a user."""
    facts = {**vars(user), "roles": {role.value for role in user.roles}}
    return UserItem(*user_key(user.dealer_id, user.username), version=version, **facts)


def users_of(dealer_id: str) -> list[UserItem]:
    """All users of a dealer, read consistently."""
    prefix = UserItem.sk.startswith("USER#")
    found: list[UserItem] = []
    start = None
    while True:
        page = query_page(UserItem, dealer_key(dealer_id)[0], sk=prefix, limit=100, start=start, consistent=True)
        found += page.items
        start = page.next_key
        if start is None:
            return found


def users_by_name(items: Mapping[str, UserItem]) -> dict[str, User]:
    """Return the users in stored items, by user name."""
    return {username: user_of(item) for username, item in items.items()}


def next_version(stored: DealerItem | UserItem | None) -> int:
    """The version a change makes; 1 for what is new."""
    return stored.version + 1 if stored else 1


def unchanged(stored: DealerItem | UserItem | None) -> Condition:
    """Holds while nobody has changed what was read, or made what was not there."""
    return type(stored).version == stored.version if stored else Item.pk.does_not_exist()


def terms_changed(stored: DealerItem, before: Dealer, after: Dealer, *, author: str, reason: str) -> EventItem:
    """The record of a dealer's change, to be created with it. A dealer's first version has none."""
    old, new = difference(before, after)
    return outbox_event(
        DealerTermsChanged(dealer_id=after.dealer_id, author=author, reason=reason, before=old, after=new),
        pk=stored.pk,
        subject=after.dealer_id,
        sequence=next_version(stored) - 1,
        dealer_id=after.dealer_id,
    )
