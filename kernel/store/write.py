"""Writes beside a plain transaction: retries, versions, batches, and the removal from the index."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar

from kernel.base.problems import Busy, Stale
from kernel.store.items import Item
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused

Result = TypeVar("Result")
Work = TypeVar("Work")


def retry_on_conflict(
    attempts: int, work: Callable[[], Result], *, retry_if: Callable[[TransactionRefused], bool] = lambda _: True
) -> Result:
    """Run work that reads, decides and commits, and run it again when its transaction is refused.

    Args:
        attempts: most runs of the work.
        work: reads anew at every run, because another writer has changed what the run before read.
        retry_if: True for a refusal that the next run can avoid.

    Raises:
        TransactionRefused: at once, when `retry_if` is False. Other exceptions of the work are raised at once too.
        Busy: the last run was refused.
    """
    for _ in range(attempts):
        try:
            return work()
        except TransactionRefused as refused:
            if not retry_if(refused):
                raise
    raise Busy


def replace_version(item: Item, replaced: int) -> None:
    """Write the next version of an item with a `version`, once: a repeat of the same write changes nothing.

    Args:
        item: item with `version` = `replaced` + 1.
        replaced: version that the author has read, 0 for none.

    Raises:
        Stale: another version is stored.
    """
    kind: Any = type(item)
    transaction = Transaction()
    transaction.put(item, "version", kind.version == replaced if replaced else Item.pk.does_not_exist())
    try:
        transaction.commit()
    except TransactionRefused:
        stored = fetch_one(kind, (str(item.pk), str(item.sk)))
        if stored is None or stored.to_simple_dict() != item.to_simple_dict():
            raise Stale from None


def remove_from_index(item: Item) -> None:
    """Remove a stored item from the index. One plain write costs half of a transaction.

    Raises:
        PynamoDBException: the write failed, or the item no longer exists.
    """
    kind = type(item)
    actions = (kind.gsi1pk.remove(), kind.gsi1sk.remove())
    kind._get_connection().update_item(item.pk, range_key=item.sk, actions=actions, condition=kind.pk.exists())


def batches(work: Iterable[Work], items_of: Callable[[Work], Iterable[Hashable]], most: int) -> Iterator[list[Work]]:
    """Yield consecutive pieces of work together, as long as a batch writes at most `most` different items.

    Args:
        items_of: names of the items that a piece of work writes. A piece is never split.
    """
    batch: list[Work] = []
    items: set[Hashable] = set()
    for piece in work:
        wider = items.union(items_of(piece))
        if batch and len(wider) > most:
            yield batch
            batch, wider = [], set(items_of(piece))
        batch.append(piece)
        items = wider
    if batch:
        yield batch
