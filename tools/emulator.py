"""Start and stop the local AWS: MiniStack in a separate environment and process, on loopback only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import httpx

from tools import environments, paths
from tools.errors import CommandError

REGION = "us-east-1"
ACCOUNT = "000000000000"
_STARTS_WITHIN_SECONDS = 60
_STOPS_WITHIN_SECONDS = 30


class EmulatorFailed(CommandError):
    """The local AWS did not start; the message gives the reason."""


def client_environment(endpoint: str) -> dict[str, str]:
    """Return the environment of an AWS client that uses the emulator. The keys are made up and never checked."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def point_clients_at_emulator(endpoint: str) -> None:
    """Point every AWS client of this process at the emulator, for any profile of the user."""
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ.update(client_environment(endpoint))


@contextmanager
def pointed_at_emulator(endpoint: str) -> Iterator[None]:
    """Point the AWS clients of this process at the emulator for a while."""
    before = dict(os.environ)
    try:
        point_clients_at_emulator(endpoint)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def free_port() -> int:
    """Return a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Return True if this port of loopback is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@dataclass
class Emulator:
    """A running MiniStack. Use as a context manager, or call `stop`.

    Args:
        port: port of loopback.
        folder: its state, log and temporary files.
        checkpoint_seconds: how often its state is saved while it runs; 0 keeps nothing at all.
        unpacked: where the code of functions is kept unpacked, from one run to the next.
    """

    port: int
    folder: Path
    unpacked: Path
    checkpoint_seconds: float = 0
    _process: subprocess.Popen[bytes] | None = None
    _log: IO[Any] | None = None

    @property
    def endpoint(self) -> str:
        """Address for AWS clients."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Log of the emulator and its functions."""
        return self.folder / "emulator.log"

    def start(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            EmulatorFailed: it stopped at once or never answered.
            environments.InstallFailed: its environment could not be made.
        """
        assert self._process is None, "it runs already"
        python = environments.make_environment(
            paths.LOCAL / "emulator-venv", paths.ROOT / "requirements" / "emulator.txt"
        )
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._temporary.mkdir(parents=True)
        self.unpacked.mkdir(parents=True, exist_ok=True)
        self._log = self.log.open("w")
        self._process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name("emulator_server.py"))],
            env=self._environment(),
            # Open while this process lives: the emulator stops when it is closed.
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_until_it_answers()
        return self

    def stop(self) -> None:
        """Let it save its state and end."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None and self._log is not None
        self._process.stdin.close()
        self._log.close()
        self._process = None
        shutil.rmtree(self._temporary, ignore_errors=True)

    def kill(self) -> None:
        """End it as a crash would: nothing is saved any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def is_running(self) -> bool:
        """False once it has ended, wanted or not."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _temporary(self) -> Path:
        return self.folder / "tmp"

    def _environment(self) -> dict[str, str]:
        """Nothing of the user's own environment but what a process needs: functions inherit all of this."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
        client = {name: value for name, value in client_environment("").items() if name != "AWS_ENDPOINT_URL"}
        saved = "1" if self.checkpoint_seconds else "0"
        return {
            **kept,
            **client,
            "TMPDIR": str(self._temporary),
            "PYTHONUTF8": "1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "BIND_HOST": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": saved,
            "S3_PERSIST": saved,
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            "QUDAO_UNPACKED": str(self.unpacked),
            "QUDAO_CHECKPOINT_SECONDS": str(self.checkpoint_seconds),
            # Servers we have no use for.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while time.monotonic() < deadline:
            if not self.is_running:
                break
            try:
                if httpx.get(f"{self.endpoint}/_ministack/health", trust_env=False).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        last = self.log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        self.stop()
        raise EmulatorFailed(f"the local AWS did not start on port {self.port}: {last[0]} (log: {self.log})")
