"""Old address of `tests.support`; imports of other branches still use it."""

from tests.support.clock import *  # noqa: F403
from tests.support.functions import *  # noqa: F403
from tests.support.gateway import *  # noqa: F403
from tests.support.tokens import *  # noqa: F403
from tests.support.world import *  # noqa: F403
