"""What is stored, as a class per kind of it: its attributes, and how it is read from and written to the table."""

from __future__ import annotations

import zlib
from functools import cache
from operator import index
from typing import Any, Self, TypeVar, cast

import botocore
from botocore.config import Config
from pydantic_core import from_json, to_json
from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute
from pynamodb.constants import BINARY, NUMBER
from pynamodb.exceptions import AttributeNullError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from kernel.base.settings import settings

#: Of every client of the process. Without this name botocore puts one together twice per call, a fifth of its time;
#: what it would check of parameters, mypy has checked.
_CLIENT_CONFIG = Config(user_agent=f"Qudao Botocore/{botocore.__version__}", parameter_validation=False)


class IntegerAttribute(Attribute[int]):
    """A whole number: fen, pieces, counts, versions. Nothing here is counted in anything else."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(index(value))

    def deserialize(self, value: str) -> int:
        return int(value)


class Index(GlobalSecondaryIndex[Any]):
    """The one sparse index: work that waits (review queue, unsent events) and lists for staff. Small items only."""

    class Meta:
        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class Item(Model):
    """Base of every stored thing. Subclasses name their `kind` and keep their key builders beside them."""

    class Meta:
        table_name = ""  # known only at run time: see _get_connection
        region: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()
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
        """The item that was stored so, as the kind it says it is.

        What stands there is gone through once; PynamoDB's own would set every attribute a kind may have up to four
        times, a fifth of the work of an order.

        Raises:
            ValueError: it is not of this kind.
        """
        kind = cls.kind.deserialize(data["kind"]["S"]) if "kind" in data else cls
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
        """The item as it is stored: what is set, and nothing for the rest.

        Raises:
            AttributeNullError: something is missing that every item of the kind has (`null_check`).
        """
        attributes, stored = self.get_attributes(), {}
        for name, value in self.attribute_values.items():
            written = None if value is None else attributes[name].serialize(value)
            if written is not None:
                stored[name] = {attributes[name].attr_type: written}
        missing = _always_there(type(self)) - stored.keys()
        if missing and null_check:
            raise AttributeNullError(min(missing))
        return stored

    @classmethod
    def _get_connection(cls) -> Any:
        # One connection (and botocore client) for all kinds; the table's name is looked up at the first call, not at
        # import, because modules import without an environment.
        if cls is not Item:
            return Item._get_connection()
        cls.Meta.table_name = settings().table
        connection = super()._get_connection()
        session = connection.connection.session
        if session.get_default_client_config() is None:
            session.set_default_client_config(_CLIENT_CONFIG)
        return connection


@cache
def _defaults(kind: type[Item]) -> dict[str, Any]:
    """What an item has that was stored before there was such an attribute.

    Raises:
        TypeError: an attribute is declared in a way that items here do not know.
    """
    found: dict[str, Any] = {"kind": kind}
    for name, attribute in kind.get_attributes().items():
        if callable(attribute.default) or attribute.default_for_new is not None or attribute.attr_name != name:
            raise TypeError(
                f"{kind.__name__}.{name}: its default is a constant, for old and new items, its name its own"
            )
        if attribute.default is not None:
            found[name] = attribute.default
    return found


@cache
def _always_there(kind: type[Item]) -> frozenset[str]:
    return frozenset(name for name, attribute in kind.get_attributes().items() if not attribute.null)


class _Packed(bytes):
    """As it lies in the table, not looked at yet."""


class PackedJSONAttribute(Attribute[Any]):
    """JSON, compressed: for items that hold many alike rows and are paid for by the kilobyte. Decimals become text.

    It is unpacked when it is first looked at: much that is read along with other things never is.
    """

    attr_type = BINARY

    def serialize(self, value: Any) -> bytes:
        return bytes(value) if isinstance(value, _Packed) else compressed(to_json(value))

    def deserialize(self, value: bytes) -> Any:
        return _Packed(value)

    def __get__(self, instance: Any, owner: Any) -> Any:
        value = super().__get__(instance, owner)
        if isinstance(value, _Packed):
            value = instance.attribute_values[self.attr_name] = unpacked(value)
        return value


def compressed(text: bytes) -> bytes:
    """In zlib's format, a tenth larger than by its own settings in a quarter of the time: what is stored is short."""
    packer = zlib.compressobj(level=2, wbits=12, memLevel=5)
    return packer.compress(text) + packer.flush()


def unpacked(value: bytes) -> Any:
    """What compressed JSON stands for."""
    return from_json(zlib.decompress(value))


Key = tuple[str, str]
Kind = TypeVar("Kind", bound=Item)
