"""Play without being told of it: log lines and metrics would take a third of the time."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from kernel import observability


@contextmanager
def silent() -> Iterator[None]:
    """Nothing is logged or counted inside, and what is no longer needed is looked for at the end."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    try:
        with (
            patch.object(observability, "count", _nothing),
            patch.object(observability, "seconds", _nothing),
            patch.object(observability, "flush_metrics", _nothing),
        ):
            yield
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)


def _nothing(*_: object) -> None: ...
