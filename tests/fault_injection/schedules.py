"""Every scenario, broken at every AWS call its function makes, by every kind of fault: each must end as undisturbed.

    with prepared(town, scenario) as trial:
        for schedule in trial.schedules():
            trial.follow(schedule)         # an AssertionError says what went wrong

A schedule is one run: the fault happens, and who was not answered tries again. Where the fault left off, the rules that
hold between any two writes must hold. What follows from it follows; when all is quiet, everything must stand as after
the undisturbed run, by every rule, and stay so when everything that was ever delivered is delivered again. What follows
from states that look alike is followed once. Besides, each is asked or delivered once more by itself, which must change
nothing and be answered the same: the end is looked at before that, so that the repetition cannot mend what was spoilt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from infra.relay import relay
from kernel.store import cursors
from reads.cache import forget_all
from tests.authorization.town import Town
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.fault_injection.likeness import Likeness, alike, difference, likeness
from tests.fault_injection.scenario import Outside, Scenario
from tests.support.faults import Call, Kind, Run, watched
from tests.support.gateway import Response
from tests.support.interruptions import before_commit
from tests.support.world import Saved
from tools.audit import Snapshot, findings

#: Somebody who is not answered tries so often.
_PATIENCE = 8
#: After this long, what the stream has missed is sent by the relay's sweep.
_LATER = timedelta(minutes=2)
_AT_ONCE = timedelta(0)
_RIVALS_KEY = 1_000


@dataclass(frozen=True)
class Fault:
    """What goes wrong at which call of an attempt."""

    call: Call
    kind: Kind

    def __str__(self) -> str:
        return f"{self.kind} {self.call}"


#: One after the other: the n-th happens in the n-th attempt.
Schedule = tuple[Fault, ...]


@dataclass
class Attempt(Run):
    """A run that does not see what a rival does meanwhile."""

    looks_away: bool = False

    def layer(self, request: Request, proceed: Proceed) -> Answer:
        """Note the call, and break it if it is the one."""
        return proceed(request) if self.looks_away else super().layer(request, proceed)


@dataclass(frozen=True)
class Carried:
    """What a client was answered in the end, None where nobody was asked, and the calls of each attempt."""

    answer: Response | None
    calls: list[list[Call]]


@contextmanager
def prepared(town: Town, scenario: Scenario) -> Iterator[Trial]:
    """A scenario, ready to be run again and again. The town must be as it is to be found."""
    with scenario.around() as outside:
        scenario.prepare(town)
        yield Trial(town, scenario, outside)


class Trial:
    """A scenario in a town, and how it ends when nothing goes wrong."""

    def __init__(self, town: Town, scenario: Scenario, outside: Outside) -> None:
        self.town, self.scenario, self.outside = town, scenario, outside
        self._start = town.world.save(), outside.save()
        self._known = dict(town.things), town._keys
        self._before = town.world.cloud.partitions()
        self._healthy: set[tuple[timedelta | None, Likeness]] = set()
        self._ends: list[Likeness] = []
        self._followed: set[tuple[Likeness, Likeness]] = set()
        self.calls = self._undisturbed()[0]
        for other in scenario.as_good:
            self._begin()
            other(town)
            self._undisturbed(town.world.save())

    def schedules(self) -> Iterator[Schedule]:
        """Every fault at every call."""
        return ((fault,) for fault in self._faults(self.calls))

    def pairs(self) -> Iterator[Schedule]:
        """Every two faults: one at every call, another at every call of the attempt after it."""
        for first in self._faults(self.calls):
            self._begin()
            attempts = self._carry_out([first]).calls
            for second in self._faults(attempts[1] if len(attempts) > 1 else []):
                yield first, second

    def follow(self, schedule: Schedule) -> None:
        """Let these faults happen.

        Raises:
            AssertionError: it did not end as it should.
        """
        try:
            self._begin()
            carried = self._carry_out(schedule)
            left = self._looks(), self._on_its_way()
            if left not in self._followed:
                state, outside = self.town.world.save(), self.outside.save()
                self._become_quiet()
                looks = self._looks()
                assert looks in self._ends, f"it ends otherwise\n{difference(self._ends[0], looks)}"
                self._audit(_AT_ONCE)
                self._deliver_everything_again()
                self._followed.add(left)
                self.town.world.restore(state, with_past=True)
                self.outside.restore(outside)
            self._repeat(carried.answer)
        except AssertionError as error:
            raise AssertionError(f"{self.scenario}\nafter: {', then '.join(map(str, schedule))}\n{error}") from error

    def _faults(self, calls: Sequence[Call]) -> Iterator[Fault]:
        return (Fault(call, kind) for call in calls for kind in self.scenario.kinds if call.admits(kind))

    def _undisturbed(self, start: Saved | None = None) -> list[list[Call]]:
        self._begin(start)
        carried = self._carry_out([])
        answer = carried.answer
        assert answer is None or answer.status == self.scenario.answers[0], (str(self.scenario), answer.json)
        assert carried.calls[0], f"{self.scenario}: {self.scenario.function} makes no call that could be broken"
        self._become_quiet()
        self._ends.append(self._looks())
        self._audit(_AT_ONCE)
        self._deliver_everything_again()
        self._repeat(answer)
        return carried.calls

    def _begin(self, start: Saved | None = None) -> None:
        """As prepared, every function cold."""
        saved, outside = self._start
        self.town.world.restore(start or saved)
        self.outside.restore(outside)
        things, self.town._keys = self._known
        self.town.things = dict(things)
        cursors._box.cache_clear()
        forget_all()
        relay._queue_url.cache_clear()

    # ---- a run ----

    def _carry_out(self, faults: Sequence[Fault]) -> Carried:
        attempts: list[Attempt] = []
        with self._rivalry(attempts):
            for number in range(_PATIENCE):
                fault = faults[number] if number < len(faults) else None
                attempts.append(self._attempt(fault))
                answered, answer = self._try(attempts[-1])
                if fault:
                    assert attempts[-1].fired, "this fault did not happen"
                    self._audit(None)
                if answered:
                    return Carried(answer, [attempt.calls for attempt in attempts])
        raise AssertionError(f"never accepted: {answer and answer.json}")

    def _attempt(self, fault: Fault | None) -> Attempt:
        within = self.scenario.function
        return Attempt(fault.kind, fault.call.number, within) if fault else Attempt(within=within)

    def _try(self, attempt: Attempt) -> tuple[bool, Response | None]:
        """Act once; whether that was it. A function nobody waits for runs again after any fault, as AWS has it."""
        answer = None
        try:
            with watched(attempt):
                answer = self.scenario.act(self.town)
        except AssertionError:
            raise
        except Exception:
            return False, None
        if answer is None:
            return not attempt.fired, None
        return answer.status < 500 and answer.json.get("code") != "busy", answer

    @contextmanager
    def _rivalry(self, attempts: list[Attempt]) -> Iterator[None]:
        rival = self.scenario.rival
        if rival is None:
            yield
            return

        failed: list[AssertionError] = []

        def meanwhile() -> None:
            attempts[-1].looks_away = True
            self.town._keys = self._known[1] + _RIVALS_KEY  # however often we had asked by then
            try:
                rival(self.town)
            except AssertionError as error:
                failed.append(error)  # whoever is at work just now would take it for a failure of its own
            attempts[-1].looks_away = False

        with before_commit(0, meanwhile):
            yield
        assert not failed, f"the rival could not: {failed}"

    def _become_quiet(self) -> None:
        """What follows happens, also what was missed at first; nothing is left on its way."""
        world = self.town.world
        world.drain()
        world.clock.advance(seconds=_LATER.total_seconds())
        world.periodic("relay", "resend_unsent")
        world.drain()
        self.scenario.later(self.town)
        left = {name: bodies for name in world.cloud.queue_names() if (bodies := world.cloud.message_bodies(name))}
        assert not left, f"still on its way: {left}"

    def _repeat(self, answer: Response | None) -> None:
        """Ask, run or deliver it once more."""
        with self._unchanged():
            if answer is not None:
                again = self.scenario.act(self.town)
                assert again is not None
                assert again.status in self.scenario.answers, again.json
                if len(self.scenario.answers) == 1:
                    assert (again.status, again.text) == (answer.status, answer.text), "a repeat is answered otherwise"
                return
            for delivery in list(self.town.world.delivered):
                if delivery.function == self.scenario.function:
                    self.town.world.deliver_again(delivery)
            self.scenario.act(self.town)

    def _deliver_everything_again(self) -> None:
        with self._unchanged():
            self.town.world.redeliver_everything()

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        world = self.town.world
        before, outside = world.cloud.partitions(), Counter(self.outside.tells())
        yield
        changed = likeness(before, world.clock.moment, world.cloud.partitions())
        assert not changed, f"a repeat changes something\n{difference(frozenset(), changed)}"
        assert Counter(self.outside.tells()) == outside, "a repeat changes something outside"

    # ---- looking ----

    def _looks(self) -> Likeness:
        """How the town differs from what it was."""
        told: Counter[str] = Counter(self.outside.tells())
        (saved, _) = self._start
        for text, count in likeness(self._before, saved.moment, self.town.world.cloud.partitions()):
            if kept := self.scenario.told_alike(text):
                told[kept] += count
        return frozenset(told.items())

    def _on_its_way(self) -> Likeness:
        """The messages that wait in queues."""
        (saved, _), cloud = self._start, self.town.world.cloud
        bodies = [f"{name}: {body}" for name in cloud.queue_names() for body in cloud.message_bodies(name)]
        return alike(bodies, saved.moment)

    def _audit(self, patience: timedelta | None) -> None:
        """See that every rule holds; of states that look alike only the first is looked at."""
        (saved, _), world = self._start, self.town.world
        looks = likeness(self._before, saved.moment, world.cloud.partitions())
        if (patience, looks) not in self._healthy:
            table = Snapshot.of(item for _, item in world.cloud.rows())
            found = findings(table, patience=patience, now=world.clock.moment)
            allowed = self.scenario.unfinished if patience is None else ()
            wrong = [finding for finding in found if finding.rule not in allowed]
            assert not wrong, "\n".join(map(str, wrong))
            self._healthy.add((patience, looks))
