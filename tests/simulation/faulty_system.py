"""The system of a random run: functions run with random faults, messages are delivered in random order."""

from __future__ import annotations

import traceback
from collections import Counter, deque
from collections.abc import Callable
from random import Random
from typing import Any
from zlib import crc32

from kernel.messaging.retries import attempts_before
from tests.fast_aws import interception
from tests.simulation.run_trace import Trace
from tests.support import faults
from tests.support.caches import clear_process_caches
from tests.support.functions import queue_names
from tests.support.world import Delivery, World
from tools.template_queues import MAX_RECEIVES

_SHARDS = 2
#: Number of the call at which a fault is put; most functions make few calls.
_FAULTY_CALLS = (0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8)
MAX_ROUNDS = 30


class FaultySystem:
    """A world whose functions run and whose messages are delivered step by step, each step with or without a fault."""

    def __init__(self, world: World, random: Random, trace: Trace) -> None:
        self.world, self.random, self.trace = world, random, trace
        self.faults: Counter[str] = Counter()
        self.consumers = {
            f"{service}.{spec.function}": spec for service, app in world.apps.items() for spec in app.consumers
        }
        self.schedules = [(service, spec.function) for service, app in world.apps.items() for spec in app.periodics]
        self.relayed: list[dict[str, Any]] = []
        self._read_to = world.cloud.stream_length()
        self._shards: list[deque[dict[str, Any]]] = [deque() for _ in range(_SHARDS)]
        self._attempts: Counter[int] = Counter()

    def run(self, name: str, faulty: bool, act: Callable[[], object]) -> bool:
        """Act, perhaps with a fault at one of its calls; return True if it came to its end.

        Without a fault nothing may be raised.
        """
        if not faulty:
            self.trace.add(name)
            act()
            return True
        fault = faults.Run(kind=self.random.choice(list(faults.Kind)), at=self.random.choice(_FAULTY_CALLS))
        finished = False
        try:
            with interception.intercept(interception.Layer.INJECT_FAULT, fault.layer):
                act()
            finished = True
        except faults.Crashed:
            clear_process_caches()
        except Exception:
            assert fault.fired, traceback.format_exc()
        if fault.fired:
            self.faults[str(fault.kind)] += 1
        self.trace.add(f"{name}{f' with {fault}' if fault.fired else ''}")
        return finished

    def run_schedule(self, service: str, function: str, faulty: bool) -> bool:
        """Run a scheduled function."""
        return self.run(f"{service}.{function}", faulty, lambda: self.world.periodic(service, function))

    # ---- messages; a step returns True if there was anything to do ----

    def deliver_all(self) -> None:
        """Deliver without faults until no message is left."""
        for _ in range(MAX_ROUNDS * 10):
            if not (self.relay(faulty=False) or self.deliver(faulty=False)):
                return
        raise AssertionError("messages never end")

    def relay(self, *, faulty: bool) -> bool:
        """Hand the relay some stored events of one shard, in their order."""
        self._read_stream()
        filled = [number for number, shard in enumerate(self._shards) if shard]
        if not filled:
            return False
        number = self.random.choice(filled)
        shard = self._shards[number]
        batch = [shard[at] for at in range(min(self.random.randint(1, 10), len(shard)))]
        done = self.run(
            "relay.relay_events",
            faulty,
            lambda: self.world.invoke("relay", "relay_events", {"Records": batch}),
        )
        self._attempts[number] += 1
        if done or self._attempts[number] == MAX_RECEIVES:
            self._attempts[number] = 0
            self.relayed += batch
            for _ in batch:
                shard.popleft()
        return True

    def deliver(self, *, faulty: bool) -> bool:
        """Deliver some messages of one queue."""
        filled = sorted(
            (name, queue)
            for name, spec in self.consumers.items()
            for queue in queue_names(spec)
            if self.world.cloud.message_bodies(queue)
        )
        self.random.shuffle(filled)
        for name, queue in filled:
            most = self.random.randint(1, self.consumers[name].batch_size)
            records = self.world.cloud.receive_messages(queue, most, self.random)
            if records:
                self._deliver_batch(name, queue, records, faulty)
                return True
        return False

    def _deliver_batch(self, name: str, queue: str, records: list[dict[str, Any]], faulty: bool) -> None:
        # The last attempts succeed: faults alone put no message into a dead-letter queue.
        attempt = max(attempts_before(record) + 1 for record in records)
        service, _, function = name.partition(".")
        answers: list[Any] = []
        spec = self.consumers[name]
        sent_on = self.world.sent_on(spec)
        self.run(
            f"{name} takes {len(records)}",
            faulty and attempt < MAX_RECEIVES - 1,
            lambda: answers.append(self.world.invoke(service, function, {"Records": records})),
        )
        failed = {failure["itemIdentifier"] for failure in answers[0]["batchItemFailures"]} if answers else None
        sent_on = self.world.sent_on(spec) - sent_on
        for record in records:
            if failed is None or record["messageId"] in failed:
                self.trace.add(f"  failed {record['messageId']}")
                self.world.cloud.return_message(queue, record)
                continue
            self.world.cloud.delete_message(queue, record)
            if sent_on[record["body"]]:
                sent_on[record["body"]] -= 1
                self.trace.add(f"  sent on {record['messageId']}")
            else:
                self.world.delivered.append(Delivery(name, queue, record))

    def deliver_again(self, delivery: Delivery, *, faulty: bool) -> None:
        """Deliver a message a second time; without a fault the function must accept it."""
        service, _, function = delivery.function.partition(".")
        answers: list[Any] = []
        spec = self.consumers[delivery.function]
        sent_on = self.world.sent_on(spec)
        done = self.run(
            f"again {delivery.function}",
            faulty,
            lambda: answers.append(self.world.invoke(service, function, {"Records": [delivery.record]})),
        )
        if not faulty:
            assert done and not answers[0]["batchItemFailures"], f"refused a duplicate: {delivery}"
            assert self.world.sent_on(spec) == sent_on, f"refused a duplicate: {delivery}"

    def _read_stream(self) -> None:
        """Put newly stored events on their shards; the filter of the deployed function leaves out all other records."""
        end = self.world.cloud.stream_length()
        for record in self.world.cloud.stream_records(self._read_to, end):
            image = record["dynamodb"].get("NewImage", {})
            if record["eventName"] == "INSERT" and image.get("kind") == {"S": "event"}:
                self._shards[crc32(image["pk"]["S"].encode()) % _SHARDS].append(record)
        self._read_to = end
