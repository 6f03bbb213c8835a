"""Runs of a scenario: with each fault at each AWS call of its function, it must end like the undisturbed run.

    with prepared(company, scenario) as trial:
        for schedule in trial.schedules():
            trial.run(schedule)         # an AssertionError names the scenario, the faults and the difference

In a run the faults happen and the caller tries again until it is answered. Directly after a fault, the audit rules for
any moment must hold. Then all messages are delivered. The table must be as after the undisturbed run, every audit rule
must hold, and a second delivery of every message must change nothing. Equal states are followed up once. Then the
caller repeats its request; that must change nothing and get the same answer. The result is checked before the
repetition, so that the repetition cannot repair it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from services.notifications.sms.rules import PAUSE
from tests.fast_aws.interception import Answer, Proceed, Request
from tests.fault_injection.scenario import Scenario
from tests.fault_injection.table_changes import Changes, difference, normalized, table_changes
from tests.support.caches import clear_process_caches
from tests.support.company import SampleCompany
from tests.support.faults import Call, Kind, Run, watched
from tests.support.gateway import Response
from tests.support.interruptions import before_commit
from tests.support.snapshots import snapshot
from tests.support.trigger import ExternalSystem
from tests.support.world import Saved
from tools.audit import findings

_MAX_ATTEMPTS = 8
#: The relay's sweep sends events that the stream lost after this time.
_SWEEP_DELAY = timedelta(minutes=2)
_NO_DELAY = timedelta(0)
_KEYS_OF_RIVAL = 1_000


@dataclass(frozen=True)
class Fault:
    """A kind of fault at a call of an attempt."""

    call: Call
    kind: Kind

    def __str__(self) -> str:
        return f"{self.kind} {self.call}"


#: The n-th fault happens in the n-th attempt.
Schedule = tuple[Fault, ...]


@dataclass
class Attempt(Run):
    """A run that does not count the calls of a rival."""

    paused: bool = False

    def layer(self, request: Request, proceed: Proceed) -> Answer:
        """Count the call, and break it if the fault is here."""
        return proceed(request) if self.paused else super().layer(request, proceed)


@dataclass(frozen=True)
class Result:
    """Last answer to the caller, None for a function, and the calls of each attempt."""

    answer: Response | None
    calls: list[list[Call]]


@contextmanager
def prepared(company: SampleCompany, scenario: Scenario) -> Iterator[Trial]:
    """Prepare a scenario in the restored company."""
    with scenario.around() as external:
        scenario.prepare(company)
        yield Trial(company, scenario, external)


class Trial:
    """A prepared scenario, and the results of its undisturbed runs."""

    def __init__(self, company: SampleCompany, scenario: Scenario, external: ExternalSystem) -> None:
        self.company, self.scenario, self.external = company, scenario, external
        self._start = company.world.save(), external.save()
        self._ids = dict(company.ids), company.keys_used
        self._before = company.world.cloud.partitions()
        self._audited: set[tuple[timedelta | None, Changes]] = set()
        self._results: list[Changes] = []
        self._followed_up: set[tuple[Changes, Changes]] = set()
        self.calls = self._undisturbed()[0]
        for step in scenario.situation.also_valid_after:
            self._reset()
            step(company)
            self._undisturbed(company.world.save())

    def schedules(self) -> Iterator[Schedule]:
        """Yield every fault at every call."""
        return ((fault,) for fault in self._faults(self.calls))

    def pairs(self) -> Iterator[Schedule]:
        """Yield every two faults: one at a call of the first attempt, another at a call of the second."""
        for first in self._faults(self.calls):
            self._reset()
            attempts = self._act_until_answered([first]).calls
            for second in self._faults(attempts[1] if len(attempts) > 1 else []):
                yield first, second

    def run(self, schedule: Schedule) -> None:
        """Run the scenario with these faults.

        Raises:
            AssertionError: it does not end like an undisturbed run.
        """
        try:
            self._reset()
            result = self._act_until_answered(schedule)
            state = self._changes(), self._queued()
            if state not in self._followed_up:
                saved, external = self.company.world.save(), self.external.save()
                self._deliver_all()
                changes = self._changes()
                assert changes in self._results, f"the result differs\n{difference(self._results[0], changes)}"
                self._audit(_NO_DELAY)
                self._deliver_everything_again()
                self._followed_up.add(state)
                self.company.world.restore(saved, with_past=True)
                self.external.restore(external)
            self._repeat(result.answer)
        except AssertionError as error:
            raise AssertionError(f"{self.scenario}\nafter: {', then '.join(map(str, schedule))}\n{error}") from error

    def _faults(self, calls: Sequence[Call]) -> Iterator[Fault]:
        return (Fault(call, kind) for call in calls for kind in self.scenario.kinds if call.admits(kind))

    def _undisturbed(self, start: Saved | None = None) -> list[list[Call]]:
        self._reset(start)
        result = self._act_until_answered([])
        answer = result.answer
        assert answer is None or answer.status == self.scenario.statuses[0], (str(self.scenario), answer.json)
        assert result.calls[0], f"{self.scenario}: {self.scenario.function} makes no call that could be broken"
        self._deliver_all()
        self._results.append(self._changes())
        self._audit(_NO_DELAY)
        self._deliver_everything_again()
        self._repeat(answer)
        return result.calls

    def _reset(self, start: Saved | None = None) -> None:
        """Restore the prepared state; every function starts cold."""
        saved, external = self._start
        self.company.world.restore(start or saved)
        self.external.restore(external)
        ids, self.company.keys_used = self._ids
        self.company.ids = dict(ids)
        clear_process_caches()

    # ---- a run ----

    def _act_until_answered(self, faults: Sequence[Fault]) -> Result:
        attempts: list[Attempt] = []
        with self._rival_before_commit(attempts):
            for number in range(_MAX_ATTEMPTS):
                fault = faults[number] if number < len(faults) else None
                attempts.append(self._attempt(fault))
                done, answer = self._act(attempts[-1])
                if fault:
                    assert attempts[-1].fired, "this fault did not happen"
                    self._audit(None)
                if done:
                    return Result(answer, [attempt.calls for attempt in attempts])
        raise AssertionError(f"never accepted: {answer and answer.json}")

    def _attempt(self, fault: Fault | None) -> Attempt:
        within = self.scenario.function
        return Attempt(fault.kind, fault.call.number, within) if fault else Attempt(within=within)

    def _act(self, attempt: Attempt) -> tuple[bool, Response | None]:
        """Act once; return True if the caller need not try again. AWS runs a function again after any fault."""
        answer = None
        try:
            with watched(attempt):
                answer = self.scenario.act(self.company)
        except AssertionError:
            raise
        except Exception:
            return False, None
        if answer is None:
            return not attempt.fired, None
        return answer.status < 500 and answer.json.get("code") != "busy", answer

    @contextmanager
    def _rival_before_commit(self, attempts: list[Attempt]) -> Iterator[None]:
        rival = self.scenario.situation.rival
        if rival is None:
            yield
            return

        failed: list[AssertionError] = []

        def act() -> None:
            attempts[-1].paused = True
            # The rival uses the same keys in every run, however many attempts came before.
            self.company.keys_used = self._ids[1] + _KEYS_OF_RIVAL
            try:
                rival(self.company)
            except AssertionError as error:
                failed.append(error)  # raised here, the function would take it for its own failure
            attempts[-1].paused = False

        with before_commit(0, act):
            yield
        assert not failed, f"the rival failed: {failed}"

    def _deliver_all(self) -> None:
        """Deliver all messages, also those the stream lost; no message may be left."""
        world = self.company.world
        world.drain()
        world.clock.advance(seconds=_SWEEP_DELAY.total_seconds())
        world.periodic("relay", "resend_unsent")
        world.drain()
        # A fault delays some texts of a burst, so that others wait for them.
        world.clock.advance(seconds=PAUSE.total_seconds())
        world.periodic("notifications", "release_texts")
        world.drain()
        self.scenario.situation.later(self.company)
        left = {name: bodies for name in world.cloud.queue_names() if (bodies := world.cloud.message_bodies(name))}
        assert not left, f"not delivered: {left}"

    def _repeat(self, answer: Response | None) -> None:
        """Send, run or deliver it once more; nothing may change."""
        with self._unchanged():
            if answer is not None:
                again = self.scenario.act(self.company)
                assert again is not None
                assert again.status in self.scenario.statuses, again.json
                if len(self.scenario.statuses) == 1:
                    assert (again.status, again.text) == (answer.status, answer.text), "the repeated answer differs"
                return
            for delivery in list(self.company.world.delivered):
                if delivery.function == self.scenario.function:
                    self.company.world.deliver_again(delivery)
            self.scenario.act(self.company)

    def _deliver_everything_again(self) -> None:
        with self._unchanged():
            self.company.world.redeliver_everything()

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        world = self.company.world
        before, external = world.cloud.partitions(), Counter(self.external.visible())
        yield
        changes = table_changes(before, world.clock.moment, world.cloud.partitions())
        assert not changes, f"a repetition changes the table\n{difference(frozenset(), changes)}"
        assert Counter(self.external.visible()) == external, "a repetition changes an external system"

    # ---- state ----

    def _changes(self) -> Changes:
        """Return the changes since the start, in the table and in the external system."""
        texts: Counter[str] = Counter(self.external.visible())
        (saved, _) = self._start
        for text, count in table_changes(self._before, saved.moment, self.company.world.cloud.partitions()):
            if normal := self.scenario.normalize(text):
                texts[normal] += count
        return frozenset(texts.items())

    def _queued(self) -> Changes:
        """Return the messages in queues."""
        (saved, _), cloud = self._start, self.company.world.cloud
        bodies = [f"{name}: {body}" for name in cloud.queue_names() for body in cloud.message_bodies(name)]
        return normalized(bodies, saved.moment)

    def _audit(self, patience: timedelta | None) -> None:
        """Check the audit rules, once for equal states; without `patience` only the rules for any moment."""
        (saved, _), world = self._start, self.company.world
        changes = table_changes(self._before, saved.moment, world.cloud.partitions())
        if (patience, changes) not in self._audited:
            found = findings(snapshot(world), patience=patience, now=world.clock.moment)
            allowed = self.scenario.situation.open_findings if patience is None else ()
            wrong = [finding for finding in found if finding.rule not in allowed]
            assert not wrong, "\n".join(map(str, wrong))
            self._audited.add((patience, changes))
