"""Measure the import of each service's app, as a ratio to `import botocore.session`; the goal is 2.2.

CPU time is measured in pairs, one import after the other, and the result is the median of their ratios. Valgrind counts
instructions instead: it takes minutes, but a busy machine does not change its result.
"""

from __future__ import annotations

import os
import re
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass

from tools import paths

_BASELINE = "botocore.session"
_PAIRS = 7


@dataclass(frozen=True)
class ColdImport:
    """Ratio of a module's import to the baseline's, both without the interpreter's start; `by` names the measure."""

    module: str
    ratio: float
    by: str


def measure(*, count_instructions: bool) -> list[ColdImport]:
    """Measure the app of every service."""
    modules = [f"{paths.module(service)}.app" for service in paths.services()]
    if count_instructions:
        bare = _instructions("sys")
        baseline = _instructions(_BASELINE) - bare
        return [ColdImport(module, (_instructions(module) - bare) / baseline, "instructions") for module in modules]
    bare = statistics.median(_cpu_seconds("sys") for _ in range(_PAIRS))
    return [ColdImport(module, _paired(module, bare), "CPU seconds") for module in modules]


def _paired(module: str, bare: float) -> float:
    return statistics.median((_cpu_seconds(module) - bare) / (_cpu_seconds(_BASELINE) - bare) for _ in range(_PAIRS))


def _instructions(module: str) -> float:
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", *_import(module)]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    found = re.search(r"Collected : (\d+)", report)
    assert found, report
    return float(found[1])


def _cpu_seconds(module: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(_import(module), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def _import(module: str) -> list[str]:
    return [sys.executable, "-c", f"import {module}"]
