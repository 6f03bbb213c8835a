"""Serve MiniStack, run by the Python of the emulator's own environment (started by tools/emulator.py).

MiniStack saves its state only when it is stopped politely. This launcher also saves it every few seconds, so a
killed process or a power cut costs seconds, not the day; and it stops when the process that started it is gone,
which it notices by its standard input being closed.

MiniStack saves how far a function has read a table's stream, but not the stream. After a restart it would skip as many
new records as were ever read before; so the saved positions are forgotten, and reading starts with the first new one.
"""

import asyncio
import json
import os
import signal
import threading
import time
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core.persistence import save_all


def save_state() -> float:
    """Write all services' state to disk; how long that took, in seconds."""
    started = time.monotonic()
    save_all(ministack._build_persistence_save_dict())
    return time.monotonic() - started


async def checkpoint(every: float) -> None:
    """Save now and then. The pause grows with the cost, so saving never takes more than a fiftieth of the time."""
    pause = every
    while True:
        await asyncio.sleep(pause)
        pause = max(every, 50 * save_state())


def stop_with_parent() -> None:
    """Ask this process to stop once nobody holds the other end of standard input."""
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


async def main() -> None:
    """Serve on loopback until told to stop, then let MiniStack save what it holds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    threading.Thread(target=stop_with_parent, daemon=True).start()
    if every := float(os.environ.get("QUDAO_CHECKPOINT_SECONDS", "0")):
        checkpoints = asyncio.create_task(checkpoint(every))
        checkpoints.add_done_callback(lambda task: None if task.cancelled() else stop.set())

    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.loglevel = "WARNING"
    await serve(ministack.app, config, shutdown_trigger=stop.wait)


if __name__ == "__main__":
    forget_stream_positions()
    asyncio.run(main())
