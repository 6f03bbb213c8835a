"""`qudao run`: all of Qudao on this machine, from the same packages that are deployed to AWS."""

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

from tools import aws, deploy, emulator, local_login, package, paths
from tools.client import ApiProblem, Unreachable
from tools.demo.logins import read_logins
from tools.edge import Edge
from tools.emulator import Emulator
from tools.errors import CommandError
from tools.screen import deployment_screen, packaging_progress

STAGE = "local"
_CHECKPOINT_SECONDS = 10
_EMULATOR = paths.LOCAL / "state"
_RUNNING = paths.LOCAL / "run.json"
LOGINS = paths.LOCAL / "logins.json"


class CannotRun(CommandError):
    """Qudao cannot be started here; the message is one sentence: the reason and what to do."""


def run(port: int, console: Console) -> None:
    """Start everything, print its address, wait for Ctrl-C or SIGTERM, then stop everything.

    Raises:
        CommandError: one sentence with the reason.
    """
    started = time.monotonic()
    # Both, explicitly: a shell that starts us in the background ignores SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with ExitStack() as stack:
        stack.enter_context(_exclusive_run())
        if not emulator.is_free(port):
            raise CannotRun(
                f"port {port} is in use: stop what listens there, or choose another: QUDAO_PORT=8081 make run"
            )
        packages = _package(console)
        local_aws = _start_emulator(console)
        stack.callback(_stop_emulator, local_aws, console)
        with deployment_screen(console, verbose=False) as screen:
            deploy.deploy(STAGE, packages, screen)
        stack.enter_context(Edge(port, lambda: api_urls(STAGE)))
        url = f"http://127.0.0.1:{port}"
        _RUNNING.write_text(json.dumps({"url": url, "endpoint": local_aws.endpoint}))
        stack.callback(_RUNNING.unlink, missing_ok=True)
        _seed(url, console)
        _print_access(url, console)
        console.print(f"[dim]started in {time.monotonic() - started:.0f} s; Ctrl-C stops it[/]")
        console.print(f"ready: {url}", highlight=False)
        _wait(local_aws)


def connect_to_running() -> str:
    """Let this process's AWS clients use the running local Qudao.

    Returns:
        Its address.
    Raises:
        CannotRun: it is not running.
    """
    try:
        running = json.loads(_RUNNING.read_text())
    except FileNotFoundError:
        raise CannotRun("Qudao is not running here: start it with `make run`") from None
    emulator.point_clients_at_emulator(running["endpoint"])
    url: str = running["url"]
    return url


def token(user: str, password: str | None = None, *, by_code: bool = False) -> str:
    """Return an ID token of the running local Qudao for one of its accounts, see `local_login`.

    Raises:
        CannotRun: it is not running.
        CommandError: there is no such account, it is closed, or it has another password.
    """
    connect_to_running()
    if by_code:
        return local_login.sign_in_by_code(STAGE, user)
    return local_login.sign_in(STAGE, LOGINS, user, password)


def api_urls(stage: str) -> Mapping[str, str]:
    """Return the address of every service's API, by service."""
    pages = aws.ssm().get_paginator("get_parameters_by_path").paginate(Path=f"/qudao/{stage}/", Recursive=True)
    found = {
        parameter["Name"].split("/")[3]: parameter
        for page in pages
        for parameter in page["Parameters"]
        if parameter["Name"].endswith("/api-url")
    }
    return {service: parameter["Value"] for service, parameter in found.items()}


@contextmanager
def _exclusive_run() -> Iterator[None]:
    """Allow one local run at a time in a checkout: two would share one state."""
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
        local_aws = Emulator(_emulator_port(), _EMULATOR, _EMULATOR / "unpacked", _CHECKPOINT_SECONDS).start()
    emulator.point_clients_at_emulator(local_aws.endpoint)
    return local_aws


def _emulator_port() -> int:
    """Return the previous port if it is free: the saved state contains addresses with that port."""
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
    """Fill an empty Qudao with demo data, once per saved state."""
    from tools.demo import seed

    seeded = f"/qudao/{STAGE}/demo/seeded"
    parameters = aws.ssm().get_parameters(Names=[seeded])["Parameters"]
    if parameters and LOGINS.is_file():
        return
    try:
        demo = seed(url, STAGE, LOGINS, console)
    except (ApiProblem, Unreachable) as problem:
        raise CannotRun(f"the demo data was not accepted: {problem}") from problem
    aws.ssm().put_parameter(Name=seeded, Value=str(demo.products), Type="String", Overwrite=True)


def _print_access(url: str, console: Console) -> None:
    shown: dict[str, str] = {}
    for login in read_logins(LOGINS):
        shown.setdefault(login.role, f"{login.user}  {login.name}")
    console.print(f"\n  接口 / API     {url}/api/   ({url}/api/openapi.json)", highlight=False, soft_wrap=True)
    console.print(f"  登录 / logins  {os.path.relpath(LOGINS)}, for example", highlight=False)
    for role, user in shown.items():
        console.print(f"    {role:18} {user}", highlight=False)
    buyer = next(login.user for login in read_logins(LOGINS) if login.role == "dealer_buyer")
    console.print("  试一下 / try", highlight=False)
    header = f'-H "Authorization: Bearer $(.venv/bin/qudao login {buyer})"'
    console.print(f"    curl {header} '{url}/api/catalog/products?limit=3'\n", highlight=False, soft_wrap=True)


def _wait(local_aws: Emulator) -> None:
    """Wait for Ctrl-C or SIGTERM.

    Raises:
        CannotRun: the local AWS stopped.
    """
    try:
        while local_aws.is_running:
            time.sleep(0.5)
    except KeyboardInterrupt:
        return
    raise CannotRun(f"the local AWS stopped by itself; its log is {os.path.relpath(local_aws.log, Path.cwd())}")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
