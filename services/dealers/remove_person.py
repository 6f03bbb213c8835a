"""Remove a user: no access, and the user name is free again."""

from __future__ import annotations

from functools import partial

from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from services.dealers.api import PersonView, RemovePerson
from services.dealers.people import add_removal, keep_an_administrator, load_person, managed_dealer, person_view

#: Another request may change the same user; every attempt reads and decides again.
_ATTEMPTS = 5


def remove_person(
    caller: Principal, dealer_id: str, username: str, request: RemovePerson, key: IdempotencyKey
) -> PersonView:
    """Remove a user. The item keeps who removed the user, when and why; the phone is forgotten.

    Raises:
        NotFound: there is no such dealer or user, or the caller is of another dealer.
        LastAdministrator: no other user could manage the people.
        TransactionRefused: the key was used before.
        Busy: others kept changing the same users.
    """
    owner = managed_dealer(caller, dealer_id)
    return retry_on_conflict(
        _ATTEMPTS,
        partial(_remove, caller, owner, username, request, key),
        retry_if=lambda refused: key.LABEL not in refused,
    )


def _remove(
    caller: Principal, owner: str | None, username: str, request: RemovePerson, key: IdempotencyKey
) -> PersonView:
    item = load_person(owner, username)
    transaction = Transaction()
    keep_an_administrator(transaction, item, None)
    removed = add_removal(transaction, item, caller.user_id, request.reason)
    view = person_view(removed, None)
    key.record_response(transaction, view)
    transaction.commit()
    return view
