"""The one shared table: keys, who owns which key prefix, and transactions whose refusals can be read.

Only the owner writes a prefix; whoever reads another's items goes through docs/access-patterns.md.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from kernel.base.problems import Busy, Stale
from kernel.base.settings import settings
from kernel.store.items import Item, Key, Kind

#: Every first key segment of the table and the service that alone may write it.
OWNERS = {
    "PRODUCT": "catalog",
    "TERM": "catalog",
    "PRICELIST": "catalog",
    "SKUINDEX": "catalog",
    "ASSORTMENT": "catalog",
    "DEALER": "dealers",
    "USER": "dealers",
    "ORDERS": "orders",
    "ORDERING": "orders",
    "BUCKET": "orders",
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

    def update_fields(
        self,
        kind: type[Item],
        key: Key,
        values: Mapping[str, Any],
        *,
        expected: Mapping[str, Any] | None = None,
        increments: Mapping[str, int] | None = None,
        label: str,
    ) -> None:
        """Let attributes have these values by name, None to take one away; as `update`, for a fraction of its price.

        Args:
            expected: attributes that must still be what they were when they were read, None for one that was not there.
            increments: counters, and by how much they grow from whatever they are.
        """
        attributes = kind.get_attributes()
        names: dict[str, str] = {}
        stored: dict[str, Any] = {}

        def named(name: str) -> str:
            names[f"#{name}"] = attributes[name].attr_name
            return f"#{name}"

        def valued(name: str, value: Any) -> str:
            alias = f":{len(stored)}"
            stored[alias] = {attributes[name].attr_type: attributes[name].serialize(value)}
            return alias

        unchanged = [
            f"attribute_not_exists({named(name)})" if value is None else f"{named(name)}={valued(name, value)}"
            for name, value in (expected or {}).items()
        ]
        clauses = {
            "SET": [f"{named(name)}={valued(name, value)}" for name, value in values.items() if value is not None]
            + [f"{named('kind')}={valued('kind', kind)}"],
            "REMOVE": [named(name) for name, value in values.items() if value is None],
            "ADD": [f"{named(name)} {valued(name, more)}" for name, more in (increments or {}).items()],
        }
        update = {
            **_at(key),
            "UpdateExpression": " ".join(f"{verb} {','.join(parts)}" for verb, parts in clauses.items() if parts),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": stored,
            "ReturnValuesOnConditionCheckFailure": _ALL_OLD,
        }
        if unchanged:
            update["ConditionExpression"] = " AND ".join(unchanged)
        self._updates.append((label, update))

    def update_expression(
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
