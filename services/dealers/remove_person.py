"""Remove a user: no access, and the user name is free again."""

from __future__ import annotations

from functools import partial

from contracts.dealers import UserRemoved
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.messaging.outbox import outbox_event
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.dealers.api import PersonView, RemovePerson
from services.dealers.invitations import subject_of
from services.dealers.items import UsernameItem, next_version, unchanged_condition, user_item, user_of, username_key
from services.dealers.people import keep_an_administrator, load_person, managed_dealer, person_view

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
    user = user_of(item)
    removed = user_item(user, next_version(item))
    removed.phone = None
    removed.removed_at, removed.removed_by = clock.stamp(), caller.user_id
    removed.removal_reason = request.reason
    event = outbox_event(
        UserRemoved(username=username, dealer_id=owner, author=caller.user_id, reason=request.reason),
        pk=item.pk,
        subject=subject_of(user),
        sequence=removed.version,
        dealer_id=owner,
    )
    transaction = Transaction()
    keep_an_administrator(transaction, item, None)
    transaction.put(removed, "user", unchanged_condition(item))
    transaction.create(event, "event")
    # With the user name goes the invitation. The name is free, also for another dealer.
    transaction.delete(UsernameItem, username_key(username), UsernameItem.owner == user.owner, "username")
    view = person_view(removed, None)
    key.record_response(transaction, view)
    transaction.commit()
    return view
