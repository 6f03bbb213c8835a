"""Read models and events of dealers and their users. Only dealers writes these items."""

from typing import ClassVar

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute

from kernel.messaging.events import Event
from kernel.store.items import IntegerAttribute, Item, Key, PackedJSONAttribute

#: Index partition of all dealers.
DEALERS = "DEALERS"


# P  one dealer             pk: DEALER#<id>   sk: DEALER
# P  dealers by territory   gsi1pk: DEALERS   gsi1sk: <territory>#<id>
class DealerItem(Item, discriminator="dealer"):
    """Dealer with its terms.

    `status`: active | suspended; `price_list`: id of its price list; `warehouse`: home warehouse;
    `credit_limit_fen`: the most it may owe, open orders included; `payment_days`: days from shipment until payment is
    due. `default_address`: copy of the default address, so that a submit reads no other item; `addresses_version`:
    version of the address book that it is of.
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
    default_address = PackedJSONAttribute(null=True)
    addresses_version = IntegerAttribute(null=True)
    version = IntegerAttribute(default=1)


# P  one user               pk: DEALER#<dealer or HOUSE>   sk: USER#<username>
# P  users of a dealer      pk: DEALER#<dealer or HOUSE>   sk: USER#…
class UserItem(Item, discriminator="user"):
    """Person who may sign in. `phone` is E.164, of a mobile or a landline; only the SMS provider gets it.

    A removed user has `removed_at` (ISO 8601), `removed_by` (user id) and `removal_reason`, no phone, and no access.
    """

    username = UnicodeAttribute()
    dealer_id = UnicodeAttribute(null=True)
    name = UnicodeAttribute()
    phone = UnicodeAttribute(null=True)
    roles: UnicodeSetAttribute = UnicodeSetAttribute()
    removed_at = UnicodeAttribute(null=True)
    removed_by = UnicodeAttribute(null=True)
    removal_reason = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)


#: Takes the place of the dealer id for the distributor's own people.
HOUSE = "HOUSE"


def dealer_key(dealer_id: str) -> Key:
    """Return the key of a dealer."""
    return f"DEALER#{dealer_id}", "DEALER"


def user_key(dealer_id: str | None, username: str) -> Key:
    """Return the key of a user of a dealer, or of head office without one."""
    return f"DEALER#{dealer_id or HOUSE}", f"USER#{username}"


class UserRegistered(Event):
    """Published when a user is imported, invited or changed.

    Subscribers: dealers (open the account at the identity provider), notifications (text the invitation).

    The subject is `ming@D0001`, or `ming@HOUSE` for head office: a username may equal a dealer id. `invitation`: number
    of the invitation that this change made; its code is in no event. `texted`: the user gets the code by SMS.
    """

    TYPE: ClassVar[str] = "user.registered.v1"
    SOURCE: ClassVar[str] = "dealers"

    username: str
    dealer_id: str | None = None
    roles: tuple[str, ...]
    invitation: int | None = None
    texted: bool = False


class SignInCodeRequested(Event):
    """Published when a user may get a code to sign in with. Subscribers: notifications (text the code).

    The subject is the request, from which the code is computed: the code itself is in no event. `valid_until` (ISO
    8601): end of the code, after which nothing is texted.
    """

    TYPE: ClassVar[str] = "sign-in-code.requested.v1"
    SOURCE: ClassVar[str] = "dealers"

    username: str
    dealer_id: str | None = None
    request: str
    valid_until: str


class UserRemoved(Event):
    """Published when a user is removed. Subscribers: dealers (close the account at the identity provider).

    The subject is that of `UserRegistered`. `author`: user id of the person who removed the user.
    """

    TYPE: ClassVar[str] = "user.removed.v1"
    SOURCE: ClassVar[str] = "dealers"

    username: str
    dealer_id: str | None = None
    author: str
    reason: str


class MachineChanged(Event):
    """Published when a machine, the account of a partner's system, changes; the subject is its id.

    Subscribers: notifications (webhooks). The event is also the record of the change. `change`: registered,
    secret-rotated or revoked; `author`: user id of the person who made it; `reason`: of a revocation, otherwise empty.
    """

    TYPE: ClassVar[str] = "machine.changed.v1"
    SOURCE: ClassVar[str] = "dealers"

    machine_id: str
    dealer_id: str | None = None
    change: str
    author: str
    reason: str = ""


class DealerTermsChanged(Event):
    """Published when name, territory or terms of a dealer change; the subject is the dealer.

    Subscribers: notifications; dealers (close the accounts of a suspended dealer). The event is also the record of the
    change. `author` and `author_name`: user id and name of the person who made it. `before` and `after` contain only
    the changed fields, named as in `DealerItem`.
    """

    TYPE: ClassVar[str] = "dealer.terms-changed.v1"
    PUBLIC: ClassVar[bool] = True
    SOURCE: ClassVar[str] = "dealers"

    dealer_id: str
    author: str
    author_name: str = ""
    reason: str
    before: dict[str, str | int]
    after: dict[str, str | int]
