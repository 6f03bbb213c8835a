"""Idempotency inside the business transaction: the record with the answer is written with the effect or not at all.

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
from kernel.store.items import IntegerAttribute, Item, compressed
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction
from kernel.time import clock

#: Longer than any queue and its dead letters keep a message (14 days each).
_KEPT = timedelta(days=30)


class IdempotencyItem(Item, discriminator="idempotency"):
    """The answer given under a key, compressed.   pk: IDEMPOTENCY#<who>   sk: <method> <route>#<key>"""

    fingerprint = UnicodeAttribute()
    status = IntegerAttribute()
    answer = BinaryAttribute(legacy_encoding=False)


@dataclass(frozen=True)
class IdempotencyKey:
    """A key as one caller sent it with one request. Scoped to dealer (or staff user) and route."""

    who: str
    route: str
    key: str
    fingerprint: str
    status: int

    #: Under this label the record stands in the transaction.
    LABEL = "idempotency key"

    @classmethod
    def of(
        cls, *, who: str, route: str, key: str, path: dict[str, str], body: BaseModel | None, status: int
    ) -> IdempotencyKey:
        """Bind a key to the request it came with, in whatever order its fields are; `status` is what a first success
        answers."""
        # Without what is as it would be unsaid: so a field that comes later leaves older requests what they were.
        content = body.model_dump_json(exclude_defaults=True) if body is not None else "null"
        fingerprint = sha256(f"[{strict_json.canonical(path)},{content}]".encode()).hexdigest()
        return cls(who, route, key, fingerprint, status)

    def reject_if_used(self) -> None:
        """Stop a repeat before the first transaction of work that takes several; the last of them `keep`s the key.

        Raises:
            Busy: the key was used for this very request, whose answer the app then gives again.
            KeyReused: it was used with another request.
        """
        if self.recorded_response() is not None:
            raise Busy

    def record_response(self, transaction: Transaction, answer: BaseModel) -> None:
        """Let the transaction record the answer, and fail if the key was used before."""
        transaction.create(
            IdempotencyItem(
                *self._at,
                fingerprint=self.fingerprint,
                status=self.status,
                answer=compressed(answer.model_dump_json().encode()),
                expires_at=clock.epoch(clock.now() + _KEPT),
            ),
            self.LABEL,
        )

    def recorded_response(self) -> tuple[int, str] | None:
        """Status and body answered when the key was first used, None if it was not.

        Raises:
            KeyReused: it was used with another request.
        """
        found = fetch_one(IdempotencyItem, self._at)
        if found is None:
            return None
        if found.fingerprint != self.fingerprint:
            raise KeyReused
        return found.status, zlib.decompress(found.answer).decode()

    @property
    def request_id(self) -> str:
        """Names this request and its repeats; the same content under another key is another request."""
        return sha256(strict_json.canonical([self.who, self.route, self.key, self.fingerprint]).encode()).hexdigest()

    @property
    def _at(self) -> tuple[str, str]:
        return f"IDEMPOTENCY#{self.who}", f"{self.route}#{self.key}"
