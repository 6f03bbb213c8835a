"""Old address of `tests.support.calls`; imports of other branches still use it."""

from tests.support.calls import *  # noqa: F403
