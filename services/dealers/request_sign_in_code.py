"""Ask for a code to sign in with. Needs no token; the answer is the same for every user name."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.dealers import SignInCodeRequested
from kernel.base.ids import new_id
from kernel.base.problems import Busy
from kernel.messaging.outbox import outbox_event
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.dealers import identity
from services.dealers.rules import User
from services.dealers.sign_in_api import RequestSignInCode, SignInCodeAnswer
from services.dealers.sign_in_codes import (
    CAPS,
    VALID_FOR,
    PhoneCodesItem,
    SignInCodeItem,
    is_capped,
    made_with,
    phone_codes_key,
    phone_digest,
    sign_in_code_key,
)
from services.dealers.sign_in_codes import user_with_code as load_user

_RETENTION = timedelta(days=2)
_ANSWER = SignInCodeAnswer(
    valid_seconds=int(VALID_FOR.total_seconds()), next_code_seconds=int(CAPS[0][1].total_seconds())
)


def request_sign_in_code(request: RequestSignInCode) -> SignInCodeAnswer:
    """Store a new code of the user and have it texted; the former code is void.

    The answer does not show whether there is such a user, with a phone, below the caps of the carriers.
    """
    user = load_user(request.username)
    if user is not None and user.phone is not None and identity.identity_provider() is not None:
        _make_code(user, user.phone, clock.now())
    return _ANSWER


def _make_code(user: User, phone: str, now: datetime) -> None:
    """Make a code unless the phone has reached a cap."""
    counted = fetch_one(PhoneCodesItem, phone_codes_key(phone))
    made = counted.made if counted else []
    if is_capped(made, now):
        return
    request, valid_until = new_id("sic"), clock.stamp(now + VALID_FOR)
    expires_at = clock.epoch(now + _RETENTION)
    code = SignInCodeItem(
        *sign_in_code_key(user.username),
        owner=user.owner,
        request=request,
        phone_digest=phone_digest(phone),
        valid_until=valid_until,
        wrong_tries=0,
        expires_at=expires_at,
    )
    counter = PhoneCodesItem(
        *phone_codes_key(phone),
        made=made_with(made, now),
        version=counted.version + 1 if counted else 1,
        expires_at=expires_at,
    )
    event = outbox_event(
        SignInCodeRequested(username=user.username, dealer_id=user.dealer_id, request=request, valid_until=valid_until),
        pk=code.pk,
        subject=request,
        sequence=1,
        dealer_id=user.dealer_id,
    )
    transaction = Transaction()
    unchanged = PhoneCodesItem.version == counted.version if counted else PhoneCodesItem.pk.does_not_exist()
    transaction.put(counter, "phone", unchanged)
    transaction.put(code, "code")
    transaction.create(event, "event")
    try:
        transaction.commit()
    except (TransactionRefused, Busy):
        return  # another request has just made a code for this phone, so this one is capped
