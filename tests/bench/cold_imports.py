"""What a function imports before its first event, as a ratio to `import botocore.session` (platform.md 5, goal 2.2).

CPU time is taken in pairs, ours and the yardstick's in turns, and the median of their ratios is told. Where that is too
rough, valgrind counts instructions: minutes instead of seconds, but the same on a busy machine.
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

_YARDSTICK = "botocore.session"
_PAIRS = 7


@dataclass(frozen=True)
class ColdImport:
    """A module's import over the yardstick's, each less the bare interpreter; `by` tells how it was measured."""

    module: str
    ratio: float
    by: str


def measure(*, count_instructions: bool) -> list[ColdImport]:
    """Every service's app."""
    modules = [f"{paths.module(service)}.app" for service in paths.services()]
    if count_instructions:
        bare = _instructions("sys")
        yardstick = _instructions(_YARDSTICK) - bare
        return [ColdImport(one, (_instructions(one) - bare) / yardstick, "instructions") for one in modules]
    bare = statistics.median(_cpu_seconds("sys") for _ in range(_PAIRS))
    return [ColdImport(one, _paired(one, bare), "CPU seconds") for one in modules]


def _paired(module: str, bare: float) -> float:
    return statistics.median((_cpu_seconds(module) - bare) / (_cpu_seconds(_YARDSTICK) - bare) for _ in range(_PAIRS))


def _instructions(module: str) -> float:
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", *_import(module)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    found = re.search(r"Collected : (\d+)", told)
    assert found, told
    return float(found[1])


def _cpu_seconds(module: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(_import(module), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def _import(module: str) -> list[str]:
    return [sys.executable, "-c", f"import {module}"]
