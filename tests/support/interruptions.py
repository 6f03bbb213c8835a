"""Interruptions between two transactions: a request of another client, or the end of the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from kernel.store.transaction import Transaction


class Killed(BaseException):
    """The process ended here; no code of ours may catch it."""


@contextmanager
def before_commit(number: int, meanwhile: Callable[[], None]) -> Iterator[None]:
    """Let something happen just before the `number`-th transaction (from 0), which then goes on."""

    def first_the_other(commit: Callable[[], None]) -> None:
        meanwhile()
        commit()

    with _watched(number, first_the_other):
        yield


@contextmanager
def before_every_commit(meanwhile: Callable[[], None]) -> Iterator[None]:
    """Let something happen before every transaction but its own."""
    commit = Transaction.commit
    within = False

    def crowded(transaction: Transaction) -> None:
        nonlocal within
        if not within:
            within = True
            meanwhile()
            within = False
        commit(transaction)

    with patch.object(Transaction, "commit", crowded):
        yield


@contextmanager
def killed_at(number: int, *, after: bool) -> Iterator[None]:
    """End the process at the `number`-th transaction: before it, or after it and before its answer."""
    with _watched(number, lambda commit: _die(commit if after else None)):
        yield


def _die(last: Callable[[], None] | None) -> None:
    if last:
        last()
    raise Killed


@contextmanager
def _watched(number: int, then: Callable[[Callable[[], None]], None]) -> Iterator[None]:
    commit = Transaction.commit
    seen = 0

    def counted(transaction: Transaction) -> None:
        nonlocal seen
        seen += 1
        if seen == number + 1:
            then(lambda: commit(transaction))
        else:
            commit(transaction)

    with patch.object(Transaction, "commit", counted):
        yield
