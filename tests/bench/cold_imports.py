"""Measure what each function imports when it starts, as a ratio to `import botocore.session`; the goal is 2.2.

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

from tools import paths, template
from tools.stage import load_app

_BASELINE = "import botocore.session"
_PAIRS = 7


@dataclass(frozen=True)
class ColdImport:
    """Ratio of a function's import to the baseline's, both without the interpreter's start; `by` names the measure.

    `functions`: those that import the same modules.
    """

    functions: str
    ratio: float
    by: str


def measure(*, count_instructions: bool) -> list[ColdImport]:
    """Measure each set of modules that functions import."""
    statements = imports_of_functions()
    if count_instructions:
        bare = _instructions("import sys")
        baseline = _instructions(_BASELINE) - bare
        return [
            ColdImport(functions, (_instructions(statement) - bare) / baseline, "instructions")
            for functions, statement in statements.items()
        ]
    bare = statistics.median(_cpu_seconds("import sys") for _ in range(_PAIRS))
    return [
        ColdImport(functions, _paired(statement, bare), "CPU seconds") for functions, statement in statements.items()
    ]


def imports_of_functions() -> dict[str, str]:
    """Return the import statement of every function, by the service and the names of all that have the same."""
    statements: dict[str, str] = {}
    for service in paths.services():
        app = load_app(service)
        functions: dict[str, list[str]] = {}
        for function in template.function_names(app):
            functions.setdefault(f"import {', '.join(template.modules_of(app, function))}", []).append(function)
        statements |= {f"{service}: {', '.join(names)}": statement for statement, names in functions.items()}
    return statements


def _paired(statement: str, bare: float) -> float:
    return statistics.median((_cpu_seconds(statement) - bare) / (_cpu_seconds(_BASELINE) - bare) for _ in range(_PAIRS))


def _instructions(statement: str) -> float:
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", *_python(statement)]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    found = re.search(r"Collected : (\d+)", report)
    assert found, report
    return float(found[1])


def _cpu_seconds(statement: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(_python(statement), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def _python(statement: str) -> list[str]:
    return [sys.executable, "-c", statement]
