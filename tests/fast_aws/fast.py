"""A world's cloud in a few dictionaries, answered before botocore does anything: no signing, no JSON, no HTTP."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import Any

from botocore.exceptions import ReadTimeoutError

from tests.fast_aws import plane
from tests.fast_aws.items import Item, Key, Refusal
from tests.fast_aws.plane import Answer, Proceed, Request
from tests.fast_aws.queues import Message, Queues
from tests.fast_aws.store import Store
from tests.fast_aws.wanted import ACCOUNT, REGION, Wanted

_MAX_ENTRIES = 10
_MAX_EVENTS_BYTES = 256 * 1024


class FastCloud:
    """DynamoDB, SQS, EventBridge and Secrets Manager; any other service is refused."""

    def __init__(self, wanted: Wanted, now: Callable[[], datetime]) -> None:
        self._wanted = wanted
        self._now = now
        self.empty(wanted)

    def empty(self, wanted: Wanted) -> None:
        """Begin anew, with these queues."""
        self._wanted = wanted
        self.store = Store(wanted.table, self._now)
        self.queues = Queues(ACCOUNT, REGION, self._now)
        self._rules: dict[str, list[str]] = {}
        self._published = 0
        for queue in wanted.queues:
            self.queues.create(queue.name, fifo=queue.fifo, max_receives=wanted.max_receives)
            for detail_type in queue.hears:
                self._rules.setdefault(detail_type, []).append(queue.name)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer every AWS call made inside."""
        with plane.inserted(plane.Place.ANSWER, self._layer):
            yield

    # ---- as a world sees it ----

    def rows(self) -> Iterator[tuple[Key, Item]]:
        """Every item in the form it travels in, by its key."""
        return self.store.rows()

    def partitions(self) -> Mapping[str, Mapping[str, Item]]:
        """The same by the two parts of the key; a partition in which nothing changed is the very same."""
        return dict(self.store.contents.items)

    def find(self, key: Key) -> Item | None:
        """One item in the form it travels in."""
        return self.store.find(key)

    def send(self, queue: str, body: str) -> None:
        """Put a message into a standard queue."""
        self.queues.put(queue, body)

    def save(self) -> Any:
        """All there is."""
        return self.store.contents.copy(), self.queues.save()

    def restore(self, saved: Any) -> None:
        """As it was saved."""
        contents, queues = saved
        self.store.contents = contents.copy()
        self.queues.restore(queues)

    def records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Stream records as Lambda gets them."""
        return self.store.records(start, end)

    def stream_length(self) -> int:
        """How many there are."""
        return len(self.store.contents.stream)

    def queue_names(self) -> list[str]:
        """All queues, with those of dead letters."""
        return list(self.queues.queues)

    def bodies(self, queue: str) -> list[str]:
        """What stands in a queue."""
        return [message.body for message in self.queues.queues[queue].messages]

    def receive(self, queue: str, most: int, order: Random | None = None) -> list[dict[str, Any]]:
        """Take messages in hand, as Lambda gets them."""
        return [_record(message, queue) for message in self.queues.receive(queue, most, order)]

    def give_back(self, queue: str, record: Mapping[str, Any]) -> None:
        """It failed."""
        self.queues.give_back(queue, record["messageId"])

    def done(self, queue: str, record: Mapping[str, Any]) -> None:
        """It went through."""
        self.queues.done(queue, record["messageId"])

    # ---- as the SDK sees it ----

    def _layer(self, request: Request, proceed: Proceed) -> Answer:
        if request.answer_lost:
            # The SDK sends the very same request again, so of two answers the second counts.
            self._answered(request)
            if request.sent_once:
                raise ReadTimeoutError(endpoint_url=f"https://{request.service}.test")
        return self._answered(request)

    def _answered(self, request: Request) -> Answer:
        try:
            answer = self._answer(request.service, request.operation, request.params)
        except Refusal as refusal:
            raise request.refused(refusal.code, refusal.message, **refusal.more) from None
        answer["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        return answer

    def _answer(self, service: str, operation: str, params: dict[str, Any]) -> Answer:
        if service == "dynamodb":
            return self.store.answer(operation, params)
        if service == "sqs":
            return self.queues.answer(operation, params)
        if (service, operation) == ("events", "PutEvents"):
            return self._put_events(params["Entries"])
        if (service, operation) == ("secretsmanager", "GetSecretValue"):
            return self._secret(params["SecretId"])
        raise NotImplementedError(f"the fast cloud does not know {service}.{operation}")

    def _put_events(self, entries: list[dict[str, Any]]) -> Answer:
        if not 0 < len(entries) <= _MAX_ENTRIES:
            raise Refusal("ValidationException", "Entries must have length between 1 and 10")
        size = sum(len(entry[name].encode()) for entry in entries for name in ("Source", "DetailType", "Detail"))
        if size > _MAX_EVENTS_BYTES:
            raise Refusal("ValidationException", "Total size of the entries in the request is over the limit.")
        return {"FailedEntryCount": 0, "Entries": [{"EventId": self._publish(entry)} for entry in entries]}

    def _publish(self, entry: Mapping[str, Any]) -> str:
        """Let the rules of the bus carry an event to their queues; its id."""
        self._published += 1
        ident = f"event-{self._published:08d}"
        if entry["EventBusName"] != self._wanted.bus or not entry["Source"].startswith("qudao."):
            return ident
        moment = self._now()
        told = {
            "version": "0",
            "id": ident,
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": ACCOUNT,
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": entry.get("Resources", []),
            "detail": json.loads(entry["Detail"]),
        }
        body = json.dumps(told)
        for queue in self._rules.get(entry["DetailType"], []):
            self.queues.put(queue, body)
        return ident

    def _secret(self, name: str) -> Answer:
        if name not in self._wanted.secrets:
            raise Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return {"Name": name, "SecretString": self._wanted.secrets[name]}


def _record(message: Message, queue: str) -> dict[str, Any]:
    """A message as Lambda hands it to a function."""
    attributes = {
        "ApproximateReceiveCount": str(message.received),
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
        "receiptHandle": f"{message.id}-{message.received}",
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }


def _millis(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
