"""Writes of one item, and work that takes more than one transaction."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pynamodb.expressions.update import Action

from kernel.base.problems import Stale
from kernel.store.items import Item, Key
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused


def change(kind: type[Item], key: Key, actions: Sequence[Action]) -> None:
    """Change an item that must be there by itself, outside a transaction; nothing of it comes back."""
    kind._get_connection().update_item(key[0], range_key=key[1], actions=actions, condition=kind.pk.exists())


def replace_version(item: Item, replaced: int) -> None:
    """Write the next version of an item that carries `version`, once: a repeat of the same write changes nothing.

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


Work = TypeVar("Work")


def batches(work: Iterable[Work], items_of: Callable[[Work], Iterable[Hashable]], most: int) -> Iterator[list[Work]]:
    """Consecutive work, as much at a time as writes at most `most` different items; one that is shared counts once.

    Args:
        items_of: names of the items a piece of work writes; its pieces are never torn apart.
    """
    batch: list[Work] = []
    items: set[Hashable] = set()
    for one in work:
        wider = items.union(items_of(one))
        if batch and len(wider) > most:
            yield batch
            batch, wider = [], set(items_of(one))
        batch.append(one)
        items = wider
    if batch:
        yield batch
