"""Stored items that read each attribute when a rule first uses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, ClassVar

from pynamodb.attributes import Attribute, UnicodeAttribute

from kernel.store.items import Item, PackedJSONAttribute, decompress_json

#: An item as DynamoDB returns it: `{"pk": {"S": …}, …}`.
RawItem = Mapping[str, Any]


class _StoredItem:
    """Base of the classes that represent the kinds of items.

    A rule uses few attributes of an item. A class attribute of PynamoDB costs ten times as much as a plain one.
    """

    _of: ClassVar[type[Item]]

    def __init__(self, raw: RawItem) -> None:
        self._raw = raw


class _LazyAttribute:
    """An attribute of a stored item, replaced by its value at the first use."""

    def __init__(self, name: str, attribute: Attribute[Any]) -> None:
        self._name, self._attribute, self._stored_as = name, attribute, str(attribute.attr_name)
        self._is_text = type(attribute) is UnicodeAttribute

    def __get__(self, item: _StoredItem, owner: type[_StoredItem]) -> Any:
        stored = item._raw.get(self._stored_as)
        value = stored["S"] if self._is_text and stored and "S" in stored else _value(self._attribute, stored)
        item.__dict__[self._name] = value
        return value


def read_items(raw_items: Iterable[RawItem]) -> Iterator[Item]:
    """Yield items as DynamoDB returns them as items of their kinds; those of unknown kinds are left out."""
    classes = _stored_classes()
    for raw in raw_items:
        if stored_class := classes.get(raw["kind"]["S"]):
            yield stored_class(raw)  # type: ignore[misc]  # it has every attribute of its kind


def kind_of(item: Item) -> type[Item]:
    """Return the kind of an item, whether PynamoDB or `read_items` made it."""
    return item._of if isinstance(item, _StoredItem) else type(item)


@cache
def _stored_classes() -> dict[str, type[_StoredItem]]:
    kinds = Item.kind.get_registered_subclasses(Item)
    return {str(Item.kind.get_discriminator(kind)): _stored_class(kind) for kind in kinds}


def _stored_class(kind: type[Item]) -> type[_StoredItem]:
    members = {
        name: member
        for base in reversed(kind.__mro__[: kind.__mro__.index(Item)])
        for name, member in vars(base).items()
        if isinstance(member, (property, cached_property)) or callable(member)
    }
    attributes = {name: _LazyAttribute(name, attribute) for name, attribute in kind.get_attributes().items()}
    return type(kind.__name__, (_StoredItem,), {**members, **attributes, "_of": kind})


def _value(attribute: Attribute[Any], stored: dict[str, Any] | None) -> Any:
    if not stored or "NULL" in stored:
        return attribute.default
    elements = stored.get("L")
    if elements and "N" in elements[0]:
        return [int(number["N"]) for number in elements]
    read = decompress_json if isinstance(attribute, PackedJSONAttribute) else attribute.deserialize
    return read(attribute.get_value(stored))
