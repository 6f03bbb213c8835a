"""Change the roles of a user."""

from __future__ import annotations

from dataclasses import replace

from kernel.base.problems import Invalid, Stale
from kernel.http.principal import Principal
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from services.dealers.api import ChangeRoles, PersonView
from services.dealers.invitations import registered_event
from services.dealers.items import UsernameItem, next_version, unchanged_condition, user_item, user_of, username_key
from services.dealers.people import keep_an_administrator, load_person, managed_dealer, person_view
from services.dealers.rules import role_problems


def change_roles(caller: Principal, dealer_id: str, username: str, request: ChangeRoles) -> PersonView:
    """Give a user exactly these roles, in place of those of the version that the caller has read.

    A repeated request changes nothing and gets the same answer. A token has the new roles within five minutes.

    Raises:
        NotFound: there is no such dealer or user, or the caller is of another dealer.
        Stale: another version is stored.
        Invalid: a role is not one of dealers or of the head office.
        LastAdministrator: no other user could manage the people.
    """
    owner = managed_dealer(caller, dealer_id)
    item = load_person(owner, username)
    name = fetch_one(UsernameItem, username_key(username))
    if problems := role_problems("roles", request.roles, owner):
        raise Invalid(problems)
    before = user_of(item)
    after = replace(before, roles=frozenset(request.roles))
    if after == before and item.version in (request.version, request.version + 1):
        return person_view(item, name)
    if item.version != request.version:
        raise Stale
    changed = user_item(after, next_version(item))
    transaction = Transaction()
    keep_an_administrator(transaction, item, after)
    transaction.put(changed, "user", unchanged_condition(item))
    transaction.create(registered_event(after, changed.version), "event")
    try:
        transaction.commit()
    except TransactionRefused as refused:
        raise Stale from refused
    return person_view(changed, name)
