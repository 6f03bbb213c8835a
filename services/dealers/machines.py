"""Machines as items, their secrets and their accounts."""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256
from hmac import compare_digest

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute, UnicodeSetAttribute

from contracts.dealers import HOUSE, MachineChanged, dealer_key
from kernel.http.principal import Role
from kernel.messaging.outbox import EventItem, outbox_event
from kernel.store.cursors import keyed_digest
from kernel.store.items import IntegerAttribute, Item, Key
from reads.dealers import dealer_names
from services.dealers.machine_api import MachineView
from services.dealers.rules import User, machine_username

#: Begins every secret, so that scanners of source code recognise one.
_PREFIX = "qdm-"


# P  one machine            pk: DEALER#<dealer or HOUSE>   sk: MACHINE#<id>
# P  machines of a dealer   pk: DEALER#<dealer or HOUSE>   sk: MACHINE#…
class MachineItem(Item, discriminator="machine"):
    """Credentials of a partner's system; its user has the name `machine:<id>`.

    `secret_digest`: of the present secret; `old_digest`: of the one before, valid until `old_until` (ISO 8601).
    `last_used_on`: last day on which it got a token (YYYY-MM-DD, Shanghai).
    """

    machine_id = UnicodeAttribute()
    dealer_id = UnicodeAttribute(null=True)
    name = UnicodeAttribute()
    roles: UnicodeSetAttribute = UnicodeSetAttribute()
    secret_digest = BinaryAttribute(legacy_encoding=False)
    old_digest = BinaryAttribute(legacy_encoding=False, null=True)
    old_until = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    created_by = UnicodeAttribute()
    created_by_name = UnicodeAttribute(null=True)
    last_used_on = UnicodeAttribute(null=True)
    revoked_at = UnicodeAttribute(null=True)
    revocation_reason = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)


def machine_key(dealer_id: str | None, machine_id: str) -> Key:
    """Key of a machine of a dealer, or of the head office."""
    return dealer_key(dealer_id or HOUSE)[0], f"MACHINE#{machine_id}"


def machine_id_of(request_id: str) -> str:
    """Return the id of the machine that a request registers: a repeat finds the same."""
    return f"M{sha256(request_id.encode()).hexdigest()[:16].upper()}"


def machine_user(item: MachineItem) -> User:
    """Return the user that a machine is at the identity provider."""
    roles = frozenset(Role(role) for role in item.roles)
    return User(machine_username(item.machine_id), item.dealer_id, item.name, None, roles)


def machine_secret(machine_id: str, version: int) -> str:
    """Return the secret that this version of a machine made: 160 random bits. It is computed, so stored nowhere."""
    random = keyed_digest("machine-secret", machine_id, str(version))[:20]
    return _PREFIX + b32encode(random).decode().lower()


def secret_digest(secret: str) -> bytes:
    """Return the digest of a secret, as it is stored."""
    return sha256(secret.strip().encode()).digest()


def account_password(machine_id: str) -> str:
    """Return the password of the machine's account. It never leaves the service, and no secret is derived from it."""
    return f"a1{keyed_digest('machine-account', machine_id).hex()}"


def is_secret_of(item: MachineItem, secret: str, now: str) -> bool:
    """Return True for the present secret, and for the old one until its end; both are always compared."""
    given = secret_digest(secret)
    is_present = compare_digest(item.secret_digest, given)
    is_old = compare_digest(item.old_digest or b"", given) and (item.old_until or "") > now
    return is_present or is_old


def machine_event(item: MachineItem, change: str, author: str, reason: str = "") -> EventItem:
    """Return the event of a machine's version."""
    event = MachineChanged(
        machine_id=item.machine_id, dealer_id=item.dealer_id, change=change, author=author, reason=reason
    )
    return outbox_event(event, pk=item.pk, subject=item.machine_id, sequence=item.version, dealer_id=item.dealer_id)


def machine_view(item: MachineItem) -> MachineView:
    """Return a machine as its administrators see it."""
    return MachineView(
        client_id=item.machine_id,
        dealer_id=item.dealer_id,
        dealer_name=dealer_names([item.dealer_id])[item.dealer_id] if item.dealer_id else None,
        name=item.name,
        roles=sorted(Role(role) for role in item.roles),
        created_at=item.created_at,
        created_by=item.created_by,
        created_by_name=item.created_by_name or item.created_by,
        old_secret_until=item.old_until,
        last_used_on=item.last_used_on,
        revoked_at=item.revoked_at,
        revocation_reason=item.revocation_reason,
        version=item.version,
    )
