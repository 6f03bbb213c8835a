"""A process in which everything is imported that no bug is planted in, and a fork of it for every bug.

It reads the names of bugs, a line each, and answers each with a line of JSON, a `Verdict`. What it has imported is its
`Ground`: a bug in the kernel needs a fork that knows none of our modules, one in a service may have the kernel.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, TypeGuard

import pytest

from tests.fast_aws import in_moto
from tests.fast_aws.wanted import REGION
from tests.mutation.planting import ROOT, Bug, Uprooted, plant

#: A test that takes longer has not caught a bug but hangs.
_SECONDS = 120
#: What tests import besides our own modules, and is dear.
_OTHERS = (
    "aws_lambda_powertools.logging",
    "aws_lambda_powertools.metrics",
    "boto3",
    "chalice",
    "cryptography.fernet",
    "hypothesis",
    "jwt",
    "moto.dynamodb.urls",
    "moto.events.responses",
    "moto.events.urls",
    "moto.secretsmanager.responses",
    "moto.sqs.models",
    "pydantic.json_schema",
    "pydantic.type_adapter",
    "pydantic.types",
    "pynamodb.models",
    "standardwebhooks.webhooks",
    "ulid",
)
_OURS_UNSPOILT = ("tests.fast_aws.fast", "tests.faults")
#: No plug-ins but pytest's own, and no source beside a traceback: nobody reads it.
_OPTIONS = ("-q", "-x", "--tb=native", "-p", "no:cacheprovider")
#: Clients are made before any test says who is asking.
_ENVIRONMENT = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_PROJECT = ("contracts", "infra", "kernel", "reads", "services")


class Ground(StrEnum):
    """What is imported already."""

    BARE = "bare"
    KERNEL = "kernel"

    @classmethod
    def of(cls, bug: Bug) -> Ground:
        """The one that knows most without knowing the bug's module."""
        return cls.BARE if bug.module.partition(".")[0] in ("kernel", "contracts", "reads") else cls.KERNEL


class Outcome(StrEnum):
    """What became of a bug."""

    CAUGHT = "caught"
    MISSED = "missed"
    BROKEN = "broken"


@dataclass(frozen=True)
class Verdict:
    """What became of a bug; `detail` is the assertion that caught it, or what else happened. `seconds`: of a processor.

    Only an assertion of a test counts: a bug that stops the program from starting proves nothing about the test.
    """

    outcome: Outcome
    detail: str
    seconds: float = 0.0


# ---- from outside ----


class Nursery:
    """The process of one ground, started at the first question."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._process: subprocess.Popen[str] | None = None

    def verdict(self, bug: Bug) -> Verdict:
        """What becomes of this bug."""
        return self.ask({"bug": asdict(bug)})

    def unspoilt(self, tests: Sequence[str]) -> Verdict:
        """What becomes of these tests, run the same way without any bug: MISSED when all of them pass."""
        return self.ask({"tests": list(tests)})

    def ask(self, question: dict[str, Any]) -> Verdict:
        """Put a question to the process."""
        if self._process is None:
            # A test is to be run as in every run, however far the search goes that runs it.
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SOAK"))
            }
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.mutation.nursery", self._ground],
                cwd=ROOT,
                env=environment | _ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the nursery ended with {self._process.wait()}"
        told = json.loads(answer)
        return Verdict(Outcome(told["outcome"]), told["detail"], told["seconds"])

    def close(self) -> None:
        """Let the process end."""
        if self._process is not None:
            self._process.communicate()


@contextlib.contextmanager
def nurseries() -> Iterator[Callable[[Ground], Nursery]]:
    """One nursery per ground, kept until the end of the block."""
    kept = {ground: Nursery(ground) for ground in Ground}
    try:
        yield kept.__getitem__
    finally:
        for nursery in kept.values():
            nursery.close()


# ---- the process ----


def main(ground: Ground) -> None:
    """Answer questions until there are no more."""
    _prepare(ground)
    with tempfile.TemporaryDirectory() as compiled:
        # What one fork compiles the next one finds, and nothing of it lies about in the tree.
        sys.pycache_prefix, sys.dont_write_bytecode = compiled, False
        for line in sys.stdin:
            question = json.loads(line)
            print(json.dumps(asdict(_forked(question))), flush=True)


def _prepare(ground: Ground) -> None:
    for name in (*_OTHERS, *_OURS_UNSPOILT):
        importlib.import_module(name)
    if ground is Ground.KERNEL:
        for package in map(importlib.import_module, ("kernel", "contracts", "reads")):
            for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
                importlib.import_module(module.name)
        importlib.import_module("tests.world").signing_key()
        _make_clients()
    in_moto._clients()
    in_moto.table_definition()
    known = {name.partition(".")[0] for name in sys.modules} & set(_PROJECT)
    assert known <= ({"kernel", "contracts", "reads"} if ground is Ground.KERNEL else set()), known
    gc.collect()
    gc.freeze()


def _make_clients() -> None:
    """Those that the kernel keeps for the life of a process."""
    from kernel.store import aws
    from kernel.store.items import Item
    from tests.world import environment

    with environment():
        assert Item._get_connection().connection.client
        for service in ("events", "sqs", "secretsmanager"):
            aws.client(service)


def _forked(question: dict[str, Any]) -> Verdict:
    """Answer in a fork of this process, whose end leaves no trace here."""
    receiver, sender = os.pipe()
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if child == 0:
            os.close(receiver)
            _be_the_fork(question, sender, said)
        os.close(sender)
        seconds = _SECONDS * len(question.get("tests", [""]))
        told = _read(receiver, time.monotonic() + seconds)
        if told is None:
            os.kill(child, signal.SIGKILL)
        _, _, used = os.wait4(child, 0)
        took = round(used.ru_utime + used.ru_stime, 2)
        said.seek(0)
        if told is None:
            return Verdict(Outcome.BROKEN, f"not finished after {seconds} seconds", took)
        if not told:
            return Verdict(Outcome.BROKEN, f"the process died:\n{said.read()[-4000:]}", took)
        verdict = json.loads(told)
        outcome = Outcome(verdict["outcome"])
        detail = verdict["detail"] + ("" if outcome is Outcome.CAUGHT else f"\n{said.read()[-4000:]}")
        return Verdict(outcome, detail, took)


def _read(receiver: int, until: float) -> str | None:
    """All that is sent; None when it does not end in time."""
    told = b""
    with os.fdopen(receiver, "rb", buffering=0) as source:
        while select.select([source], [], [], max(until - time.monotonic(), 0))[0]:
            piece = source.read(65_536)
            if not piece:
                return told.decode()
            told += piece
    return None


def _be_the_fork(question: dict[str, Any], sender: int, said: IO[str]) -> None:
    try:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
        verdict = _answer(question)
        os.write(sender, json.dumps(asdict(verdict)).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(0)


def _answer(question: dict[str, Any]) -> Verdict:
    witness = _Witness()
    if "tests" in question:
        status = pytest.main([*question["tests"], *_OPTIONS], plugins=[witness])
        return witness.verdict(status)
    bug = Bug(**question["bug"])
    try:
        assert bug.source
    except Uprooted as error:
        return Verdict(Outcome.BROKEN, str(error))
    planter = plant(bug)
    status = pytest.main([planter.bug.caught_by, *_OPTIONS], plugins=[witness])
    if not planter.planted:
        return Verdict(Outcome.BROKEN, f"the test does not even import {planter.bug.module}")
    return witness.verdict(status)


class _Witness:
    """Sees how the first test fails. Nobody waits for hypothesis to find the smallest example."""

    def __init__(self) -> None:
        self.seen: Verdict | None = None

    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile("first failure", settings(), phases=[Phase.explicit, Phase.generate])
        settings.load_profile("first failure")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        report: pytest.TestReport = yield
        if report.failed and self.seen is None and call.excinfo:
            self.seen = _judged(f"{item.nodeid} ({call.when})", call)
        return report

    def verdict(self, status: int) -> Verdict:
        """What pytest's end and the failure seen come to."""
        if self.seen:
            return self.seen
        if status == pytest.ExitCode.OK:
            return Verdict(Outcome.MISSED, "all passed")
        return Verdict(Outcome.BROKEN, f"pytest ended with {status}")


def _judged(where: str, call: pytest.CallInfo[None]) -> Verdict:
    assert call.excinfo
    error = call.excinfo.value
    lines = str(error).splitlines() or [type(error).__name__]
    if call.when == "call" and _is_of_a_test(error):
        return Verdict(Outcome.CAUGHT, lines[0])
    return Verdict(Outcome.BROKEN, f"{where}: no assertion but {type(error).__name__}: {lines[0]}")


def _is_of_a_test(error: BaseException) -> bool:
    """Whether it was raised by an assertion that stands in a test or its helpers; our own code's do not count.

    An assertion that cannot be evaluated, because what it asks for is not even there, is one that fails. So is
    `(one,) = found`, which says how many there are.
    """
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_of_a_test, error.exceptions))
    if isinstance(error, pytest.fail.Exception):
        return True
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    file = Path(frame.f_code.co_filename)
    return file.is_relative_to(ROOT / "tests") and (isinstance(error, AssertionError) or line in _asserting(file))


def _asserting(file: Path) -> set[int]:
    """The lines on which assertions stand."""
    found = (node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Assert) or _unpacks(node))
    return {line for node in found for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def _unpacks(node: ast.AST) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List)


if __name__ == "__main__":
    main(Ground(sys.argv[1]))
