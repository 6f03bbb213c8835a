"""Old address of `tests.support.read_units`; imports of other branches still use it."""

from tests.support.read_units import *  # noqa: F403
