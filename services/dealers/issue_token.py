"""Give a machine a token for its id and secret. Needs no token, only the secret."""

from __future__ import annotations

from datetime import date

from contracts.dealers import HOUSE
from kernel.base.problems import FieldProblem, Invalid, Refusal
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from kernel.time import clock
from services.dealers import identity
from services.dealers.identity import IdentityProvider, Tokens
from services.dealers.items import UsernameItem, username_key
from services.dealers.machine_api import MachineCredentials, MachineToken
from services.dealers.machines import MachineItem, account_password, is_secret_of, machine_key
from services.dealers.rules import machine_username


class NotValid(Invalid):
    """Id and secret are not those of a machine. One answer for every cause: a guesser learns nothing."""

    def __init__(self) -> None:
        detail = (
            "系统账号或密钥不对,或系统账号已吊销,请管理员查看系统账号 / client_id or client_secret is "
            "wrong, or the machine is revoked; ask your administrator to look at the machines"
        )
        super().__init__([FieldProblem(field="client_secret", code="not-valid", detail=detail)])


def issue_token(request: MachineCredentials) -> MachineToken:
    """Return a token with the dealer and the roles of the machine.

    Raises:
        NotValid: there is no machine with this id and secret.
        Refusal: the account is not opened yet, or the dealer is suspended.
    """
    provider, now = identity.identity_provider(), clock.now()
    item = _load(request.client_id)
    if provider is None or item is None or not is_secret_of(item, request.client_secret, clock.stamp(now)):
        raise NotValid
    tokens = _sign_in(provider, item)
    _note_use(item, clock.business_date(now))
    return MachineToken(id_token=tokens.id_token, expires_in=tokens.expires_in)


def _load(machine_id: str) -> MachineItem | None:
    name = fetch_one(UsernameItem, username_key(machine_username(machine_id)))
    if name is None:
        return None
    item = fetch_one(MachineItem, machine_key(None if name.owner == HOUSE else name.owner, machine_id))
    return None if item is None or item.revoked_at else item


def _sign_in(provider: IdentityProvider, item: MachineItem) -> Tokens:
    """Sign the machine's account in; at the first time its password is set. A repeat sets the same password."""
    username, password = machine_username(item.machine_id), account_password(item.machine_id)
    if tokens := provider.sign_in(username, password):
        return tokens
    if not provider.set_password(username, password):
        detail = "账号正在开通,请一分钟后重试 / the account is being opened; try again in a minute"
        raise Refusal("account-not-ready", detail)
    if tokens := provider.sign_in(username, password):
        return tokens
    raise Refusal("account-closed", "账号已停用,请联系我们 / the account is closed; ask our staff")


def _note_use(item: MachineItem, today: date) -> None:
    """Store the day, once a day. A use at the same time stores the same."""
    if item.last_used_on == today.isoformat():
        return
    transaction = Transaction()
    transaction.update_fields(
        MachineItem,
        (item.pk, item.sk),
        {"last_used_on": today.isoformat()},
        expected={"version": item.version},
        label="machine",
    )
    try:
        transaction.commit()
    except TransactionRefused:
        return  # it is being rotated or revoked; the next use is noted
