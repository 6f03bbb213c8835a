"""Dealers and users as items, and the items of user names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from contracts.dealers import DEALERS, DealerItem, DealerTermsChanged, UserItem, dealer_key, user_key
from kernel.http.principal import Principal, Role
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import query_all
from services.dealers.rules import Dealer, User, changes_by_field

#: Most users of one dealer in one import.
MAX_USERS = 30
_USERS_PER_PAGE = 100


# P  owner of a user name   pk: USER#<username>   sk: OWNER
class UsernameItem(Item, discriminator="username"):
    """The dealer, or the head office, that a user name belongs to until its user is removed, and the last invitation.

    Accounts differ only by their user name. `invitation`: number of the invitation; `code_digest`: of its code;
    `invited_until`: end of the invitation; `request`: request that made it; `wrong_codes`: attempts with another code.
    While it is accepted, `accepting` is a digest of code and password, `accepting_since` the start; then `accepted_at`.
    """

    owner = UnicodeAttribute()
    invitation = IntegerAttribute(null=True)
    code_digest = BinaryAttribute(legacy_encoding=False, null=True)
    invited_until = UnicodeAttribute(null=True)
    request = UnicodeAttribute(null=True)
    wrong_codes = IntegerAttribute(null=True)
    accepting = BinaryAttribute(legacy_encoding=False, null=True)
    accepting_since = UnicodeAttribute(null=True)
    accepted_at = UnicodeAttribute(null=True)


def username_key(username: str) -> Key:
    """Key of a user name's owner."""
    return f"USER#{username}", "OWNER"


def username_item(user: User, **invitation: Any) -> UsernameItem:
    """Return the item that gives a user's name to the owner, with the attributes of an invitation."""
    return UsernameItem(*username_key(user.username), owner=user.owner, **invitation)


def dealer_of(item: DealerItem) -> Dealer:
    """Return the dealer in a stored item."""
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


def dealer_item(dealer: Dealer, stored: DealerItem | None) -> DealerItem:
    """Return the item that stores the next version of a dealer. The copy of its default address stays."""
    return DealerItem(
        *dealer_key(dealer.dealer_id),
        gsi1pk=DEALERS,
        gsi1sk=f"{territory_prefix(dealer.territory)}{dealer.dealer_id}",
        default_address=stored.default_address if stored else None,
        addresses_version=stored.addresses_version if stored else None,
        version=next_version(stored),
        **vars(dealer),
    )


def territory_prefix(territory: str) -> str:
    """Return the prefix of the index sort keys of a territory's dealers."""
    return f"{territory}#"


def user_of(item: UserItem) -> User:
    """Return the user in a stored item."""
    roles = frozenset(Role(role) for role in item.roles)
    return User(item.username, item.dealer_id, item.name, item.phone, roles)


def user_item(user: User, version: int) -> UserItem:
    """Return the item that stores a user."""
    fields = {**vars(user), "roles": {role.value for role in user.roles}}
    return UserItem(*user_key(user.dealer_id, user.username), version=version, **fields)


def load_people(dealer_id: str) -> list[UserItem]:
    """Load all users of a dealer (or HOUSE), also removed ones, read consistently."""
    pk, _ = dealer_key(dealer_id)
    return list(query_all(UserItem, pk, sk=UserItem.sk.startswith("USER#"), page_size=_USERS_PER_PAGE))


def load_users(dealer_id: str) -> list[UserItem]:
    """Load the users of a dealer (or HOUSE) who are not removed, read consistently."""
    return [item for item in load_people(dealer_id) if not item.removed_at]


def present_user(item: Item | None) -> UserItem | None:
    """Return the item if it is that of a user who is not removed."""
    return item if isinstance(item, UserItem) and not item.removed_at else None


def users_by_name(items: Mapping[str, UserItem]) -> dict[str, User]:
    """Return the users in stored items, by user name."""
    return {username: user_of(item) for username, item in items.items()}


def next_version(stored: DealerItem | UserItem | None) -> int:
    """Return the version that a change makes; 1 for a new item."""
    return stored.version + 1 if stored else 1


def unchanged_condition(stored: DealerItem | UserItem | None) -> Condition:
    """Return the condition that an item still has the version read, or still does not exist if None was read.

    The address book changes the copy of the default address in a dealer's item, and not the version of its terms.
    """
    if stored is None:
        return Item.pk.does_not_exist()
    unchanged: Condition = type(stored).version == stored.version
    if not isinstance(stored, DealerItem):
        return unchanged
    number, addresses = stored.addresses_version, DealerItem.addresses_version
    unchanged &= addresses.does_not_exist() if number is None else addresses == number
    return unchanged


def terms_changed_event(
    stored: DealerItem, before: Dealer, after: Dealer, *, author: Principal, reason: str
) -> EventItem:
    """Return the event to create with a dealer's change. A dealer's first version has none."""
    old, new = changes_by_field(before, after)
    return outbox_event(
        DealerTermsChanged(
            dealer_id=after.dealer_id,
            author=author.user_id,
            author_name=author.name,
            reason=reason,
            before=old,
            after=new,
        ),
        pk=stored.pk,
        subject=after.dealer_id,
        sequence=stored.version,
        dealer_id=after.dealer_id,
    )
