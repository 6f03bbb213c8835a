"""The one shared table: keys, who owns which key prefix, and transactions whose refusals can be read.

Only the owner writes a prefix; whoever reads another's items goes through docs/access-patterns.md.
"""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import index
from typing import Any, NamedTuple, Self, TypeVar, cast
from uuid import uuid4

import botocore
from botocore.config import Config
from pydantic_core import from_json, to_json
from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute
from pynamodb.constants import BINARY, NUMBER
from pynamodb.exceptions import AttributeNullError, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from kernel.problems import Busy
from kernel.settings import settings

#: Every first key segment of the table and the service that alone may write it.
OWNERS = {
    "PRODUCT": "catalog",
    "TERM": "catalog",
    "PRICELIST": "catalog",
    "SLOTS": "catalog",
    "ASSORTMENT": "catalog",
    "DEALER": "channel",
    "USER": "channel",
    "ORDERS": "orders",
    "ORDERING": "orders",
    "SHELF": "orders",
    "STOCK": "orders",
    "LEDGER": "reconciliation",
    "STATEMENT": "reconciliation",
    "INBOX": "notifications",
    "SMS": "notifications",
    "WEBHOOK": "notifications",
    "DELIVERY": "notifications",
    "TICKETS": "tickets",
    "IDEMPOTENCY": "kernel",
    "UNSENT": "kernel",
}

#: DynamoDB's limit on the actions of one transaction.
MAX_ACTIONS = 100


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
    """What lies in the table as a `PackedJSONAttribute`."""
    return from_json(zlib.decompress(value))


Key = tuple[str, str]
Kind = TypeVar("Kind", bound=Item)


def fetch(keys: Iterable[Key], *, consistent: bool = True) -> dict[Key, Item]:
    """The items at these keys, of whatever kind, in as few batched reads as can be; absent ones are left out."""
    wanted = list(dict.fromkeys(keys))
    return {(item.pk, item.sk): item for item in Item.batch_get(wanted, consistent_read=consistent)} if wanted else {}


def fetch_one(kind: type[Kind], key: Key, *, consistent: bool = True) -> Kind | None:
    """The item at the key, or None."""
    try:
        return kind.get(key[0], key[1], consistent_read=consistent)
    except kind.DoesNotExist:
        return None


def change(kind: type[Item], key: Key, actions: Sequence[Action]) -> None:
    """Change an item that must be there by itself, outside a transaction; nothing of it comes back."""
    kind._get_connection().update_item(key[0], range_key=key[1], actions=actions, condition=kind.pk.exists())


class Page(NamedTuple):
    """One page of a query and the key to go on from, None after the last."""

    items: list[Any]
    next_key: dict[str, Any] | None


def query_page(
    kind: type[Kind],
    pk: str,
    *,
    sk: Condition | None = None,
    on_index: bool = False,
    limit: int,
    start: dict[str, Any] | None = None,
    newest_first: bool = False,
    consistent: bool = False,
) -> Page:
    """At most `limit` items of one partition (of the table or of `gsi1`), in key order.

    Args:
        sk: a condition on the sort key, e.g. `Item.sk.startswith("HEADER#")` (with `on_index`: `Index.gsi1sk…`).
        start: `next_key` of the page before.
    """
    source: Any = kind.gsi1 if on_index else kind
    found = source.query(
        pk,
        range_key_condition=sk,
        limit=limit,
        last_evaluated_key=start,
        scan_index_forward=not newest_first,
        **({} if on_index else {"consistent_read": consistent}),
    )
    items = list(found)
    return Page(items, found.last_evaluated_key)


def query_all(kind: type[Kind], pk: str, *, sk: Condition | None = None) -> Iterator[Kind]:
    """Every item of a partition in key order, read consistently, page after page."""
    return iter(kind.query(pk, range_key_condition=sk, consistent_read=True))


class Refused(NamedTuple):
    """Why one action of a transaction could not be done, and the item as it stands where the database told."""

    code: str
    item: dict[str, Any] | None


class TransactionRefused(Exception):
    """Nothing was written, because the conditions of the actions named here did not hold."""

    def __init__(self, refused: Mapping[str, Refused]) -> None:
        super().__init__(", ".join(f"{label}: {reason.code}" for label, reason in refused.items()))
        self.refused = refused

    def __contains__(self, label: str) -> bool:
        return label in self.refused


class Transaction:
    """All or nothing over the one table, every action under a label by which a refusal is reported.

    The client request token is fixed when the object is made, so however often the SDK sends it, it counts once.
    """

    def __init__(self) -> None:
        self._token = str(uuid4())
        self._checks: list[_Act] = []
        self._deletes: list[_Act] = []
        self._puts: list[_Act] = []
        self._updates: list[_Act] = []

    def __len__(self) -> int:
        return len(self._checks) + len(self._deletes) + len(self._puts) + len(self._updates)

    def check(self, kind: type[Item], key: Key, condition: Condition, label: str) -> None:
        """Go ahead only if this item, left as it is, meets the condition."""
        self._checks.append((label, kind.get_operation_kwargs_from_class(key[0], key[1], condition=condition)))

    def create(self, item: Item, label: str) -> None:
        """Write an item that must not exist yet."""
        put = {
            "TableName": settings().table,
            "Item": item.serialize(),
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        self._puts.append((label, put))

    def put(self, item: Item, label: str, condition: Condition | None = None) -> None:
        """Write an item whole, replacing what stands at its key if the condition allows."""
        self._puts.append((label, item.get_save_kwargs_from_instance(condition, _ALL_OLD)))

    def update(
        self, kind: type[Item], key: Key, actions: Sequence[Action], condition: Condition | None, label: str
    ) -> None:
        """Change single attributes under a condition; the item as it stands comes back with a refusal.

        An update may be what makes the item, so it always says of what kind it is.
        """
        update = kind._get_connection().get_operation_kwargs(
            key[0],
            range_key=key[1],
            actions=[*actions, kind.kind.set(kind)],
            condition=condition,
            return_values_on_condition_failure=_ALL_OLD,
        )
        self._updates.append((label, update))

    def set(
        self, kind: type[Item], key: Key, values: Mapping[str, Any], as_read: Mapping[str, Any] | None, label: str
    ) -> None:
        """Let attributes have these values by name, None to take one away; as `update`, for a fraction of its price.

        Args:
            as_read: attributes that must still be what they were when they were read.
        """
        attributes = kind.get_attributes()
        names: dict[str, str] = {}
        stored: dict[str, Any] = {}

        def said(name: str, value: Any) -> str:
            attribute = attributes[name]
            names[f"#{name}"], stored[f":{len(stored)}"] = name, {attribute.attr_type: attribute.serialize(value)}
            return f"#{name}=:{len(stored) - 1}"

        unchanged = [said(name, value) for name, value in (as_read or {}).items()]
        sets = [said(name, value) for name, value in values.items() if value is not None]
        sets.append(said("kind", kind))
        removes = [name for name, value in values.items() if value is None]
        names |= {f"#{name}": name for name in removes}
        update = {
            **_at(key),
            "UpdateExpression": f"SET {','.join(sets)}" + (f" REMOVE #{',#'.join(removes)}" if removes else ""),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": stored,
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        if unchanged:
            update["ConditionExpression"] = " AND ".join(unchanged)
        self._updates.append((label, update))

    def update_as_written(
        self, key: Key, expression: str, condition: str, values: Mapping[str, int], label: str
    ) -> None:
        """Change numbers of an item that exists, by expressions in the database's own words.

        For changes of so many parts that PynamoDB's expressions would cost more than the rest of the request.
        """
        update = {
            **_at(key),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        self._updates.append((label, update))

    def delete(self, kind: type[Item], key: Key, condition: Condition | None, label: str) -> None:
        """Remove an item."""
        self._deletes.append((label, kind.get_operation_kwargs_from_class(key[0], key[1], condition=condition)))

    def commit(self) -> None:
        """Write everything, or nothing.

        Raises:
            TransactionRefused: a condition did not hold; says which.
            Busy: other transactions kept touching the same items through all retries; the same work may be tried again.
        """
        # The order in which PynamoDB sends the four lists; reasons come back in this order.
        labels = [label for label, _ in (*self._checks, *self._deletes, *self._puts, *self._updates)]
        token = self._token
        for attempt in range(_ATTEMPTS):
            try:
                Item._get_connection().connection.transact_write_items(
                    *(
                        [written for _, written in acts]
                        for acts in (self._checks, self._deletes, self._puts, self._updates)
                    ),
                    client_request_token=token,
                )
                return
            except TransactWriteError as error:
                refused = _reasons(error, labels)
                if any(reason.code == "ConditionalCheckFailed" for reason in refused.values()):
                    raise TransactionRefused(
                        {label: reason for label, reason in refused.items() if reason.code == "ConditionalCheckFailed"}
                    ) from error
                if refused and all(reason.code in _PASSING for reason in refused.values()):
                    # A cancelled attempt wrote nothing, and its token is spent: the next one needs its own.
                    token = str(uuid4())
                elif _said(error) not in _UNDER_WAY:
                    raise
                _pause(attempt)
        raise Busy


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


def _at(key: Key) -> dict[str, Any]:
    return {"TableName": settings().table, "Key": {"pk": {"S": key[0]}, "sk": {"S": key[1]}}}


#: A label and the action in the words of the API.
_Act = tuple[str, dict[str, Any]]
_ALL_OLD = "ALL_OLD"
_ATTEMPTS = 6
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
#: The attempt may yet succeed, so it is asked for again under its own token.
_UNDER_WAY = frozenset({"TransactionInProgressException"})


def _said(error: TransactWriteError) -> str | None:
    """What the database answered; None if no answer came (then PynamoDB's own property fails)."""
    response = getattr(error.cause, "response", None)
    return response["Error"]["Code"] if response else None


def _reasons(error: TransactWriteError, labels: list[str]) -> dict[str, Refused]:
    reasons = error.cancellation_reasons
    return {
        label: Refused(reason.code, reason.raw_item)
        for label, reason in zip(labels, reasons, strict=False)
        if reason is not None
    }


def _pause(attempt: int) -> None:
    """Full jitter, at most 20 ms x 2^attempt: conflicts come from transactions that last a few milliseconds."""
    time.sleep(random.uniform(0, 0.02 * 2**attempt))
