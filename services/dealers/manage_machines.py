"""Register, list, rotate and revoke machines: accounts of partners' systems."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from contracts.dealers import HOUSE, UserItem, dealer_key, user_key
from kernel.base.problems import Invalid, NotFound
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal
from kernel.store.read import fetch_one, query_all
from kernel.store.transaction import Transaction
from kernel.store.write import retry_on_conflict
from kernel.time import clock
from services.dealers.invitations import registered_event
from services.dealers.items import (
    user_item,
    username_item,
)
from services.dealers.machine_api import Machines, MachineView, MachineWithSecret, RegisterMachine, RevokeMachine
from services.dealers.machines import (
    MachineItem,
    machine_event,
    machine_id_of,
    machine_key,
    machine_secret,
    machine_user,
    machine_view,
    secret_digest,
)
from services.dealers.people import add_removal, managed_dealer
from services.dealers.rules import SECRET_OVERLAP_DAYS, machine_role_problems

_ATTEMPTS = 5


def register_machine(
    caller: Principal, dealer_id: str, request: RegisterMachine, key: IdempotencyKey
) -> MachineWithSecret:
    """Register a machine of the dealer (or HOUSE), and return its secret.

    Raises:
        NotFound: there is no such dealer, or the caller is of another.
        Invalid: a role is that of an administrator, or not one of the dealer or head office.
    """
    owner = managed_dealer(caller, dealer_id)
    if problems := machine_role_problems("roles", request.roles, owner):
        raise Invalid(problems)
    if recorded := _recorded(key):
        return recorded
    machine_id = machine_id_of(key.request_id)
    item = MachineItem(
        *machine_key(owner, machine_id),
        machine_id=machine_id,
        dealer_id=owner,
        name=request.name,
        roles={role.value for role in request.roles},
        secret_digest=secret_digest(machine_secret(machine_id, 1)),
        created_at=clock.stamp(),
        created_by=caller.user_id,
        created_by_name=caller.name,
        version=1,
    )
    user = machine_user(item)
    transaction = Transaction()
    transaction.create(item, "machine")
    transaction.create(machine_event(item, "registered", caller.user_id), "machine event")
    transaction.create(user_item(user, 1), "user")
    transaction.create(registered_event(user, 1), "event")
    transaction.create(username_item(user), "username")
    view = machine_view(item)
    key.record_response(transaction, _with_secret(view, None))
    transaction.commit()
    return _with_secret(view, machine_secret(machine_id, 1))


def list_machines(caller: Principal, dealer_id: str) -> Machines:
    """Return the machines of the dealer (or HOUSE), also revoked ones.

    Raises:
        NotFound: there is no such dealer, or the caller is of another.
    """
    pk, _ = dealer_key(managed_dealer(caller, dealer_id) or HOUSE)
    found = query_all(MachineItem, pk, sk=MachineItem.sk.startswith("MACHINE#"), page_size=100)
    return Machines(machines=[machine_view(item) for item in found])


def rotate_secret(caller: Principal, dealer_id: str, machine_id: str, key: IdempotencyKey) -> MachineWithSecret:
    """Give a machine a new secret and return it. The present one stays valid for some days.

    Raises:
        NotFound: there is no such machine, it is revoked, or the caller is of another dealer.
    """
    return retry_on_conflict(
        _ATTEMPTS,
        partial(_rotate, caller, dealer_id, machine_id, key),
        retry_if=lambda refused: key.LABEL not in refused,
    )


def revoke_machine(
    caller: Principal, dealer_id: str, machine_id: str, request: RevokeMachine, key: IdempotencyKey
) -> MachineView:
    """End the access of a machine for good: both secrets at once, the last token within five minutes.

    Raises:
        NotFound: there is no such machine, it is revoked, or the caller is of another dealer.
    """
    return retry_on_conflict(
        _ATTEMPTS,
        partial(_revoke, caller, dealer_id, machine_id, request, key),
        retry_if=lambda refused: key.LABEL not in refused,
    )


def _load(dealer_id: str | None, machine_id: str) -> MachineItem:
    item = fetch_one(MachineItem, machine_key(dealer_id, machine_id))
    if item is None or item.revoked_at:
        raise NotFound
    return item


def _rotate(caller: Principal, dealer_id: str, machine_id: str, key: IdempotencyKey) -> MachineWithSecret:
    if recorded := _recorded(key):
        return recorded
    item = _load(managed_dealer(caller, dealer_id), machine_id)
    unchanged = MachineItem.version == item.version
    item.version += 1
    item.old_digest = item.secret_digest
    item.old_until = clock.stamp(clock.now() + timedelta(days=SECRET_OVERLAP_DAYS))
    item.secret_digest = secret_digest(machine_secret(machine_id, item.version))
    view = machine_view(item)
    transaction = Transaction()
    transaction.put(item, "machine", unchanged)
    transaction.create(machine_event(item, "secret-rotated", caller.user_id), "machine event")
    key.record_response(transaction, _with_secret(view, None))
    transaction.commit()
    return _with_secret(view, machine_secret(machine_id, item.version))


def _revoke(
    caller: Principal, dealer_id: str, machine_id: str, request: RevokeMachine, key: IdempotencyKey
) -> MachineView:
    item = _load(managed_dealer(caller, dealer_id), machine_id)
    unchanged, user = MachineItem.version == item.version, machine_user(item)
    stored = fetch_one(UserItem, user_key(user.dealer_id, user.username))
    if stored is None:
        raise NotFound
    transaction = Transaction()
    removed = add_removal(transaction, stored, caller.user_id, request.reason)
    item.version += 1
    item.revoked_at, item.revocation_reason = removed.removed_at, request.reason
    item.old_digest = item.old_until = None
    view = machine_view(item)
    transaction.put(item, "machine", unchanged)
    transaction.create(machine_event(item, "revoked", caller.user_id, request.reason), "machine event")
    key.record_response(transaction, view)
    transaction.commit()
    return view


def _recorded(key: IdempotencyKey) -> MachineWithSecret | None:
    """Return the answer that this request has got before. The recorded response holds no secret."""
    recorded = key.recorded_response()
    if recorded is None:
        return None
    view = MachineWithSecret.model_validate_json(recorded[1])
    return view.model_copy(update={"client_secret": machine_secret(view.client_id, view.version)})


def _with_secret(view: MachineView, secret: str | None) -> MachineWithSecret:
    return MachineWithSecret(**view.model_dump(), client_secret=secret)
