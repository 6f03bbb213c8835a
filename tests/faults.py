"""Old address of `tests.support.faults`; imports of other branches still use it."""

from tests.support.faults import *  # noqa: F403
