"""Run the test of each mutation in a fork of a process that has imported everything the mutation does not change.

The process reads questions, a line of JSON each, and answers each with a line of JSON, a `Verdict`.
"""

from __future__ import annotations

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
from dataclasses import asdict
from enum import StrEnum
from typing import IO, Any

import pytest

from tests.fast_aws import moto_cloud
from tests.fast_aws.cloud import REGION
from tests.mutation.definitions import ROOT, AnchorError, find_test
from tests.mutation.importing import apply
from tests.mutation.mutation import Mutation
from tests.mutation.verdict import FirstFailure, Outcome, Verdict

#: A test that runs longer hangs, and has caught nothing.
_TIMEOUT_SECONDS = 120
#: Modules of other projects that take long to import.
_THIRD_PARTY = (
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
_TEST_HELPERS = ("tests.fast_aws.fast_cloud", "tests.support.faults")
#: Only pytest's own plug-ins, and no source in tracebacks: each takes time.
_PYTEST_OPTIONS = ("-q", "-x", "--tb=native", "-p", "no:cacheprovider")
#: Clients are made before a test sets the environment.
_ENVIRONMENT = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_PROJECT_PACKAGES = {"contracts", "infra", "kernel", "reads", "services"}
_KERNEL_PACKAGES = {"contracts", "kernel", "reads"}


class Preloaded(StrEnum):
    """Modules that a process has imported before it forks."""

    THIRD_PARTY = "third party"
    KERNEL = "kernel"

    @classmethod
    def for_mutation(cls, mutation: Mutation) -> Preloaded:
        """Return the most modules that do not include the mutated one."""
        top_package = mutation.target.partition(":")[0].partition(".")[0]
        return cls.THIRD_PARTY if top_package in _KERNEL_PACKAGES else cls.KERNEL


# ---- the caller's side ----


class ForkedRunner:
    """Process that forks for each question. It starts with the first question."""

    def __init__(self, preloaded: Preloaded) -> None:
        self._preloaded = preloaded
        self._process: subprocess.Popen[str] | None = None

    def run_mutation(self, mutation: Mutation) -> Verdict:
        """Run the test of a mutation."""
        return self._ask({"mutation": asdict(mutation)})

    def run_unchanged(self, tests: Sequence[str]) -> Verdict:
        """Run these tests (node ids) without a mutation; SURVIVED when all of them pass."""
        return self._ask({"tests": list(tests)})

    def _ask(self, question: dict[str, Any]) -> Verdict:
        if self._process is None:
            # The test runs with its usual depth and options, not with those of this run.
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SOAK"))
            }
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.mutation.forked_runner", self._preloaded],
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
        assert answer, f"the forked runner ended with {self._process.wait()}"
        return _verdict_of(json.loads(answer))

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()


@contextlib.contextmanager
def forked_runners() -> Iterator[Callable[[Mutation], ForkedRunner]]:
    """Yield a function that returns the runner of a mutation; the processes end with the block."""
    runners = {preloaded: ForkedRunner(preloaded) for preloaded in Preloaded}
    try:
        yield lambda mutation: runners[Preloaded.for_mutation(mutation)]
    finally:
        for runner in runners.values():
            runner.close()


def _verdict_of(answer: dict[str, Any]) -> Verdict:
    return Verdict(Outcome(answer["outcome"]), answer["detail"], answer["seconds"])


# ---- the process ----


def main(preloaded: Preloaded) -> None:
    """Answer questions until there are no more."""
    _preload(preloaded)
    with tempfile.TemporaryDirectory() as bytecode:
        # One fork compiles a module, the next one finds it, and the working tree stays clean.
        sys.pycache_prefix, sys.dont_write_bytecode = bytecode, False
        for line in sys.stdin:
            print(json.dumps(asdict(_answer_in_fork(json.loads(line)))), flush=True)


def _preload(preloaded: Preloaded) -> None:
    for name in (*_THIRD_PARTY, *_TEST_HELPERS):
        importlib.import_module(name)
    if preloaded is Preloaded.KERNEL:
        for package in map(importlib.import_module, sorted(_KERNEL_PACKAGES)):
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                importlib.import_module(module.name)
        importlib.import_module("tests.support.tokens").signing_key()
        _make_clients()
    moto_cloud._clients()
    moto_cloud.table_definition()
    imported = {name.partition(".")[0] for name in sys.modules} & _PROJECT_PACKAGES
    assert imported <= (_KERNEL_PACKAGES if preloaded is Preloaded.KERNEL else set()), imported
    gc.collect()
    gc.freeze()


def _make_clients() -> None:
    """Make the clients that the kernel caches for the life of a process."""
    from kernel.store import aws
    from kernel.store.items import Item
    from tests.support.functions import environment

    with environment():
        assert Item._get_connection().connection.client
        for service in ("events", "sqs", "secretsmanager"):
            aws.client(service)


def _answer_in_fork(question: dict[str, Any]) -> Verdict:
    receiver, sender = os.pipe()
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            os.close(receiver)
            _run_in_fork(question, sender, output)
        os.close(sender)
        timeout = _TIMEOUT_SECONDS * len(question.get("tests", [""]))
        answer = _read_until(receiver, time.monotonic() + timeout)
        if answer is None:
            os.kill(child, signal.SIGKILL)
        _, _, usage = os.wait4(child, 0)
        seconds = round(usage.ru_utime + usage.ru_stime, 2)
        output.seek(0)
        if answer is None:
            return Verdict(Outcome.ERROR, f"not finished after {timeout} seconds", seconds)
        if not answer:
            return Verdict(Outcome.ERROR, f"the process died:\n{output.read()[-4000:]}", seconds)
        verdict = _verdict_of(json.loads(answer))
        shown = "" if verdict.outcome is Outcome.CAUGHT else f"\n{output.read()[-4000:]}"
        return Verdict(verdict.outcome, verdict.detail + shown, seconds)


def _read_until(receiver: int, deadline: float) -> str | None:
    """Return everything the child sends; None when it does not end before the deadline."""
    received = b""
    with os.fdopen(receiver, "rb", buffering=0) as source:
        while select.select([source], [], [], max(deadline - time.monotonic(), 0))[0]:
            chunk = source.read(65_536)
            if not chunk:
                return received.decode()
            received += chunk
    return None


def _run_in_fork(question: dict[str, Any], sender: int, output: IO[str]) -> None:
    try:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
        os.write(sender, json.dumps(asdict(_answer(question))).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(0)


def _answer(question: dict[str, Any]) -> Verdict:
    if "tests" in question:
        return _run_tests(question["tests"])
    mutation = Mutation(**question["mutation"])
    try:
        test = find_test(mutation.caught_by)
        mutant = mutation.mutant()
    except AnchorError as error:
        return Verdict(Outcome.ERROR, str(error))
    finder = apply(mutant)
    verdict = _run_tests([test])
    if not finder.is_imported:
        return Verdict(Outcome.ERROR, f"{test} does not import {mutant.module}")
    return verdict


def _run_tests(tests: Sequence[str]) -> Verdict:
    first_failure = FirstFailure()
    status = pytest.main([*tests, *_PYTEST_OPTIONS], plugins=[first_failure])
    return first_failure.verdict(status)


if __name__ == "__main__":
    main(Preloaded(sys.argv[1]))
