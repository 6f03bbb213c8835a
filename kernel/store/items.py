"""Items: one class for each kind, with its attributes and conversion from and to DynamoDB."""

from __future__ import annotations

import zlib
from functools import cache
from operator import index
from typing import Any, Self, TypeVar, cast

import botocore
from botocore.config import Config
from pydantic_core import from_json, to_json
from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute
from pynamodb.constants import BINARY, LIST, NUMBER
from pynamodb.exceptions import AttributeNullError
from pynamodb.expressions.condition import In
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from kernel.base.settings import settings
from kernel.store.response_parser import StoredValueParserFactory

#: For every client. A fixed user agent saves a fifth of botocore's time per call; mypy has checked the parameters.
_CLIENT_CONFIG = Config(user_agent=f"Qudao Botocore/{botocore.__version__}", parameter_validation=False)


class IntegerAttribute(Attribute[int]):
    """A whole number: fen, pieces, counts, versions. No item has fractions."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(index(value))

    def deserialize(self, value: str) -> int:
        return int(value)


class IntegerListAttribute(Attribute[list[int]]):
    """Whole numbers by position, without PynamoDB's loop: a stock bucket has 80 of them."""

    attr_type = LIST

    def serialize(self, value: list[int]) -> list[dict[str, str]]:
        return [{NUMBER: str(index(number))} for number in value]

    def deserialize(self, value: list[dict[str, str]]) -> list[int]:
        return [int(number[NUMBER]) for number in value]


class KindAttribute(DiscriminatorAttribute):
    """The kind of an item. PynamoDB adds it to every query as a condition, which is the same each time."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds_below: dict[type, list[Any]] = {}
        self._conditions: dict[tuple[type, ...], In] = {}

    def register_class(self, cls: type, discriminator: Any) -> None:
        self._kinds_below.clear()
        super().register_class(cls, discriminator)

    def get_registered_subclasses(self, cls: type) -> list[Any]:
        if cls not in self._kinds_below:
            self._kinds_below[cls] = super().get_registered_subclasses(cls)
        return self._kinds_below[cls]

    def is_in(self, *kinds: type) -> In:
        if kinds not in self._conditions:
            self._conditions[kinds] = super().is_in(*kinds)
        return self._conditions[kinds]


class Index(GlobalSecondaryIndex[Any]):
    """The one sparse index, for queues (review, unsent events) and lists of staff. Only small items have its keys."""

    class Meta:
        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class Item(Model):
    """Base of every item. Subclasses set their `kind` (discriminator) and define key functions next to the class."""

    class Meta:
        table_name = ""  # set at the first call, see _get_connection
        region: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = KindAttribute()
    gsi1 = Index()
    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)
    expires_at = IntegerAttribute(null=True)

    def __init__(self, pk: str | None = None, sk: str | None = None, **attributes: Any) -> None:
        unknown = attributes.keys() - self.get_attributes().keys()
        if unknown:
            raise TypeError(f"a {type(self).__name__} has no {min(unknown)}")
        self.attribute_values = {**_defaults(type(self)), "pk": pk, "sk": sk, **attributes}

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """Return the stored item as an object of its kind.

        Visits each stored attribute once. PynamoDB's own method sets every attribute of the kind up to four times, a
        fifth of the time of an order.

        Raises:
            ValueError: the item is of another kind.
        """
        kind = cls.kind.deserialize(data["kind"]["S"]) if "kind" in data else cls  # type: ignore[no-untyped-call]
        if not issubclass(kind, cls):
            raise ValueError(f"a {kind.__name__} is no {cls.__name__}")
        attributes, values = kind.get_attributes(), dict(_defaults(kind))
        for name, stored in data.items():
            attribute = attributes.get(name)
            if attribute is not None and "NULL" not in stored:
                values[name] = attribute.deserialize(attribute.get_value(stored))
        item = kind.__new__(kind)
        item.attribute_values = values
        return cast(Self, item)

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        """Return the item as DynamoDB stores it, without attributes that are None.

        Raises:
            AttributeNullError: a required attribute is None (only with `null_check`).
        """
        attributes, stored = self.get_attributes(), {}
        for name, value in self.attribute_values.items():
            serialized = None if value is None else attributes[name].serialize(value)
            if serialized is not None:
                stored[name] = {attributes[name].attr_type: serialized}
        missing = _required_attributes(type(self)) - stored.keys()
        if missing and null_check:
            raise AttributeNullError(min(missing))
        return stored

    @classmethod
    def _get_connection(cls) -> Any:
        # One connection (and botocore client) for all kinds. The table name is read at the first call, because modules
        # import without an environment.
        if cls is not Item:
            return Item._get_connection()
        cls.Meta.table_name = settings().table
        connection = super()._get_connection()
        session = connection.connection.session
        if session.get_default_client_config() is None:
            session.set_default_client_config(_CLIENT_CONFIG)
            session.register_component("response_parser_factory", StoredValueParserFactory())
        return connection


@cache
def _defaults(kind: type[Item]) -> dict[str, Any]:
    """Return the default values of a kind, for new items and for stored items without the attribute.

    Raises:
        TypeError: an attribute is declared in a way that `Item` does not support.
    """
    values: dict[str, Any] = {"kind": kind}
    for name, attribute in kind.get_attributes().items():
        if callable(attribute.default) or attribute.default_for_new is not None or attribute.attr_name != name:
            raise TypeError(f"{kind.__name__}.{name}: use a constant default, and no other attribute name")
        if attribute.default is not None:
            values[name] = attribute.default
    return values


@cache
def _required_attributes(kind: type[Item]) -> frozenset[str]:
    return frozenset(name for name, attribute in kind.get_attributes().items() if not attribute.null)


class _StillPacked(bytes):
    """Stored value that has not been decompressed yet."""


class PackedJSONAttribute(Attribute[Any]):
    """Compressed JSON, for items with many similar rows: DynamoDB charges by the kilobyte. Decimals become text.

    The value is decompressed at its first access, because many items are read and their packed value never used.
    """

    attr_type = BINARY

    def serialize(self, value: Any) -> bytes:
        return bytes(value) if isinstance(value, _StillPacked) else compress(to_json(value))

    def deserialize(self, value: bytes) -> Any:
        return _StillPacked(value)

    def __get__(self, instance: Any, owner: Any) -> Any:
        value = super().__get__(instance, owner)
        if isinstance(value, _StillPacked):
            value = instance.attribute_values[self.attr_name] = decompress_json(value)
        return value


def compress(text: bytes) -> bytes:
    """Return a text in zlib's format, a tenth larger than with zlib's default settings, in a quarter of the time."""
    compressor = zlib.compressobj(level=2, wbits=12, memLevel=5)
    return compressor.compress(text) + compressor.flush()


def decompress_json(value: bytes) -> Any:
    """Return the value of compressed JSON."""
    return from_json(zlib.decompress(value))


Key = tuple[str, str]
Kind = TypeVar("Kind", bound=Item)
