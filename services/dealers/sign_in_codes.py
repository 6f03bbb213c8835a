"""Codes to sign in with: who may get one, how often, and how long it is valid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pynamodb.attributes import BinaryAttribute, JSONAttribute, UnicodeAttribute

from contracts.dealers import HOUSE, DealerItem, dealer_key, user_key
from kernel.store.cursors import keyed_digest
from kernel.store.items import IntegerAttribute, Item, Key
from kernel.store.read import fetch, fetch_one
from kernel.time import clock
from services.dealers.items import UsernameItem, present_user, user_of, username_key
from services.dealers.rules import DealerStatus, User, is_machine

#: A code is valid for this time.
VALID_FOR = timedelta(minutes=5)
#: Wrong tries after which a code is void.
MAX_WRONG_TRIES = 5
#: The carriers accept so many codes for one phone within a time (Aliyun: 1 a minute, 5 an hour, 10 a day).
CAPS = ((1, timedelta(minutes=1)), (5, timedelta(hours=1)), (10, timedelta(days=1)))


# P  code to sign in with    pk: USER#<username>   sk: SIGNINCODE
class SignInCodeItem(Item, discriminator="sign_in_code"):
    """The last code of a user; the code itself is computed from `request`, the id of the request that made it.

    `owner`: the dealer of the user, or HOUSE. `phone_digest`: of the phone that gets it; with another phone the code is
    void. `valid_until` and `used_at`: ISO 8601. `wrong_tries`: number of wrong codes that were sent in its place.
    """

    owner = UnicodeAttribute()
    request = UnicodeAttribute()
    phone_digest = BinaryAttribute(legacy_encoding=False)
    valid_until = UnicodeAttribute()
    used_at = UnicodeAttribute(null=True)
    wrong_tries = IntegerAttribute(default=0)


# P  codes made for a phone    pk: PHONE#<digest>   sk: SIGNINCODES
class PhoneCodesItem(Item, discriminator="phone_codes"):
    """Times at which codes were made for a phone, in epoch seconds, oldest first; those of the last day count."""

    made: JSONAttribute = JSONAttribute()
    version = IntegerAttribute()


def sign_in_code_key(username: str) -> Key:
    """Key of the last code of a user."""
    return f"USER#{username}", "SIGNINCODE"


def phone_codes_key(phone: str) -> Key:
    """Key of the codes made for a phone. Its digest is keyed: keys appear in traces, and phones are easily guessed."""
    return f"PHONE#{phone_digest(phone).hex()[:32]}", "SIGNINCODES"


def phone_digest(phone: str) -> bytes:
    """Return a digest of a phone that only this stage can compute."""
    return keyed_digest("phone", phone)


def user_with_code(username: str) -> User | None:
    """Return the user who may sign in by code: present, with a mobile phone, of a dealer that is not suspended."""
    name = None if is_machine(username) else fetch_one(UsernameItem, username_key(username))
    if name is None:
        return None
    key = user_key(None if name.owner == HOUSE else name.owner, username)
    found = fetch([key, dealer_key(name.owner)])
    item, dealer = present_user(found.get(key)), found.get(dealer_key(name.owner))
    if item is None or (isinstance(dealer, DealerItem) and dealer.status == DealerStatus.SUSPENDED):
        return None
    user = user_of(item)
    return user if user.gets_texts else None


def is_capped(made: Sequence[int], now: datetime) -> bool:
    """Return True if a phone for which codes were made at these times may get no other one now."""
    return any(sum(at > clock.epoch(now - period) for at in made) >= most for most, period in CAPS)


def made_with(made: Sequence[int], now: datetime) -> list[int]:
    """Return the times that still count against a cap, with the present one."""
    longest = max(period for _, period in CAPS)
    return [*(at for at in made if at > clock.epoch(now - longest)), clock.epoch(now)]
