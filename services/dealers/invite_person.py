"""Invite a person: a new user, a removed one once more, or a user whose code or password is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from contracts.dealers import HOUSE, UserItem, user_key
from kernel.base.problems import FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal, Role
from kernel.store.read import fetch, fetch_one
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.dealers import identity
from services.dealers.api import InvitationView, InvitePerson, SendInvitation
from services.dealers.invitations import invitation_of, invitation_view, registered_event, with_code
from services.dealers.items import (
    UsernameItem,
    load_users,
    next_version,
    unchanged_condition,
    user_item,
    user_of,
    username_item,
    username_key,
)
from services.dealers.people import load_person, managed_dealer
from services.dealers.rules import User, role_problems

#: Another request may change the same user; every attempt reads and decides again.
_ATTEMPTS = 5


class _Invited(NamedTuple):
    """The user to invite, and what is stored of the user and of the user name."""

    user: User
    stored: UserItem | None
    name: UsernameItem | None


def invite_person(caller: Principal, dealer_id: str, request: InvitePerson, key: IdempotencyKey) -> InvitationView:
    """Register a user of the dealer (or HOUSE) with an invitation. A removed user may be invited again.

    Raises:
        NotFound: there is no such dealer, or the caller is of another.
        Invalid: the user name is taken, or a role is not one of dealers or of the head office.
    """
    owner = managed_dealer(caller, dealer_id)
    if problems := role_problems("roles", request.roles, owner):
        raise Invalid(problems)
    user = User(request.username, owner, request.name, request.phone, frozenset(request.roles))
    return retry_on_conflict(_ATTEMPTS, partial(_write, partial(_registered, user), request.show_code, key))


def send_invitation(
    caller: Principal, dealer_id: str, username: str, request: SendInvitation, key: IdempotencyKey
) -> InvitationView:
    """Make a new invitation of a user, in place of the last one. Its acceptance replaces the user's password.

    Raises:
        NotFound: there is no such dealer or user, or the caller is of another dealer.
    """
    owner = managed_dealer(caller, dealer_id)
    return retry_on_conflict(_ATTEMPTS, partial(_write, partial(_renewed, owner, username), request.show_code, key))


def invite_first_administrator(username: str, name: str, key: IdempotencyKey) -> InvitationView | None:
    """Register an administrator of the head office, or renew the invitation of this one; None if there is another.

    Only operators call it, when a stage has no user yet who could invite.
    """
    administrators = [item.username for item in load_users(HOUSE) if Role.ADMIN in item.roles]
    if administrators and administrators != [username]:
        return None
    if administrators:
        return retry_on_conflict(_ATTEMPTS, partial(_write, partial(_renewed, None, username), True, key))
    user = User(username, None, name, None, frozenset({Role.ADMIN}))
    return retry_on_conflict(_ATTEMPTS, partial(_write, partial(_registered, user), True, key))


def _recorded(key: IdempotencyKey) -> InvitationView | None:
    """Return the invitation that this request has made. The recorded response holds no code."""
    recorded = key.recorded_response()
    return with_code(InvitationView.model_validate_json(recorded[1])) if recorded else None


def _registered(user: User) -> _Invited:
    name_key, item_key = username_key(user.username), user_key(user.dealer_id, user.username)
    found = fetch([name_key, item_key])
    name, stored = found.get(name_key), found.get(item_key)
    if isinstance(name, UsernameItem):
        detail = (
            f"用户名 {user.username} 已被使用,请换一个;本单位的人请重发邀请 / the user name {user.username} is taken; "
            "choose another, or send a new invitation to your own user"
        )
        raise Invalid([FieldProblem(field="username", code="taken", detail=detail)])
    return _Invited(user, stored if isinstance(stored, UserItem) else None, None)


def _renewed(owner: str | None, username: str) -> _Invited:
    stored = load_person(owner, username)
    return _Invited(user_of(stored), stored, fetch_one(UsernameItem, username_key(username)))


def _write(read: Callable[[], _Invited], show_code: bool, key: IdempotencyKey) -> InvitationView:
    """Write the next version of the user, its event and the user name with the invitation."""
    if recorded := _recorded(key):
        return recorded
    user, stored, name = read()
    version = next_version(stored)
    is_managed_here = identity.identity_provider() is not None
    texted = is_managed_here and user.gets_texts and not show_code
    invitation = invitation_of(user, version, key.request_id, clock.now()) if is_managed_here else {}
    named = username_item(user, **invitation)
    transaction = Transaction()
    transaction.put(user_item(user, version), "user", unchanged_condition(stored))
    transaction.create(registered_event(user, version, invited=is_managed_here, texted=texted), "event")
    owned = UsernameItem.owner == user.owner if name else UsernameItem.owner.does_not_exist()
    transaction.put(named, "username", owned)
    view = invitation_view(user.dealer_id, user.username, named, texted=texted)
    if not is_managed_here:
        view = view.model_copy(update={"delivery": "none"})
    key.record_response(transaction, view)
    transaction.commit()
    return with_code(view)
