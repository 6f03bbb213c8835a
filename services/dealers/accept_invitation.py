"""Accept an invitation: set the first password and sign in. Needs no token, only the code."""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest

from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.dealers import identity
from services.dealers.api import AcceptInvitation, SignedIn
from services.dealers.identity import WeakPassword
from services.dealers.invitations import code_digest, password_digest
from services.dealers.items import UsernameItem, username_key
from services.dealers.rules import MAX_WRONG_CODES, weak_password_problem

#: An interrupted acceptance can be repeated at once with the same password, and after this time with another.
_ACCEPTING_FOR = timedelta(minutes=1)


class NotValid(Invalid):
    """User name and code are not those of an open invitation. One answer for every cause: a guesser learns nothing."""

    def __init__(self) -> None:
        detail = (
            "用户名或邀请码不对,或邀请已用过、已过期;已设密码请直接登录,否则请管理员重新邀请 / "
            "user name or code is wrong, or the invitation is used or expired; sign in if you have a password, "
            "or ask your administrator for another invitation"
        )
        super().__init__([FieldProblem(field="code", code="not-valid", detail=detail)])


def accept_invitation(request: AcceptInvitation) -> SignedIn:
    """Set the password of an invited user and return tokens. An invitation is accepted once.

    The same code and password complete an interrupted acceptance. A wrong code counts against the invitation.

    Raises:
        NotValid: there is no open invitation of this user with this code.
        Invalid: the provider refuses the password.
        Refusal: the account is not opened yet, is closed, or another password is being set.
    """
    provider = identity.identity_provider()
    item = fetch_one(UsernameItem, username_key(request.username))
    now = clock.now()
    if provider is None or item is None or not _is_open(item, now):
        raise NotValid
    if not compare_digest(item.code_digest or b"", code_digest(request.code)):
        _count_wrong_code(item)
        raise NotValid
    accepting = password_digest(request.code, request.password)
    _begin(item, accepting, now)
    try:
        is_set = provider.set_password(request.username, request.password)
    except WeakPassword:
        raise Invalid([weak_password_problem("password")]) from None
    if not is_set:
        detail = "账号正在开通,请一分钟后重试 / your account is being opened; try again in a minute"
        raise Refusal("account-not-ready", detail)
    _finish(item, accepting)
    tokens = provider.sign_in(request.username, request.password)
    if tokens is None:
        detail = "密码已设好,但账号已停用,请联系管理员 / your password is set, but the account is closed; ask staff"
        raise Refusal("account-closed", detail)
    return SignedIn(**tokens._asdict())


def _is_open(item: UsernameItem, now: datetime) -> bool:
    return (
        item.invitation is not None
        and item.accepted_at is None
        and (item.wrong_codes or 0) < MAX_WRONG_CODES
        and (item.invited_until or "") > clock.stamp(now)
    )


def _count_wrong_code(item: UsernameItem) -> None:
    transaction = Transaction()
    transaction.update_fields(
        UsernameItem,
        (item.pk, item.sk),
        {},
        expected={"invitation": item.invitation, "accepted_at": None},
        condition=UsernameItem.wrong_codes < MAX_WRONG_CODES,
        increments={"wrong_codes": 1},
        label="invitation",
    )
    _commit(transaction)


def _begin(item: UsernameItem, accepting: bytes, now: datetime) -> None:
    """Note which password is set, before it is set: of two at the same time, one is refused."""
    transaction = Transaction()
    may_begin = (
        UsernameItem.accepting.does_not_exist()
        | (UsernameItem.accepting == accepting)
        | (UsernameItem.accepting_since < clock.stamp(now - _ACCEPTING_FOR))
    )
    transaction.update_fields(
        UsernameItem,
        (item.pk, item.sk),
        {"accepting": accepting, "accepting_since": clock.stamp(now)},
        expected={"invitation": item.invitation, "accepted_at": None},
        condition=(UsernameItem.wrong_codes < MAX_WRONG_CODES) & may_begin,
        label="invitation",
    )
    _commit(transaction)


def _finish(item: UsernameItem, accepting: bytes) -> None:
    transaction = Transaction()
    transaction.update_fields(
        UsernameItem,
        (item.pk, item.sk),
        {"accepted_at": clock.stamp(), "accepting": None, "accepting_since": None},
        expected={"invitation": item.invitation, "accepting": accepting},
        label="invitation",
    )
    _commit(transaction)


def _commit(transaction: Transaction) -> None:
    """Write the change of an open invitation.

    Raises:
        NotValid: it was accepted, replaced or removed meanwhile, or another password is being set.
    """
    try:
        transaction.commit()
    except TransactionRefused:
        raise NotValid from None
