"""Old address of `tests.support.depth`; imports of other branches still use it."""

from tests.support.depth import *  # noqa: F403
