"""Runs without logs, metrics and repeated checks of a token, which take a third of the time."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from unittest.mock import patch

from pynamodb.connection import base

from kernel.base import observability
from kernel.http import principal


@contextmanager
def without_logs() -> Iterator[None]:
    """Log and count nothing, check each token once, and collect no garbage."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    try:
        with (
            patch.object(observability, "count", _do_nothing),
            patch.object(observability, "record_duration", _do_nothing),
            patch.object(observability, "flush_metrics", _do_nothing),
            patch.object(principal, "_verified", cache(principal._verified)),
            # PynamoDB draws an id for every call, and passes it to signals without receivers.
            patch.object(base, "uuid", SimpleNamespace(uuid4=_do_nothing)),
        ):
            yield
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)


def _do_nothing(*_: object) -> None: ...
