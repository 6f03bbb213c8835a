"""Threads that hand over only at AWS calls; at each call a choice decides which thread goes on.

A batched read is not one moment: it reads item by item, and another thread may go on in between. Never more than one
thread runs, so the same choices give the same course on every machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Layer, Proceed, Request

#: Chooses which of the unfinished threads goes on: a number from 0 up to their count.
Choose = Callable[[int], int]

#: Reused: in every new thread PynamoDB creates a botocore session, which takes longer than the work there.
_threads = ThreadPoolExecutor(thread_name_prefix="interleaved")


@dataclass
class Course:
    """Choices that were made, and the result of each action."""

    choices: tuple[int, ...] = ()
    results: list[Any] = field(default_factory=list)


def run_interleaved(actions: Sequence[Callable[[], Any]], choose: Choose) -> Course:
    """Run all actions, one AWS call at a time.

    Raises:
        Exception: raised by one of them, after all have finished.
    """
    baton = _Baton(len(actions), choose)

    def run(number: int) -> Any:
        baton.begin(number)
        try:
            return actions[number]()
        finally:
            baton.end(number)

    with interception.intercept(Layer.DELAY, baton.layer):
        running = [_threads.submit(run, number) for number in range(len(actions))]
        baton.start()
        wait(running)
    return Course(tuple(baton.choices), [future.result() for future in running])


class _Baton:
    """Right to run, which one thread has at a time."""

    def __init__(self, threads: int, choose: Choose) -> None:
        self._choose = choose
        self._turns = [threading.Lock() for _ in range(threads)]
        self._running = list(range(threads))
        self._number = threading.local()
        self.choices: list[int] = []
        for turn in self._turns:
            turn.acquire()

    def begin(self, number: int) -> None:
        """Wait for the first turn."""
        self._number.value = number
        self._turns[number].acquire()

    def start(self) -> None:
        """Give the first turn."""
        self._turns[self._next()].release()

    def layer(self, request: Request, proceed: Proceed) -> Answer:
        """Let another thread go on before a call."""
        number = getattr(self._number, "value", None)
        if number is None:
            return proceed(request)
        if request.operation != "BatchGetItem":
            self._hand_over(number)
            return proceed(request)
        return self._read_item_by_item(number, request, proceed)

    def _read_item_by_item(self, number: int, request: Request, proceed: Proceed) -> Answer:
        """Read one item at a time, every second thread from the end: each may be half-way when the other writes."""
        ((table, batch),) = request.params["RequestItems"].items()
        found: list[Any] = []
        for key in batch["Keys"][:: -1 if number % 2 else 1]:
            self._hand_over(number)
            part = replace(request, params={**request.params, "RequestItems": {table: {**batch, "Keys": [key]}}})
            answer = proceed(part)
            found += answer["Responses"].get(table, [])
        return {**answer, "Responses": {table: found}}

    def _hand_over(self, number: int) -> None:
        chosen = self._next()
        if chosen != number:
            self._turns[chosen].release()
            self._turns[number].acquire()

    def end(self, number: int) -> None:
        """Let the next thread go on after this one has finished."""
        self._running.remove(number)
        if self._running:
            self._turns[self._next()].release()

    def _next(self) -> int:
        if len(self._running) == 1:
            return self._running[0]
        chosen = self._choose(len(self._running))
        self.choices.append(chosen)
        return self._running[chosen]


def drawn_choices(choices: Sequence[int]) -> Choose:
    """Return choices between two as they were drawn, then always the first."""
    rest: Iterator[int] = iter(choices)
    return lambda threads: min(next(rest, 0), threads - 1)
