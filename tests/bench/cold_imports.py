"""What a function imports before its first event, as a ratio to `import botocore.session` (platform.md 5, goal 2.2)."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass

from tools import paths

_YARDSTICK = "botocore.session"


@dataclass(frozen=True)
class ColdImport:
    """CPU seconds of a fresh interpreter that imports a module, over the same for the yardstick, each less the bare
    interpreter; medians of pairs run in turns, so that a busy machine slows both."""

    module: str
    ratio: float
    cpu_seconds: float


def measure(pairs: int) -> list[ColdImport]:
    """Every service's app, `pairs` times each."""
    bare = statistics.median(_cpu_seconds("sys") for _ in range(pairs))
    return [_measure(f"{name}.app", pairs, bare) for name in map(paths.module, paths.services())]


def _measure(module: str, pairs: int, bare: float) -> ColdImport:
    runs = [(_cpu_seconds(module) - bare, _cpu_seconds(_YARDSTICK) - bare) for _ in range(pairs)]
    ratio = statistics.median(ours / theirs for ours, theirs in runs)
    return ColdImport(module, ratio, statistics.median(ours for ours, _ in runs))


def _cpu_seconds(module: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
