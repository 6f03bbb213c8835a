"""Sign in with user name and the code from an SMS. Needs no token, only the code."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

from kernel.base.problems import Busy, FieldProblem, Invalid
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from reads.sign_in_codes import sign_in_code
from services.dealers import identity
from services.dealers.api import SignedIn
from services.dealers.rules import User, plain_code
from services.dealers.sign_in_api import SignInByCode
from services.dealers.sign_in_codes import (
    MAX_WRONG_TRIES,
    SignInCodeItem,
    phone_digest,
    sign_in_code_key,
    user_with_code,
)


class NotValid(Invalid):
    """User name and code do not sign in. One answer for every cause: a guesser learns nothing."""

    def __init__(self) -> None:
        detail = (
            "用户名或验证码不对,或验证码已用过、已过期;请重新获取验证码,或用密码登录 / user name or code is wrong, "
            "or the code is used or expired; ask for another code, or sign in with your password"
        )
        super().__init__([FieldProblem(field="code", code="not-valid", detail=detail)])


def sign_in_by_code(request: SignInByCode) -> SignedIn:
    """Use the code up and return tokens. A wrong code counts against the code that was texted.

    Raises:
        NotValid: the user has no such code now, may not sign in, or the account is not open.
    """
    provider, now = identity.identity_provider(), clock.now()
    user = user_with_code(request.username)
    item = fetch_one(SignInCodeItem, sign_in_code_key(request.username)) if user else None
    if provider is None or user is None or item is None or not _is_open(item, user, now):
        raise NotValid
    expected = sign_in_code(user.dealer_id, user.username, item.request)
    _record_try(item, now, is_right=compare_digest(expected.encode(), plain_code(request.code).encode()))
    tokens = provider.sign_in_without_password(user.username)
    if tokens is None:
        raise NotValid
    return SignedIn(**tokens._asdict())


def _is_open(item: SignInCodeItem, user: User, now: datetime) -> bool:
    return (
        item.owner == user.owner
        and item.phone_digest == phone_digest(user.phone or "")
        and item.used_at is None
        and item.wrong_tries < MAX_WRONG_TRIES
        and item.valid_until > clock.stamp(now)
    )


def _record_try(item: SignInCodeItem, now: datetime, *, is_right: bool) -> None:
    """Use the code up, or count a wrong try.

    The write expects the number of wrong tries that was read. So of many tries at the same time one counts and the
    others are refused unread: no one gets more than `MAX_WRONG_TRIES` guesses by sending them at once.

    Raises:
        NotValid: the try is wrong, or another one was recorded meanwhile.
    """
    transaction = Transaction()
    transaction.update_fields(
        SignInCodeItem,
        (item.pk, item.sk),
        {"used_at": clock.stamp(now)} if is_right else {},
        expected={"request": item.request, "wrong_tries": item.wrong_tries, "used_at": None},
        increments={} if is_right else {"wrong_tries": 1},
        label="code",
    )
    try:
        transaction.commit()
    except (TransactionRefused, Busy):
        raise NotValid from None
    if not is_right:
        raise NotValid
