"""Mailboxes, and the roles that read each of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from kernel.http.principal import DEALER_ROLES, Role
from services.notifications.vocabulary import ACCOUNTANT_ROLES


class Mailbox(StrEnum):
    """Kind of mailbox: each dealer has the first two, head office has one of each other kind."""

    DEALER = "dealer"
    ACCOUNTS = "accounts"
    ASSISTANT = "assistant"
    FINANCE = "finance"
    WAREHOUSE = "warehouse"
    AFTERSALES = "aftersales"
    ADMIN = "admin"

    @property
    def belongs_to_dealer(self) -> bool:
        """True if each dealer has its own mailbox of this kind."""
        return self in (Mailbox.DEALER, Mailbox.ACCOUNTS)


class Desk(NamedTuple):
    """Mailbox of a kind; the one of the warehouse people has a desk for each warehouse too.

    `warehouse`: whose orders the messages are about; None for what concerns all warehouses, and for the other kinds.
    """

    mailbox: Mailbox
    warehouse: str | None = None


#: Roles that may not read statements do not read messages about payments either.
READERS: dict[Mailbox, frozenset[Role]] = {
    Mailbox.DEALER: DEALER_ROLES,
    Mailbox.ACCOUNTS: ACCOUNTANT_ROLES,
    Mailbox.ASSISTANT: frozenset({Role.ASSISTANT, Role.ADMIN}),
    Mailbox.FINANCE: frozenset({Role.FINANCE, Role.ADMIN}),
    Mailbox.WAREHOUSE: frozenset({Role.WAREHOUSE, Role.ADMIN}),
    Mailbox.AFTERSALES: frozenset({Role.AFTERSALES, Role.ADMIN}),
    Mailbox.ADMIN: frozenset({Role.ADMIN}),
}


def mailboxes_read_by(roles: frozenset[Role]) -> list[Mailbox]:
    """Return the mailboxes that a user with these roles reads."""
    return [mailbox for mailbox in Mailbox if READERS[mailbox] & roles]


def desks_read_by(roles: frozenset[Role], warehouses: Iterable[str]) -> list[Desk]:
    """Return the desks that a user with these roles reads. Users belong to no warehouse, so they read those of all."""
    mailboxes = mailboxes_read_by(roles)
    desks = [Desk(mailbox) for mailbox in mailboxes]
    return desks + [Desk(Mailbox.WAREHOUSE, warehouse) for warehouse in warehouses if Mailbox.WAREHOUSE in mailboxes]
