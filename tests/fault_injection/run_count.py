"""Number of fault-injection runs over all processes; too few fail the tests."""

from __future__ import annotations

from collections import Counter

import pytest

#: Name of the property in which a test reports its trigger, its runs, and the number of all scenarios.
RUNS_PROPERTY = "fault-injection-runs"
#: Each run is checked before and after everything is repeated, so it counts as two.
MIN_CHECKED_RUNS = 8_000
_CHECKS_PER_RUN = 2


class RunCount:
    """Plug-in of the process that collects the reports of all tests."""

    def __init__(self) -> None:
        self._runs: Counter[str] = Counter()
        self._scenarios = self._all = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the runs that a test reports."""
        for name, value in report.user_properties:
            if name == RUNS_PROPERTY and report.when == "call":
                trigger, runs, self._all = value
                self._runs[trigger] += runs
                self._scenarios += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail if all scenarios ran with too few runs."""
        if self._all and self._scenarios == self._all and self._runs.total() * _CHECKS_PER_RUN < MIN_CHECKED_RUNS:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the numbers."""
        if not self._all:
            return
        runs = self._runs.total()
        checked = f"{runs} broken runs, {runs * _CHECKS_PER_RUN} checked results (at least {MIN_CHECKED_RUNS})"
        terminalreporter.write_line(f"fault injection: {checked} of {self._scenarios} scenarios out of {self._all}")
        if terminalreporter.verbosity > 0:
            for trigger, number in sorted(self._runs.items()):
                terminalreporter.write_line(f"{number * _CHECKS_PER_RUN:7} {trigger}")
