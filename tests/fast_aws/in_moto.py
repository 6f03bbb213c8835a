"""Moto as a world's cloud."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from copy import copy
from datetime import datetime
from functools import cache
from random import Random
from typing import Any, cast

import boto3
import yaml
from moto.backends import get_backend
from moto.dynamodb.models.dynamo_type import DynamoType

from tests.fast_aws.items import Item, Key
from tests.fast_aws.wanted import ACCOUNT, REGION, Wanted, WantedQueue
from tests.moto_patches import aws_in_process
from tools import paths

_VISIBILITY_SECONDS = 3600


class MotoCloud:
    """Moto's back ends of the services in use; the clients are made once, for making them takes long."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.answering = aws_in_process

    def empty(self, wanted: Wanted) -> None:
        """Begin anew, with these queues."""
        self._wanted = wanted
        for service in ("dynamodb", "sqs", "events", "secretsmanager"):
            get_backend(service)[ACCOUNT][REGION].reset()
        made = _clients()
        made["dynamodb"].create_table(TableName=wanted.table, **table_definition())
        made["events"].create_event_bus(Name=wanted.bus)
        for name, value in wanted.secrets.items():
            made["secretsmanager"].create_secret(Name=name, SecretString=value)
        for queue in wanted.queues:
            self._build(queue)

    def _build(self, queue: WantedQueue) -> None:
        suffix = ".fifo" if queue.fifo else ""
        dead = f"{queue.name.removesuffix(suffix)}-dlq{suffix}"
        ordered = {"FifoQueue": "true"} if queue.fifo else {}
        self._sqs.create_queue(dead, **ordered)
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
        redrive = {"deadLetterTargetArn": f"{arn}{dead}", "maxReceiveCount": self._wanted.max_receives}
        self._sqs.create_queue(queue.name, **ordered, RedrivePolicy=json.dumps(redrive))
        if queue.hears:
            events: Any = get_backend("events")[ACCOUNT][REGION]
            rule, bus = f"to-{queue.name}", self._wanted.bus
            pattern = json.dumps({"source": [{"prefix": "qudao."}], "detail-type": sorted(queue.hears)})
            events.put_rule(name=rule, event_pattern=pattern, event_bus_arn=bus)
            target = {"Id": "queue", "Arn": f"{arn}{queue.name}"}
            events.put_targets(name=rule, event_bus_arn=bus, targets=[target])

    # ---- the table ----

    @property
    def table(self) -> Any:
        """Moto's table."""
        return get_backend("dynamodb")[ACCOUNT][REGION].tables[self._wanted.table]

    def rows(self) -> Iterator[tuple[Key, Item]]:
        """Every item in the form it travels in, by its key."""
        for pk, row in self.table.items.items():
            for sk, item in row.items():
                yield (pk.value, sk.value), item.to_json()["Attributes"]

    def partitions(self) -> Mapping[str, Mapping[str, Item]]:
        """The same by the two parts of the key."""
        found: dict[str, dict[str, Item]] = {}
        for (pk, sk), item in self.rows():
            found.setdefault(pk, {})[sk] = item
        return found

    def find(self, key: Key) -> Item | None:
        """One item in the form it travels in."""
        pk, sk = (DynamoType({"S": part}) for part in key)
        item = self.table.get_item(pk, sk)
        return item.to_json()["Attributes"] if item else None

    def send(self, queue: str, body: str) -> None:
        """Put a message into a standard queue."""
        self._sqs.send_message(queue, body)

    def records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Stream records as Lambda gets them."""
        shard = self.table.stream_shard.items[start:end]
        return [json.loads(json.dumps(record.to_json(), default=_as_json)) for record in shard]

    def stream_length(self) -> int:
        """How many there are."""
        return len(self.table.stream_shard.items)

    # ---- going back ----

    def save(self) -> Any:
        """All there is; items are never changed in place (tests/moto_patches.py)."""
        queues = {name: [copy(message) for message in queue._messages] for name, queue in self._sqs.queues.items()}
        return _rows(self.table.items), list(self.table.stream_shard.items), queues, dict(self._tokens)

    def restore(self, saved: Any) -> None:
        """As it was saved."""
        rows, stream, queues, tokens = saved
        self.table.items.clear()
        self.table.items.update(_rows(rows))
        self.table.stream_shard.items[:] = stream
        for name, queue in self._sqs.queues.items():
            queue._messages[:] = [copy(message) for message in queues.get(name, [])]
            queue._pending_messages.clear()
            queue.deleted_messages.clear()
        self._tokens.clear()
        self._tokens.update(tokens)

    @property
    def _tokens(self) -> dict[str, str]:
        backend = get_backend("dynamodb")[ACCOUNT][REGION]
        return cast(dict[str, str], backend.__dict__.setdefault("known_tokens", {}))

    # ---- queues ----

    @property
    def _sqs(self) -> Any:
        return get_backend("sqs")[ACCOUNT][REGION]

    def queue_names(self) -> list[str]:
        """All queues, with those of dead letters."""
        return list(self._sqs.queues)

    def bodies(self, queue: str) -> list[str]:
        """What stands in a queue."""
        return [message.body for message in self._sqs.queues[queue]._messages]

    def receive(self, queue: str, most: int, order: Random | None = None) -> list[dict[str, Any]]:
        """Take messages in hand, as Lambda gets them."""
        found = self._sqs.queues[queue]
        if not found._messages:
            return []
        if order is not None and not found.fifo_queue:
            order.shuffle(found._messages)
        received = self._sqs.receive_message(queue, most, 0, _VISIBILITY_SECONDS)
        return [_record(message, queue) for message in received]

    def give_back(self, queue: str, record: Mapping[str, Any]) -> None:
        """It failed."""
        self._sqs.change_message_visibility(queue, record["receiptHandle"], 0)

    def done(self, queue: str, record: Mapping[str, Any]) -> None:
        """It went through."""
        self._sqs.delete_message(queue, record["receiptHandle"])


def _rows(items: dict[Any, dict[Any, Any]]) -> dict[Any, dict[Any, Any]]:
    return {pk: dict(row) for pk, row in items.items()}


def _record(message: Any, queue: str) -> dict[str, Any]:
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": ACCOUNT,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if message.group_id:
        attributes |= {"MessageGroupId": message.group_id, "MessageDeduplicationId": message.deduplication_id}
        attributes["SequenceNumber"] = str(message.sequence_number)
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }


@cache
def _clients() -> dict[str, Any]:
    session = boto3.Session(region_name=REGION)
    return {name: session.client(name) for name in ("dynamodb", "events", "secretsmanager")}


@cache
def table_definition() -> dict[str, Any]:
    """The shared table as infra/core.yaml defines it, in the words of CreateTable."""
    properties = yaml.load(paths.CORE_TEMPLATE.read_text(), Loader=_TemplateLoader)["Resources"]["Table"]["Properties"]
    taken = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return {name: properties[name] for name in taken} | {"StreamSpecification": stream}


class _TemplateLoader(yaml.SafeLoader):
    """Reads a template without resolving its functions."""


_TemplateLoader.add_multi_constructor("!", lambda loader, tag, node: node.value)


def _as_json(value: Any) -> Any:
    """What Lambda makes of a moment and of bytes in a stream record."""
    if isinstance(value, datetime):
        return value.timestamp()
    return base64.b64encode(bytes(value)).decode()
