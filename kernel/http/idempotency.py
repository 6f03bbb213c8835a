"""Idempotency keys: the response is recorded in the transaction of the effect, both or neither.

Statuses as in the IETF Idempotency-Key draft: 400 missing, 422 same key with another request, 409 in flight.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from pydantic import BaseModel
from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from kernel.base import strict_json
from kernel.base.problems import Busy, KeyReused
from kernel.store.items import IntegerAttribute, Item, compress
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction
from kernel.time import clock

#: Longer than a queue and its dead letters keep a message (14 days each).
_RECORDED_FOR = timedelta(days=30)


# P  recorded response of a key   pk: IDEMPOTENCY#<dealer or user:…>   sk: <method> <route>#<key>
class IdempotencyItem(Item, discriminator="idempotency"):
    """The recorded response of a key, compressed."""

    fingerprint = UnicodeAttribute()
    status = IntegerAttribute()
    answer = BinaryAttribute(legacy_encoding=False)


@dataclass(frozen=True)
class IdempotencyKey:
    """Idempotency key of one request. Keys of another dealer (or staff user) or another route are other keys."""

    who: str
    route: str
    key: str
    fingerprint: str
    status: int

    #: Label of the recorded response in the transaction.
    LABEL = "idempotency key"

    @classmethod
    def of(
        cls, *, who: str, route: str, key: str, path: dict[str, str], body: BaseModel | None, status: int
    ) -> IdempotencyKey:
        """Bind a key to its request. The order of the fields does not matter.

        Args:
            status: HTTP status of the first successful response.
        """
        # Without default values: so a field that is added later does not change the fingerprint of older requests.
        content = body.model_dump_json(exclude_defaults=True) if body is not None else "null"
        fingerprint = sha256(f"[{strict_json.canonical(path)},{content}]".encode()).hexdigest()
        return cls(who, route, key, fingerprint, status)

    def reject_if_used(self) -> None:
        """Refuse a repeated request before work of several transactions; the last transaction records the response.

        Raises:
            Busy: the key was used for the same request; the app then repeats the recorded response.
            KeyReused: the key was used with another request.
        """
        if self.recorded_response() is not None:
            raise Busy

    def record_response(self, transaction: Transaction, answer: BaseModel) -> None:
        """Add the recorded response to the transaction, which is refused if the key was used before."""
        transaction.create(
            IdempotencyItem(
                *self._item_key,
                fingerprint=self.fingerprint,
                status=self.status,
                answer=compress(answer.model_dump_json().encode()),
                expires_at=clock.epoch(clock.now() + _RECORDED_FOR),
            ),
            self.LABEL,
        )

    def recorded_response(self) -> tuple[int, str] | None:
        """Return status and body of the recorded response; None if the key was not used.

        Raises:
            KeyReused: the key was used with another request.
        """
        found = fetch_one(IdempotencyItem, self._item_key)
        if found is None:
            return None
        if found.fingerprint != self.fingerprint:
            raise KeyReused
        return found.status, zlib.decompress(found.answer).decode()

    @property
    def request_id(self) -> str:
        """Hash of a request, the same for its repeats. The same content under another key is another request."""
        return sha256(strict_json.canonical([self.who, self.route, self.key, self.fingerprint]).encode()).hexdigest()

    @property
    def _item_key(self) -> tuple[str, str]:
        return f"IDEMPOTENCY#{self.who}", f"{self.route}#{self.key}"
