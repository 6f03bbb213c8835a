"""Entries that find dealers by their names, written in the transaction that writes the dealer."""

from __future__ import annotations

from collections.abc import Iterable

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import Item, Key
from services.dealers.name_rules import name_entries


# P  dealers whose name has a part that begins so   pk: DEALERNAMES#<first character>   sk: <entry>#<dealer>
class DealerNameItem(Item, discriminator="dealer_name"):
    """One end of a dealer's name, or of its pinyin initials."""

    dealer_id = UnicodeAttribute()


def names_pk(entry: str) -> str:
    """Return the partition of the entries that begin like this one."""
    return f"DEALERNAMES#{entry[0]}"


def name_key(entry: str, dealer_id: str) -> Key:
    """Return the key of an entry of a dealer."""
    return names_pk(entry), f"{entry}#{dealer_id}"


def name_items(entries: Iterable[str], dealer_id: str) -> list[DealerNameItem]:
    """Return the items of a dealer's entries."""
    return [DealerNameItem(*name_key(entry, dealer_id), dealer_id=dealer_id) for entry in sorted(entries)]


def new_entries(before: str | None, after: str) -> frozenset[str]:
    """Return the entries that a change of a name adds. Called the other way round: those that it removes."""
    return name_entries(after) - (name_entries(before) if before else frozenset())
