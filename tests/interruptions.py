"""Old address of `tests.support.interruptions`; imports of other branches still use it."""

from tests.support.interruptions import *  # noqa: F403
