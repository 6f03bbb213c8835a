"""`qudao run`: the whole of Qudao on this machine, from the very packages that ship to the cloud."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console

from tools import aws, deploy, emulator, package, paths
from tools.edge import Edge
from tools.emulator import Emulator
from tools.errors import Explained
from tools.identity import SignIn
from tools.screen import deployment_screen, packaging_progress

STAGE = "local"
DEFAULT_PORT = 8080
_CHECKPOINT_SECONDS = 10
_EMULATOR = paths.LOCAL / "state"
_RUNNING = paths.LOCAL / "run.json"
LOGINS = paths.LOCAL / "logins.json"


class CannotRun(Explained):
    """Qudao cannot be started here; the message says in one sentence why and what to do."""


def run(port: int, console: Console) -> None:
    """Start everything, say where it is, and keep it going until Ctrl-C or SIGTERM; then stop what was started.

    Raises:
        Explained: in one sentence, what stands in the way.
    """
    started = time.monotonic()
    # Both, explicitly: a shell may have started us in the background with SIGINT ignored.
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, _as_interrupt)
    with ExitStack() as everything:
        everything.enter_context(_alone())
        if not emulator.is_free(port):
            raise CannotRun(
                f"port {port} is in use: stop what listens there, or choose another: QUDAO_PORT=8081 make run"
            )
        packages = _package(console)
        local_aws = _start_emulator(console)
        everything.callback(_stop_emulator, local_aws, console)
        with console.status("Deploying ..."), deployment_screen(console, verbose=False) as screen:
            deploy.deploy(STAGE, packages, screen)
        everything.enter_context(Edge(port, lambda: api_urls(STAGE)))
        url = f"http://127.0.0.1:{port}"
        _RUNNING.write_text(json.dumps({"url": url, "endpoint": local_aws.endpoint}))
        everything.callback(_RUNNING.unlink, missing_ok=True)
        _seed(url, console)
        _greet(url, console)
        console.print(f"[dim]started in {time.monotonic() - started:.0f} s; Ctrl-C stops it[/]")
        console.print(f"ready: {url}", highlight=False)
        _wait(local_aws)


def attach() -> str:
    """Point this process's AWS clients at the running local Qudao.

    Returns:
        Its address.
    Raises:
        CannotRun: it is not running.
    """
    try:
        running = json.loads(_RUNNING.read_text())
    except FileNotFoundError:
        raise CannotRun("Qudao is not running here: start it with `make run`") from None
    emulator.use(running["endpoint"])
    url: str = running["url"]
    return url


def token(user: str) -> str:
    """An ID token of the running local Qudao for one of its demo users.

    Raises:
        CannotRun: it is not running, or there is no such user.
    """
    attach()
    logins = {one["user"]: one for one in json.loads(LOGINS.read_text())} if LOGINS.is_file() else {}
    if user not in logins:
        raise CannotRun(f"there is no demo user '{user}': choose one of {os.path.relpath(LOGINS)}")
    return SignIn(STAGE, user, logins[user]["password"]).token()


def api_urls(stage: str) -> Mapping[str, str]:
    """The address of every service's API, by service."""
    pages = aws.ssm().get_paginator("get_parameters_by_path").paginate(Path=f"/qudao/{stage}/", Recursive=True)
    found = {
        one["Name"].split("/")[3]: one
        for page in pages
        for one in page["Parameters"]
        if one["Name"].endswith("/api-url")
    }
    return {service: one["Value"] for service, one in found.items()}


@contextmanager
def _alone() -> Iterator[None]:
    """One local run in a checkout at a time: they would share one state."""
    paths.LOCAL.mkdir(exist_ok=True)
    with (paths.LOCAL / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(
                "Qudao already runs in this checkout: stop that one first (Ctrl-C where it was started)"
            ) from None
        yield


def _package(console: Console) -> list[package.Package]:
    names = paths.services()
    with packaging_progress(console, len(names)) as done:
        return package.build(names, done=done)


def _start_emulator(console: Console) -> Emulator:
    _EMULATOR.mkdir(parents=True, exist_ok=True)
    with console.status("Starting the local AWS ..."):
        local_aws = Emulator(_emulator_port(), _EMULATOR, _CHECKPOINT_SECONDS).start()
    emulator.use(local_aws.endpoint)
    return local_aws


def _emulator_port() -> int:
    """The port of the last time if it is free, because addresses with it are part of the saved state."""
    saved = _EMULATOR / "port"
    port = int(saved.read_text()) if saved.is_file() else 0
    if not port or not emulator.is_free(port):
        port = emulator.free_port()
        saved.write_text(str(port))
    return port


def _stop_emulator(local_aws: Emulator, console: Console) -> None:
    with console.status("Saving and stopping ..."):
        local_aws.stop()


def _seed(url: str, console: Console) -> None:
    """Fill an empty Qudao with demo data, once."""


def _greet(url: str, console: Console) -> None:
    console.print(f"  API   {url}/api/   ({url}/api/openapi.json)", highlight=False)


def _wait(local_aws: Emulator) -> None:
    """Until someone asks us to stop.

    Raises:
        CannotRun: the local AWS ended by itself.
    """
    try:
        while local_aws.is_running:
            time.sleep(0.5)
    except KeyboardInterrupt:
        return
    raise CannotRun(
        f"the local AWS stopped by itself; its last words are in {os.path.relpath(local_aws.log, Path.cwd())}"
    )


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
