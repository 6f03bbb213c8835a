"""Several things done at once: threads that hand over only at AWS calls, and who goes on next is drawn by lot.

A batched read is no single moment: it is carried out item by item, and somebody else may go on in between.

Never more than one of them runs, so nothing here depends on the machine: the same source of lots gives the same course.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fast_aws import interception
from tests.fast_aws.interception import Answer, Layer, Proceed, Request

#: Who goes on next, of those that are not done: a number from 0 up to how many there are.
Choose = Callable[[int], int]

#: Kept: in every new thread PynamoDB builds a botocore session anew, which takes longer than what is done there.
_threads = ThreadPoolExecutor(thread_name_prefix="together")


@dataclass
class Course:
    """How it went: who went on at every choice there was, and what became of each."""

    choices: tuple[int, ...] = ()
    results: list[Any] = field(default_factory=list)


def together(acts: Sequence[Callable[[], Any]], choose: Choose) -> Course:
    """Do all of it, one call at a time.

    Raises:
        Exception: what one of them raised, after all are done.
    """
    baton = _Baton(len(acts), choose)

    def do(number: int) -> Any:
        baton.begin(number)
        try:
            return acts[number]()
        finally:
            baton.end(number)

    with interception.intercept(Layer.DELAY, baton.layer):
        done = [_threads.submit(do, number) for number in range(len(acts))]
        baton.start()
        wait(done)
    return Course(tuple(baton.choices), [one.result() for one in done])


class _Baton:
    """Held by the one that may run."""

    def __init__(self, runners: int, choose: Choose) -> None:
        self._choose = choose
        self._turns = [threading.Lock() for _ in range(runners)]
        self._running = list(range(runners))
        self._number = threading.local()
        self.choices: list[int] = []
        for turn in self._turns:
            turn.acquire()

    def begin(self, number: int) -> None:
        """Wait for the first turn."""
        self._number.value = number
        self._turns[number].acquire()

    def start(self) -> None:
        """Let the first one go."""
        self._turns[self._next()].release()

    def layer(self, request: Request, proceed: Proceed) -> Answer:
        """Before every call somebody else may go on."""
        number = getattr(self._number, "value", None)
        if number is None:
            return proceed(request)
        if request.operation != "BatchGetItem":
            self._hand_over(number)
            return proceed(request)
        return self._one_by_one(number, request, proceed)

    def _one_by_one(self, number: int, request: Request, proceed: Proceed) -> Answer:
        """One of two reads from the front, the other from the back: each may be half-way when the other writes."""
        ((table, asked),) = request.params["RequestItems"].items()
        found: list[Any] = []
        for key in asked["Keys"][:: -1 if number % 2 else 1]:
            self._hand_over(number)
            part = replace(request, params={**request.params, "RequestItems": {table: {**asked, "Keys": [key]}}})
            answer = proceed(part)
            found += answer["Responses"].get(table, [])
        return {**answer, "Responses": {table: found}}

    def _hand_over(self, number: int) -> None:
        chosen = self._next()
        if chosen != number:
            self._turns[chosen].release()
            self._turns[number].acquire()

    def end(self, number: int) -> None:
        """It is done; the next goes on."""
        self._running.remove(number)
        if self._running:
            self._turns[self._next()].release()

    def _next(self) -> int:
        if len(self._running) == 1:
            return self._running[0]
        chosen = self._choose(len(self._running))
        self.choices.append(chosen)
        return self._running[chosen]


def drawn(lots: Sequence[int]) -> Choose:
    """Choices between two as they were drawn, then always the first."""
    rest: Iterator[int] = iter(lots)
    return lambda runners: min(next(rest, 0), runners - 1)
