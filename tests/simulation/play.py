"""One seed, played: people act and messages come in any order, with faults; then without, and quiet is demanded."""

from __future__ import annotations

import json
import traceback
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from zlib import crc32

from kernel.base.problems import Stale
from kernel.http.declarations import ConsumerSpec
from services.orders.order.items import part_key
from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Layer, Proceed, Request
from tests.simulation import demands
from tests.simulation.actors import ACTORS, Ask, View, a_dealer_orders
from tests.simulation.chance import drawn_from, new_process
from tests.simulation.places import PLACES, Stage
from tests.support import faults
from tests.support.functions import queue_name
from tests.support.gateway import Response
from tests.support.world import Delivery, World
from tools.template import MAX_RECEIVES

_SHARDS = 2
_STEPS = range(3, 14)
_FAULTY = 0.5
#: At which call of what is done a fault is put; most of what is done takes few.
_AT = (0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8)
_MAX_ROUNDS = 30
_POISON = '{"detail-type": "order.submitted.v1", "detail": {"no": "envelope"}}'


class Trace:
    """What happened, line by line, and a hash over all of it."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._tell = tell
        self._sum = sha256()
        self.calls = 0

    def add(self, line: str) -> None:
        """One thing that happened."""
        self._sum.update(line.encode())
        if self._tell:
            self._tell(line)

    def note(self, request: Request, proceed: Proceed) -> Answer:
        """A layer that notes every AWS call."""
        self.calls += 1
        self._sum.update(request.operation.encode())
        return proceed(request)

    @property
    def hash(self) -> str:
        """Of everything so far."""
        return self._sum.hexdigest()[:16]


@dataclass
class Outcome:
    """How a seed went: the hash of its trace, the AWS calls made, orders taken, kinds of faults that happened."""

    seed: int
    hash: str
    calls: int
    orders: int
    faults: Counter[str] = field(default_factory=Counter)


def play(stage: Stage, seed: int, tell: Callable[[str], None] | None = None) -> Outcome:
    """Play a seed on this stage, whose world must be fast.

    Raises:
        AssertionError: something that must hold does not; says what.
    """
    with drawn_from(seed) as lot:
        place = lot.choice(PLACES)
    orders = stage.enter(place)
    with drawn_from(seed):
        game = _Game(View(stage.world, lot, orders), Trace(tell))
        game.trace.add(f"seed {seed}: {place.name}")
        with interception.intercept(Layer.RECORD, game.trace.note):
            game.play()
        game.trace.add(_digest(stage.world))
    return Outcome(seed, game.trace.hash, game.trace.calls, len(game.view.orders), game.faults)


def _answers_as_at_first(ask: Ask, text: str, again: Response) -> None:
    # What is put bears a version instead of a key: once somebody put something else there, it is refused.
    overtaken = ask.method == "PUT" and again.status == Stale.status
    assert overtaken or again.text == text, f"{ask}: first {text}, then {again.text}"


def _digest(world: World) -> str:
    return sha256(json.dumps(sorted(world.snapshot().items())).encode()).hexdigest()


class _Game:
    """The state of one play."""

    def __init__(self, view: View, trace: Trace) -> None:
        self.world = world = view.world
        self.trace = trace
        self.view = view
        self.faults: Counter[str] = Counter()
        self._lot = view.lot
        self._consumers = {
            f"{service}.{spec.function}": spec for service, app in world.apps.items() for spec in app.consumers
        }
        self._periodics = [(service, spec.function) for service, app in world.apps.items() for spec in app.periodics]
        self._taken = world.cloud.stream_length()
        self._shards: list[deque[dict[str, Any]]] = [deque() for _ in range(_SHARDS)]
        self._relayed: list[dict[str, Any]] = []
        self._attempts: Counter[int] = Counter()
        self._unanswered: list[Ask] = []
        self._answered: dict[str, tuple[Ask, str]] = {}
        self._poison: list[str] = []

    # ---- the course of it ----

    def play(self) -> None:
        """All of it."""
        self._ask_for(a_dealer_orders(self.view), self._is_faulty())
        for _ in range(self._lot.choice(_STEPS)):
            self._step()
            demands.at_every_moment(self.world)
        self._become_quiet()
        demands.when_quiet(self.world, self._poison)
        self._what_was_accepted_is_there()
        before = dict(self.world.cloud.rows())
        self._deliver_everything_again()
        demands.nothing_changed(before, self.world)

    def _step(self) -> None:
        step = self._lot.choices(
            (
                self._someone_asks,
                self._relay,
                self._deliver,
                self._time_passes,
                self._repeat,
                self._calm_spell,
                self._poison_a_queue,
            ),
            (7, 6, 9, 2, 2, 0.7, 0.2),
        )[0]
        step(self._is_faulty())
        if self._lot.random() < 0.03:
            demands.now_and_then(self.world)

    def _is_faulty(self) -> bool:
        return self._lot.random() < _FAULTY

    def _become_quiet(self) -> None:
        """No more faults: people ask until they are answered, all is delivered, time passes until nothing is new."""
        for _ in range(_MAX_ROUNDS):
            for ask in self._unanswered[:]:
                self._ask(ask, faulty=False)
            self._deliver_all()
            if self._unanswered:
                continue
            written = self.world.cloud.stream_length()
            self.world.clock.advance(minutes=6)
            for service, function in self._periodics:
                self.trace.add(f"{service}.{function}")
                self.world.periodic(service, function)
            self._deliver_all()
            if self.world.cloud.stream_length() == written and not self._unanswered:
                return
        raise AssertionError(f"not quiet after {_MAX_ROUNDS} rounds; unanswered: {self._unanswered}")

    def _deliver_all(self) -> None:
        for _ in range(_MAX_ROUNDS * 10):
            if not (self._relay(False) or self._deliver(False)):
                return
        raise AssertionError("messages never end")

    def _what_was_accepted_is_there(self) -> None:
        """Every order taken stands in the table; one is read, and one request repeated, as their people would."""
        missing = [order_id for order_id in self.view.orders if not self.world.find(part_key("HEADER", order_id))]
        assert not missing, missing
        order_id = self._lot.choice(self.view.orders)
        token = self.world.token(role="dealer_buyer", dealer_id=order_id[:5])
        assert self.world.call("orders", "GET", f"/orders/{order_id}", token=token).status == 200, order_id
        if self._answered:
            ask, text = self._lot.choice(list(self._answered.values()))
            _answers_as_at_first(ask, text, self._call(ask))

    def _deliver_everything_again(self) -> None:
        """Every message once more, in any order; or every outbox_event, so late that no queue remembers it."""
        if self._lot.random() < 0.5:
            again = list(self.world.delivered)
            self._lot.shuffle(again)
            for delivery in again:
                self._deliver_again(delivery, faulty=False)
        else:
            self.world.clock.advance(minutes=6)
            for start in range(0, len(self._relayed), 10):
                self.world.invoke("relay", "relay_events", {"Records": self._relayed[start : start + 10]})
        self._deliver_all()

    # ---- steps; each says whether there was anything to do ----

    def _someone_asks(self, faulty: bool) -> bool:
        weights, actors = zip(*ACTORS, strict=True)
        ask = self._lot.choices(actors, weights)[0](self.view)
        return ask is not None and self._ask_for(ask, faulty)

    def _relay(self, faulty: bool) -> bool:
        """Hand the relay some of what was announced, of one shard, in its order."""
        self._look_at_the_stream()
        filled = [number for number, shard in enumerate(self._shards) if shard]
        if not filled:
            return False
        number = self._lot.choice(filled)
        shard = self._shards[number]
        batch = [shard[at] for at in range(min(self._lot.randint(1, 10), len(shard)))]
        went = self._run(
            "relay.relay_events",
            faulty,
            lambda: self.world.invoke("relay", "relay_events", {"Records": batch}),
        )
        self._attempts[number] += 1
        if went or self._attempts[number] == MAX_RECEIVES:
            self._attempts[number] = 0
            self._relayed += batch
            for _ in batch:
                shard.popleft()
        return True

    def _deliver(self, faulty: bool) -> bool:
        """Let a function take some of its queue."""
        names = sorted(
            name for name, spec in self._consumers.items() if self.world.cloud.message_bodies(queue_name(spec))
        )
        self._lot.shuffle(names)
        for name in names:
            spec = self._consumers[name]
            records = self.world.cloud.receive_messages(
                queue_name(spec), self._lot.randint(1, spec.batch_size), self._lot
            )
            if records:
                self._hand_over(name, spec, records, faulty)
                return True
        return False

    def _hand_over(self, name: str, spec: ConsumerSpec, records: list[dict[str, Any]], faulty: bool) -> None:
        # By faults alone nothing ends among the dead letters: the last attempts go well.
        tried = max(int(record["attributes"]["ApproximateReceiveCount"]) for record in records)
        service, _, function = name.partition(".")
        answers: list[Any] = []
        self._run(
            f"{name} takes {len(records)}",
            faulty and tried < MAX_RECEIVES - 1,
            lambda: answers.append(self.world.invoke(service, function, {"Records": records})),
            name,
        )
        failed = {one["itemIdentifier"] for one in answers[0]["batchItemFailures"]} if answers else None
        for record in records:
            if failed is None or record["messageId"] in failed:
                self.trace.add(f"  failed {record['messageId']}")
                self.world.cloud.return_message(queue_name(spec), record)
            else:
                self.world.delivered.append(Delivery(name, queue_name(spec), record))
                self.world.cloud.delete_message(queue_name(spec), record)

    def _time_passes(self, faulty: bool) -> bool:
        self.world.clock.advance(seconds=self._lot.choice([1, 20, 70, 400, 4_000, 40_000]))
        service, function = self._lot.choice(self._periodics)
        return self._run(f"{service}.{function}", faulty, lambda: self.world.periodic(service, function))

    def _repeat(self, faulty: bool) -> bool:
        """Something that was delivered, or asked, comes once more."""
        if self._answered and self._lot.random() < 0.4:
            ask, text = self._lot.choice(list(self._answered.values()))
            answers: list[Response] = []
            self._run(f"again {ask.key}", faulty, lambda: answers.append(self._call(ask)))
            if answers and answers[0].status < 500:
                _answers_as_at_first(ask, text, answers[0])
        elif self.world.delivered:
            self._deliver_again(self._lot.choice(self.world.delivered), faulty)
        return True

    def _calm_spell(self, faulty: bool) -> bool:
        """Messages get through for once."""
        self.trace.add("a calm spell")
        self._deliver_all()
        return True

    def _poison_a_queue(self, faulty: bool) -> bool:
        """Something no function can read gets into a queue."""
        name = self._lot.choice(sorted(name for name, spec in self._consumers.items() if not spec.fifo))
        self.trace.add(f"poison for {name}")
        self.world.send(queue_name(self._consumers[name]), _POISON)
        self._poison.append(_POISON)
        return True

    # ---- how it is done ----

    def _ask_for(self, ask: Ask, faulty: bool) -> bool:
        self._unanswered.append(ask)
        self._ask(ask, faulty=faulty)
        return True

    def _ask(self, ask: Ask, *, faulty: bool) -> None:
        answers: list[Response] = []
        self._run(f"{ask.role} {ask.method} {ask.path}", faulty, lambda: answers.append(self._call(ask)), "people")
        if not answers:
            return
        (answer,) = answers
        self.trace.add(f"  {answer.status} {answer.text[:200]}")
        if answer.status >= 500:
            return
        self._unanswered.remove(ask)
        if answer.status < 300:
            self._answered[ask.key] = ask, answer.text
            self.view.learn(ask, answer.json)
        else:
            assert answer.status in (404, 409, 412, 422), answer.json

    def _call(self, ask: Ask) -> Response:
        token = self.world.token(role=ask.role, dealer_id=ask.dealer)
        return self.world.call(ask.service, ask.method, ask.path, body=ask.body, token=token, key=ask.key)

    def _deliver_again(self, delivery: Delivery, faulty: bool) -> None:
        service, _, function = delivery.function.partition(".")
        answers: list[Any] = []
        went = self._run(
            f"again {delivery.function}",
            faulty,
            lambda: answers.append(self.world.invoke(service, function, {"Records": [delivery.record]})),
        )
        if not faulty:
            assert went and not answers[0]["batchItemFailures"], f"refused a duplicate: {delivery}"

    def _look_at_the_stream(self) -> None:
        """Put what was newly announced on its shard; a function's filter would leave out the rest."""
        end = self.world.cloud.stream_length()
        for record in self.world.cloud.stream_records(self._taken, end):
            image = record["dynamodb"].get("NewImage", {})
            if record["eventName"] == "INSERT" and image.get("kind") == {"S": "event"}:
                self._shards[crc32(image["pk"]["S"].encode()) % _SHARDS].append(record)
        self._taken = end

    def _run(self, what: str, faulty: bool, act: Callable[[], object], name: str = "") -> bool:
        """Do it, perhaps with a fault at one of its calls; whether it came to its end.

        Without a fault nothing may be raised.
        """
        if not faulty:
            self.trace.add(what)
            act()
            return True
        fault = faults.Run(kind=self._lot.choice(list(faults.Kind)), at=self._lot.choice(_AT))
        ended = False
        try:
            with interception.intercept(Layer.INJECT_FAULT, fault.layer):
                act()
            ended = True
        except faults.Crashed:
            new_process()
        except Exception:
            assert fault.fired, traceback.format_exc()
        if fault.fired:
            self.faults[str(fault.kind)] += 1
        self.trace.add(f"{what}{f' with {fault}' if fault.fired else ''}")
        return ended
