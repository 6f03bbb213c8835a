"""The fast cloud: answers AWS calls before botocore signs, serialises or sends anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import Any

from botocore.exceptions import ReadTimeoutError

from tests.fast_aws import interception
from tests.fast_aws.cloud import ACCOUNT, REGION, CloudSetup
from tests.fast_aws.dynamodb import DynamoDB
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.fast_aws.items import Item, Key, ServiceError
from tests.fast_aws.sqs import SQS, Message

_MAX_ENTRIES = 10
_MAX_EVENTS_BYTES = 256 * 1024


class FastCloud:
    """DynamoDB, SQS, EventBridge and Secrets Manager in memory; any other service raises NotImplementedError."""

    def __init__(self, setup: CloudSetup, now: Callable[[], datetime]) -> None:
        self._setup = setup
        self._now = now
        self.reset(setup)

    def reset(self, setup: CloudSetup) -> None:
        """Delete everything and create the resources of the setup."""
        self._setup = setup
        self.dynamodb = DynamoDB(setup.table, self._now)
        self.sqs = SQS(ACCOUNT, REGION, self._now)
        self._rules: dict[str, list[str]] = {}
        self._published = 0
        for queue in setup.queues:
            self.sqs.create_queue(queue.name, fifo=queue.fifo, max_receives=setup.max_receives)
            for detail_type in queue.subscribes:
                self._rules.setdefault(detail_type, []).append(queue.name)

    @contextmanager
    def answer_calls(self) -> Iterator[None]:
        """Answer every AWS call made inside the block."""
        with interception.intercept(interception.Layer.ANSWER, self._handle):
            yield

    # ---- for the test world ----

    def rows(self) -> Iterator[tuple[Key, Item]]:
        """Yield every item in wire form, with its key."""
        return self.dynamodb.rows()

    def partitions(self) -> Mapping[str, Mapping[str, Item]]:
        """Return the items by partition key and sort key. An unchanged partition is the same object as before."""
        return dict(self.dynamodb.contents.items)

    def find(self, key: Key) -> Item | None:
        """Return one item in wire form."""
        return self.dynamodb.find(key)

    def send_message(self, queue: str, body: str) -> None:
        """Send a message to a standard queue."""
        self.sqs.send(queue, body)

    def save(self) -> Any:
        """Return the whole state."""
        return self.dynamodb.contents.copy(), self.sqs.save()

    def restore(self, saved: Any) -> None:
        """Return to a saved state."""
        contents, queues = saved
        self.dynamodb.contents = contents.copy()
        self.sqs.restore(queues)

    def stream_records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Return stream records in the form Lambda receives them."""
        return self.dynamodb.records(start, end)

    def stream_length(self) -> int:
        """Return the number of stream records."""
        return len(self.dynamodb.contents.stream)

    def queue_names(self) -> list[str]:
        """Return the names of all queues, dead-letter queues included."""
        return list(self.sqs.queues)

    def message_bodies(self, queue: str) -> list[str]:
        """Return the bodies of all messages in a queue."""
        return [message.body for message in self.sqs.queues[queue].messages]

    def receive_messages(self, queue: str, max_messages: int, order: Random | None = None) -> list[dict[str, Any]]:
        """Receive messages in the form Lambda receives them."""
        return [_record(message, queue) for message in self.sqs.receive(queue, max_messages, order)]

    def return_message(self, queue: str, record: Mapping[str, Any]) -> None:
        """Make a failed message visible again at once."""
        self.sqs.make_visible(queue, record["messageId"])

    def delete_message(self, queue: str, record: Mapping[str, Any]) -> None:
        """Delete a message that was handled."""
        self.sqs.delete(queue, record["messageId"])

    # ---- for the SDK ----

    def _handle(self, request: Request, proceed: Proceed) -> Answer:
        if request.answer_lost:
            # The SDK sends the same request again and uses the second answer.
            self._checked_answer(request)
            if request.has_single_attempt:
                raise ReadTimeoutError(endpoint_url=f"https://{request.service}.test")
        return self._checked_answer(request)

    def _checked_answer(self, request: Request) -> Answer:
        try:
            answer = self._answer(request.service, request.operation, request.params)
        except ServiceError as error:
            raise request.client_error(error.code, error.message, **error.more) from None
        answer["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        return answer

    def _answer(self, service: str, operation: str, params: dict[str, Any]) -> Answer:
        if service == "dynamodb":
            return self.dynamodb.answer(operation, params)
        if service == "sqs":
            return self.sqs.answer(operation, params)
        if (service, operation) == ("events", "PutEvents"):
            return self._put_events(params["Entries"])
        if (service, operation) == ("secretsmanager", "GetSecretValue"):
            return self._secret(params["SecretId"])
        raise NotImplementedError(f"the fast cloud does not know {service}.{operation}")

    def _put_events(self, entries: list[dict[str, Any]]) -> Answer:
        if not 0 < len(entries) <= _MAX_ENTRIES:
            raise ServiceError("ValidationException", "Entries must have length between 1 and 10")
        size = sum(len(entry[name].encode()) for entry in entries for name in ("Source", "DetailType", "Detail"))
        if size > _MAX_EVENTS_BYTES:
            raise ServiceError("ValidationException", "Total size of the entries in the request is over the limit.")
        return {"FailedEntryCount": 0, "Entries": [{"EventId": self._publish(entry)} for entry in entries]}

    def _publish(self, entry: Mapping[str, Any]) -> str:
        """Send an event to the queues of its rules; return its id."""
        self._published += 1
        event_id = f"event-{self._published:08d}"
        if entry["EventBusName"] != self._setup.bus or not entry["Source"].startswith("qudao."):
            return event_id
        moment = self._now()
        message = {
            "version": "0",
            "id": event_id,
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": ACCOUNT,
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": entry.get("Resources", []),
            "detail": json.loads(entry["Detail"]),
        }
        body = json.dumps(message)
        for queue in self._rules.get(entry["DetailType"], []):
            self.sqs.send(queue, body)
        return event_id

    def _secret(self, name: str) -> Answer:
        if name not in self._setup.secrets:
            raise ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return {"Name": name, "SecretString": self._setup.secrets[name]}


def _record(message: Message, queue: str) -> dict[str, Any]:
    """Return a message in the form Lambda passes it to a function."""
    attributes = {
        "ApproximateReceiveCount": str(message.receive_count),
        "SentTimestamp": _millis(message.sent_at),
        "SenderId": ACCOUNT,
        "ApproximateFirstReceiveTimestamp": _millis(message.first_received_at or message.sent_at),
    }
    if message.group:
        attributes["MessageGroupId"] = message.group
        attributes["MessageDeduplicationId"] = str(message.deduplication_id)
        attributes["SequenceNumber"] = f"{message.number:020d}"
    return {
        "messageId": message.id,
        "receiptHandle": f"{message.id}-{message.receive_count}",
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {
            name: {"dataType": value["DataType"], "stringValue": value["StringValue"]}
            for name, value in message.attributes.items()
        },
        "md5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }


def _millis(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
