"""Invitations: a code, valid once and for some days, with which a user sets the first password."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import digest
from typing import Any

from contracts.dealers import UserRegistered, user_key
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.read import fetch
from kernel.time import clock
from reads.invitations import invitation_code
from services.dealers.api import InvitationView
from services.dealers.items import UsernameItem, username_key
from services.dealers.rules import INVITATION_DAYS, User, plain_code


def invitation_of(user: User, number: int, request: str, now: datetime) -> dict[str, Any]:
    """Return the attributes of `UsernameItem` that store a new invitation. The code itself is not stored.

    Args:
        number: version of the user that the invitation makes.
        request: id of the request that makes it.
    """
    return {
        "invitation": number,
        "code_digest": code_digest(invitation_code(user.dealer_id, user.username, number)),
        "invited_until": clock.stamp(now + timedelta(days=INVITATION_DAYS)),
        "request": request,
        "wrong_codes": 0,
        "accepting": None,
        "accepting_since": None,
        "accepted_at": None,
    }


def code_digest(code: str) -> bytes:
    """Return the digest of a code, of which only the characters count."""
    return sha256(plain_code(code).encode()).digest()


def password_digest(code: str, password: str) -> bytes:
    """Return a digest of a password that is useless without the code."""
    return digest(plain_code(code).encode(), password.encode(), sha256)


def registered_event(user: User, version: int, *, invited: bool = False, texted: bool = False) -> EventItem:
    """Return the event of a user's version.

    Args:
        invited: this version has made an invitation; `texted`: its code is sent by SMS.
    """
    return outbox_event(
        UserRegistered(
            username=user.username,
            dealer_id=user.dealer_id,
            roles=tuple(sorted(user.roles)),
            invitation=version if invited else None,
            texted=texted,
        ),
        pk=user_key(user.dealer_id, user.username)[0],
        subject=subject_of(user),
        sequence=version,
        dealer_id=user.dealer_id,
    )


def subject_of(user: User) -> str:
    """Return the subject of a user's events: with the owner, because a user name may equal a dealer id."""
    return f"{user.username}@{user.owner}"


def invitations_to_show(users: Iterable[tuple[str | None, str]], request: str) -> list[InvitationView]:
    """Return the open invitations that a request has made for these users, without their codes.

    Args:
        users: dealer id (None: of the head office) and user name of users without a mobile phone.
    """
    wanted = {username_key(username): (dealer_id, username) for dealer_id, username in users}
    found = fetch(wanted)
    return [
        invitation_view(*wanted[key], item)
        for key in wanted
        if isinstance(item := found.get(key), UsernameItem)
        if item.invitation and item.request == request and not item.accepted_at
    ]


def invitation_view(
    dealer_id: str | None, username: str, item: UsernameItem, *, texted: bool = False
) -> InvitationView:
    """Return an invitation as a recorded response has it: without the code."""
    return InvitationView(
        username=username,
        dealer_id=dealer_id,
        number=item.invitation or 0,
        valid_until=item.invited_until or "",
        delivery="sms" if texted else "shown",
        code=None,
    )


def with_code(view: InvitationView) -> InvitationView:
    """Return an invitation with its code, unless the code is sent by SMS."""
    if view.delivery != "shown":
        return view
    return view.model_copy(update={"code": invitation_code(view.dealer_id, view.username, view.number)})
