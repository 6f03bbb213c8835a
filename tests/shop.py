"""Old address of `tests.support.fixtures`; imports of other branches still use it."""

from tests.support.fixtures import *  # noqa: F403
