"""What dealers publishes: dealers and their users. Only dealers writes these items."""

from typing import ClassVar

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute

from kernel.messaging.events import Event
from kernel.store.items import IntegerAttribute, Item, Key

#: Index partition of all dealers.
DEALERS = "DEALERS"


# P  one dealer                pk: DEALER#<id>  sk: DEALER
# P  dealers, by territory     gsi1pk: DEALERS  gsi1sk: <territory>#<id>
class DealerItem(Item, discriminator="dealer"):
    """A dealer company and its terms.

    `status`: active | suspended; `price_list`: the list its prices come from; `warehouse`: ships to it;
    `credit_limit_fen`: most it may owe including open orders; `payment_days`: days from shipment until payment is due.
    """

    dealer_id = UnicodeAttribute()
    name = UnicodeAttribute()
    territory = UnicodeAttribute()
    grade = UnicodeAttribute()
    status = UnicodeAttribute(default="active")
    price_list = UnicodeAttribute()
    warehouse = UnicodeAttribute()
    credit_limit_fen = IntegerAttribute()
    payment_days = IntegerAttribute()
    version = IntegerAttribute(default=1)


# P  the users of a dealer (or of the house: HOUSE)   pk: DEALER#<dealer or HOUSE>  sk: USER#<username>
class UserItem(Item, discriminator="user"):
    """A person who may sign in. `phone` is E.164 and never leaves the table but to the SMS provider."""

    username = UnicodeAttribute()
    dealer_id = UnicodeAttribute(null=True)
    name = UnicodeAttribute()
    phone = UnicodeAttribute(null=True)
    roles: UnicodeSetAttribute = UnicodeSetAttribute()
    version = IntegerAttribute(default=1)


#: Stands in the place of a dealer id for the distributor's own people.
HOUSE = "HOUSE"


def dealer_key(dealer_id: str) -> Key:
    """One dealer."""
    return f"DEALER#{dealer_id}", "DEALER"


def user_key(dealer_id: str | None, username: str) -> Key:
    """One user of a dealer, or of the house."""
    return f"DEALER#{dealer_id or HOUSE}", f"USER#{username}"


class UserRegistered(Event):
    """Published when a user is imported or changed. Heard by dealers (open the account at the identity provider).

    The subject is `ming@D0001`, of the house `ming@HOUSE`: a user may be called like a dealer.
    """

    TYPE: ClassVar[str] = "user.registered.v1"
    SOURCE: ClassVar[str] = "dealers"

    username: str
    dealer_id: str | None = None
    roles: tuple[str, ...]


class DealerTermsChanged(Event):
    """Published when a dealer's name, territory or terms changed; subject is the dealer. Heard by nobody yet: the record.

    `author` is the user id of who did it, for `reason`; `before` and `after` hold only what changed, under the names of
    `DealerItem`.
    """

    TYPE: ClassVar[str] = "dealer.terms-changed.v1"
    SOURCE: ClassVar[str] = "dealers"

    dealer_id: str
    author: str
    reason: str
    before: dict[str, str | int]
    after: dict[str, str | int]
