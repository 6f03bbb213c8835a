"""How many schedules were run, by whichever processes: told at the end of the tests, which fail if they are too few."""

from __future__ import annotations

from collections import Counter

import pytest

#: Under this name a test notes its trigger, its schedules, and how many scenarios there are.
SCHEDULES = "schedules"
#: Each run is looked at before and after everything is repeated: as two.
WANTED = 8_000
_LOOKS = 2


class Count:
    """A plug-in of the process that gathers what all tests report."""

    def __init__(self) -> None:
        self._runs: Counter[str] = Counter()
        self._scenarios = self._all = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what a test noted."""
        for name, noted in report.user_properties:
            if name == SCHEDULES and report.when == "call":
                trigger, runs, self._all = noted
                self._runs[trigger] += runs
                self._scenarios += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail if all were run and they were too few."""
        if self._all and self._scenarios == self._all and self._runs.total() * _LOOKS < WANTED:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many."""
        if not self._all:
            return
        runs = self._runs.total()
        told = f"{runs * _LOOKS} schedules ({runs} runs, looked at before and after a repetition; wanted: {WANTED})"
        terminalreporter.write_line(f"{told} of {self._scenarios} scenarios out of {self._all}")
        if terminalreporter.verbosity > 0:
            for trigger, number in sorted(self._runs.items()):
                terminalreporter.write_line(f"{number * _LOOKS:7} {trigger}")
