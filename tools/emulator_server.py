"""Serve MiniStack, run by the Python of the emulator's own environment (started by tools/emulator.py).

MiniStack saves its state only when it is stopped politely. This launcher also saves it every few seconds, so a
killed process or a power cut costs seconds, not the day; and it stops when the process that started it is gone,
which it notices by its standard input being closed.

MiniStack saves how far a function has read a table's stream, but not the stream. After a restart it would skip as many
new records as were ever read before; so the saved positions are forgotten, and reading starts with the first new one.

MiniStack unpacks a function's package anew for every worker it starts: 1,300 files each, most of a cold start. Here
equal packages are unpacked once, and workers get links.
"""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core import lambda_runtime
from ministack.core.persistence import save_all

LONGEST_SAVE_SECONDS = 120
#: Packages kept unpacked: a few versions of each service.
KEPT_UNPACKED = 28


class Checkpoints:
    """Save now and then, each time from a fork: a picture of one moment, while this process goes on serving."""

    def __init__(self, every: float, failed: Callable[[], None]) -> None:
        self._every = every
        self._child = 0
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda task: None if task.cancelled() else failed())

    async def _run(self) -> None:
        """Until cancelled. The pause grows with the cost, so that saving takes a twentieth of the time at most."""
        pause = self._every
        while True:
            await asyncio.sleep(pause)
            started = time.monotonic()
            self._child = os.fork()
            if self._child == 0:
                save_and_end()
            await asyncio.to_thread(os.waitpid, self._child, 0)
            self._child = 0
            pause = max(self._every, 20 * (time.monotonic() - started))

    def stop(self) -> None:
        """Stop all writes: the last save comes now."""
        self._task.cancel()
        if self._child:
            os.kill(self._child, signal.SIGKILL)


def save_and_end() -> NoReturn:
    """Save in the fork and end it. Every connection is closed first, so that none outlives the server."""
    try:
        # Should it ever wait for a thread that was not forked with it.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LONGEST_SAVE_SECONDS)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        save_all(ministack._build_persistence_save_dict())
    finally:
        os._exit(0)


def stop_with_parent() -> None:
    """Ask this process to stop once the other end of standard input is closed."""
    # Unbuffered: a thread caught inside a buffered read makes the interpreter die at its end.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def forget_stream_positions() -> None:
    """Drop the reading positions from the saved state of functions, if there is one."""
    saved = Path(os.environ["STATE_DIR"], "lambda.json")
    if saved.is_file():
        state = json.loads(saved.read_text())
        state["payload"].pop("dynamodb_stream_positions", None)
        saved.write_text(json.dumps(state))


class UnpackedOnce(zipfile.ZipFile):
    """An archive whose contents are unpacked once and then linked to. Functions only read their code."""

    _alone = threading.Lock()

    @staticmethod
    def folder() -> Path:
        """The folder of all contents, each under the hash of its archive."""
        return Path(os.environ["QUDAO_UNPACKED"])

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Link everything at the archive's top into `path`."""
        assert self.fp is not None
        self.fp.seek(0)
        contents = self.folder() / hashlib.sha256(self.fp.read()).hexdigest()
        with self._alone:
            if not contents.is_dir():
                with tempfile.TemporaryDirectory(dir=self.folder(), prefix=".") as unfinished:
                    super().extractall(unfinished)
                    Path(unfinished).rename(contents)
                    Path(unfinished).mkdir()
            os.utime(contents)
        for entry in contents.iterdir():
            Path(path, entry.name).symlink_to(entry)


def keep_unpacked_packages() -> None:
    """Make MiniStack's workers use that, and forget what was not used for the longest time."""
    patched = ModuleType("zipfile")
    patched.__dict__.update(zipfile.__dict__, ZipFile=UnpackedOnce)
    lambda_runtime.zipfile = patched
    by_use = sorted(UnpackedOnce.folder().glob("[0-9a-f]*"), key=lambda contents: contents.stat().st_mtime)
    threading.Thread(target=delete_folders, args=(by_use[:-KEPT_UNPACKED],), daemon=True).start()


def delete_folders(folders: list[Path]) -> None:
    """Beside everything else: thousands of small files take long on some disks."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


async def main() -> None:
    """Serve on loopback until given to stop, then let MiniStack save what it holds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    threading.Thread(target=stop_with_parent, daemon=True).start()
    every = float(os.environ["QUDAO_CHECKPOINT_SECONDS"])
    checkpoints = Checkpoints(every, failed=stop.set) if every else None

    async def until_stopped() -> None:
        await stop.wait()
        if checkpoints:
            checkpoints.stop()

    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.loglevel = "WARNING"
    await serve(ministack.app, config, shutdown_trigger=until_stopped)


if __name__ == "__main__":
    forget_stream_positions()
    keep_unpacked_packages()
    asyncio.run(main())
