"""Items that the tests of the store write and read."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import IntegerAttribute, Item, PackedJSONAttribute
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction


class LidItem(Item, discriminator="test_lid"):
    """pk: JARS   sk: <name>"""

    colour = UnicodeAttribute()


class JarItem(Item, discriminator="test_jar"):
    """pk: JARS   sk: <name>"""

    pieces = IntegerAttribute(default=0)
    label = UnicodeAttribute(null=True)
    notes = PackedJSONAttribute(null=True)


class LabelledItem(Item, discriminator="test_label"):
    """pk: LABELS   sk: <name>"""

    version = IntegerAttribute()
    text = UnicodeAttribute()


def jar(name: str, pieces: int = 0, **more: Any) -> JarItem:
    return JarItem("JARS", name, pieces=pieces, **more)


def pieces(name: str) -> int | None:
    found = fetch_one(JarItem, ("JARS", name))
    return None if found is None else found.pieces


def subtract(transaction: Transaction, name: str, number: int) -> None:
    """Subtract pieces from a jar that has as many."""
    transaction.update_fields(
        JarItem,
        ("JARS", name),
        {},
        increments={"pieces": -number},
        condition=JarItem.pieces >= number,
        label=f"subtract {name}",
    )
