"""The lines that functions log, as Lambda would write them."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.base import observability


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """Collect what every logger writes, in the format of the functions' logs."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(observability.logger().registered_formatter)
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)
