"""A random run from one seed: steps with faults, then without faults until no message is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256

from kernel.base.problems import Stale
from services.orders.order.items import order_part_key
from tests.fast_aws import interception
from tests.fast_aws.cloud import Partitions, replaced_items
from tests.orders.random_requests import submit_order
from tests.simulation import invariants
from tests.simulation.faulty_system import MAX_ROUNDS, FaultySystem
from tests.simulation.random_actions import random_actions
from tests.simulation.random_client import RandomClient, RandomRequest
from tests.simulation.run_trace import Outcome, Trace
from tests.simulation.seeded import seeded
from tests.simulation.starting_states import STARTING_STATES, StartingStates
from tests.support.functions import queue_name
from tests.support.gateway import Response
from tests.support.world import canonical

_STEPS = range(3, 14)
_FAULT_RATE = 0.5
#: A message no function can read.
_POISON = '{"detail-type": "order.submitted.v1", "detail": {"no": "envelope"}}'


def run_seed(states: StartingStates, seed: int, show: Callable[[str], None] | None = None) -> Outcome:
    """Run a seed in a fast world.

    Raises:
        AssertionError: a rule is broken.
    """
    with seeded(seed) as random:
        state = random.choice(STARTING_STATES)
    orders = states.enter(state)
    before = states.world.cloud.partitions()
    with seeded(seed):
        client = RandomClient(states.world, random, orders)
        trace = Trace(show)
        trace.add(f"seed {seed}: {state.name}")
        system = FaultySystem(states.world, random, trace)
        with interception.intercept(interception.Layer.RECORD, trace.record):
            RandomRun(system, client).run()
        trace.add(_digest(before, states.world.cloud.partitions()))
    return Outcome(seed, trace.hash, trace.calls, len(client.orders), system.faults)


def _check_recorded_answer(request: RandomRequest, text: str, again: Response) -> None:
    # A PUT has a version instead of a key: after another change it is stale.
    overtaken = request.method == "PUT" and again.status == Stale.status
    assert overtaken or again.text == text, f"{request}: first {text}, then {again.text}"


def _digest(before: Partitions, after: Partitions) -> str:
    """Return a hash of the items that the run changed; all others are those of the starting state."""
    changes = sorted((key, canonical(new)) for key, _, new in replaced_items(before, after))
    return sha256(json.dumps(changes).encode()).hexdigest()


class RandomRun:
    """One run: requests of random clients, and the messages that follow from them."""

    def __init__(self, system: FaultySystem, client: RandomClient) -> None:
        self.system, self.client = system, client
        self.world, self.trace, self.random = system.world, system.trace, client.random
        self._unanswered: list[RandomRequest] = []
        self._answered: dict[str, tuple[RandomRequest, str]] = {}
        self._poison: list[str] = []

    def run(self) -> None:
        """Run all of it."""
        self._begin_request(submit_order(self.client), faulty=self._is_faulty())
        for _ in range(self.random.choice(_STEPS)):
            self._step()
            invariants.check_counters(self.world)
        self._finish()
        invariants.check_end(self.world, self._poison)
        self._check_accepted_orders()
        before = self.world.cloud.partitions()
        self._deliver_everything_again()
        invariants.check_unchanged(before, self.world)

    def _step(self) -> None:
        step = self.random.choices(
            (
                self._send,
                lambda faulty: self.system.relay(faulty=faulty),
                lambda faulty: self.system.deliver(faulty=faulty),
                self._pass_time,
                self._repeat,
                self._deliver_without_faults,
                self._poison_queue,
            ),
            (7, 6, 9, 2, 2, 0.7, 0.2),
        )[0]
        step(self._is_faulty())
        if self.random.random() < 0.03:
            invariants.check_always(self.world)

    def _is_faulty(self) -> bool:
        return self.random.random() < _FAULT_RATE

    def _finish(self) -> None:
        """Repeat unanswered requests, deliver all messages and run all schedules, until nothing is new."""
        for _ in range(MAX_ROUNDS):
            for request in self._unanswered[:]:
                self._attempt(request, faulty=False)
            self.system.deliver_all()
            if self._unanswered:
                continue
            written = self.world.cloud.stream_length()
            self.world.clock.advance(minutes=6)
            for service, function in self.system.schedules:
                self.system.run_schedule(service, function, faulty=False)
            self.system.deliver_all()
            if self.world.cloud.stream_length() == written and not self._unanswered:
                return
        raise AssertionError(f"not finished after {MAX_ROUNDS} rounds; unanswered: {self._unanswered}")

    def _check_accepted_orders(self) -> None:
        """Check that every accepted order is stored; read one order and repeat one request."""
        orders = self.client.orders
        missing = [order_id for order_id in orders if not self.world.find(order_part_key("HEADER", order_id))]
        assert not missing, missing
        order_id = self.random.choice(orders)
        token = self.world.token(role="dealer_buyer", dealer_id=order_id[:5])
        assert self.world.call("orders", "GET", f"/orders/{order_id}", token=token).status == 200, order_id
        if self._answered:
            request, text = self.random.choice(list(self._answered.values()))
            _check_recorded_answer(request, text, self._call(request))

    def _deliver_everything_again(self) -> None:
        """Deliver every message once more in any order, or every event so late that no queue remembers it."""
        if self.random.random() < 0.5:
            again = list(self.world.delivered)
            self.random.shuffle(again)
            for delivery in again:
                self.system.deliver_again(delivery, faulty=False)
        else:
            self.world.clock.advance(minutes=6)
            relayed = self.system.relayed
            for start in range(0, len(relayed), 10):
                self.world.invoke("relay", "relay_events", {"Records": relayed[start : start + 10]})
        self.system.deliver_all()

    # ---- steps ----

    def _send(self, faulty: bool) -> None:
        actions, weights = zip(*random_actions(), strict=True)
        request = self.random.choices(actions, weights)[0](self.client)
        if request is not None:
            self._begin_request(request, faulty=faulty)

    def _pass_time(self, faulty: bool) -> None:
        self.world.clock.advance(seconds=self.random.choice([1, 20, 70, 400, 4_000, 40_000]))
        service, function = self.random.choice(self.system.schedules)
        self.system.run_schedule(service, function, faulty)

    def _repeat(self, faulty: bool) -> None:
        """Send an answered request once more, or deliver a message once more."""
        if self._answered and self.random.random() < 0.4:
            request, text = self.random.choice(list(self._answered.values()))
            answers: list[Response] = []
            self.system.run(f"again {request.key}", faulty, lambda: answers.append(self._call(request)))
            if answers and answers[0].status < 500:
                _check_recorded_answer(request, text, answers[0])
        elif self.world.delivered:
            self.system.deliver_again(self.random.choice(self.world.delivered), faulty=faulty)

    def _deliver_without_faults(self, faulty: bool) -> None:
        self.trace.add("deliver all")
        self.system.deliver_all()

    def _poison_queue(self, faulty: bool) -> None:
        """Put a message into a queue that no function can read."""
        name = self.random.choice(sorted(name for name, spec in self.system.consumers.items() if not spec.fifo))
        self.trace.add(f"poison for {name}")
        self.world.send(queue_name(self.system.consumers[name]), _POISON)
        self._poison.append(_POISON)

    # ---- requests ----

    def _begin_request(self, request: RandomRequest, *, faulty: bool) -> None:
        self._unanswered.append(request)
        self._attempt(request, faulty=faulty)

    def _attempt(self, request: RandomRequest, *, faulty: bool) -> None:
        answers: list[Response] = []
        name = f"{request.role} {request.method} {request.path}"
        self.system.run(name, faulty, lambda: answers.append(self._call(request)))
        if not answers:
            return
        (answer,) = answers
        self.trace.add(f"  {answer.status} {answer.text[:200]}")
        if answer.status >= 500:
            return
        self._unanswered.remove(request)
        if answer.status < 300:
            self._answered[request.key] = request, answer.text
            self.client.learn(request, answer.json)
        else:
            assert answer.status in (404, 409, 412, 422), answer.json

    def _call(self, request: RandomRequest) -> Response:
        token = self.world.token(role=request.role, dealer_id=request.dealer)
        return self.world.call(
            request.service, request.method, request.path, body=request.body, token=token, key=request.key
        )
