"""Moto as the cloud of a test world."""

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

from tests.fast_aws.cloud import ACCOUNT, REGION, RETRY_SUFFIX, CloudSetup, QueueSetup
from tests.fast_aws.items import Item, Key
from tests.support.moto_patches import aws_in_process
from tools import paths

_VISIBILITY_SECONDS = 3600


class MotoCloud:
    """Moto's back ends of the services in use. Clients are made once per process, because making them takes long."""

    def __init__(self, setup: CloudSetup) -> None:
        self._setup = setup
        self.answer_calls = aws_in_process

    def reset(self, setup: CloudSetup) -> None:
        """Delete everything and create the resources of the setup."""
        self._setup = setup
        for service in ("dynamodb", "sqs", "events", "secretsmanager"):
            get_backend(service)[ACCOUNT][REGION].reset()
        clients = _clients()
        clients["dynamodb"].create_table(TableName=setup.table, **table_definition())
        clients["events"].create_event_bus(Name=setup.bus)
        for name, value in setup.secrets.items():
            clients["secretsmanager"].create_secret(Name=name, SecretString=value)
        for queue in setup.queues:
            self._create_queue(queue)

    def _create_queue(self, queue: QueueSetup) -> None:
        suffix = ".fifo" if queue.fifo else ""
        dead_letters = f"{queue.name.removesuffix(suffix)}-dlq{suffix}"
        attributes = {"FifoQueue": "true"} if queue.fifo else {}
        self._sqs.create_queue(dead_letters, **attributes)
        if queue.fifo:
            self._sqs.create_queue(f"{queue.name.removesuffix(suffix)}{RETRY_SUFFIX}")
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
        redrive = {"deadLetterTargetArn": f"{arn}{dead_letters}", "maxReceiveCount": self._setup.max_receives}
        self._sqs.create_queue(queue.name, **attributes, RedrivePolicy=json.dumps(redrive))
        if queue.subscribes:
            events: Any = get_backend("events")[ACCOUNT][REGION]
            rule, bus = f"to-{queue.name}", self._setup.bus
            pattern = json.dumps({"source": [{"prefix": "qudao."}], "detail-type": sorted(queue.subscribes)})
            events.put_rule(name=rule, event_pattern=pattern, event_bus_arn=bus)
            target = {"Id": "queue", "Arn": f"{arn}{queue.name}"}
            events.put_targets(name=rule, event_bus_arn=bus, targets=[target])

    # ---- the table ----

    @property
    def table(self) -> Any:
        """Return moto's table."""
        return get_backend("dynamodb")[ACCOUNT][REGION].tables[self._setup.table]

    def rows(self) -> Iterator[tuple[Key, Item]]:
        """Yield every item in wire form, with its key."""
        for pk, row in self.table.items.items():
            for sk, item in row.items():
                yield (pk.value, sk.value), item.to_json()["Attributes"]

    def partitions(self) -> Mapping[str, Mapping[str, Item]]:
        """Return the items by partition key and sort key."""
        found: dict[str, dict[str, Item]] = {}
        for (pk, sk), item in self.rows():
            found.setdefault(pk, {})[sk] = item
        return found

    def find(self, key: Key) -> Item | None:
        """Return one item in wire form."""
        pk, sk = (DynamoType({"S": part}) for part in key)
        item = self.table.get_item(pk, sk)
        return item.to_json()["Attributes"] if item else None

    def send_message(self, queue: str, body: str) -> None:
        """Send a message to a standard queue."""
        self._sqs.send_message(queue, body)

    def stream_records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Return stream records in the form Lambda receives them."""
        shard = self.table.stream_shard.items[start:end]
        return [json.loads(json.dumps(record.to_json(), default=_as_json)) for record in shard]

    def stream_length(self) -> int:
        """Return the number of stream records."""
        return len(self.table.stream_shard.items)

    # ---- saved states ----

    def save(self) -> Any:
        """Return the whole state. Items are never changed in place (tests/support/moto_patches.py)."""
        queues = {name: [copy(message) for message in queue._messages] for name, queue in self._sqs.queues.items()}
        return _rows(self.table.items), list(self.table.stream_shard.items), queues, dict(self._tokens)

    def restore(self, saved: Any) -> None:
        """Return to a saved state."""
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
        """Return the names of all queues, dead-letter queues included."""
        return list(self._sqs.queues)

    def message_bodies(self, queue: str) -> list[str]:
        """Return the bodies of all messages in a queue."""
        return [message.body for message in self._sqs.queues[queue]._messages]

    def receive_messages(self, queue: str, max_messages: int, order: Random | None = None) -> list[dict[str, Any]]:
        """Receive messages in the form Lambda receives them."""
        found = self._sqs.queues[queue]
        if not found._messages:
            return []
        if queue.endswith(RETRY_SUFFIX):
            for message in found._messages:
                message.delayed_until = 0  # failed messages return at once here
        if order is not None and not found.fifo_queue:
            order.shuffle(found._messages)
        received = self._sqs.receive_message(queue, max_messages, 0, _VISIBILITY_SECONDS, ["All"])
        return [_record(message, queue) for message in received]

    def return_message(self, queue: str, record: Mapping[str, Any]) -> None:
        """Make a failed message visible again at once."""
        self._sqs.change_message_visibility(queue, record["receiptHandle"], 0)

    def delete_message(self, queue: str, record: Mapping[str, Any]) -> None:
        """Delete a message that was handled."""
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
        "messageAttributes": {
            name: {"dataType": value["DataType"], "stringValue": value["StringValue"]}
            for name, value in (message.message_attributes or {}).items()
        },
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
    """Return the parameters of CreateTable for the table that infra/core.yaml defines."""
    properties = yaml.load(paths.CORE_TEMPLATE.read_text(), Loader=_TemplateLoader)["Resources"]["Table"]["Properties"]
    names = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return {name: properties[name] for name in names} | {"StreamSpecification": stream}


class _TemplateLoader(yaml.SafeLoader):
    """Reads a template without resolving its functions."""


_TemplateLoader.add_multi_constructor("!", lambda loader, tag, node: node.value)


def _as_json(value: Any) -> Any:
    """Return a time or bytes in the form Lambda uses in a stream record."""
    if isinstance(value, datetime):
        return value.timestamp()
    return base64.b64encode(bytes(value)).decode()
