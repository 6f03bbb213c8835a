"""npm packages of the TypeScript client, for tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools import node, paths


def npm_commands() -> Path:
    """Return the folder of the npm packages' commands. Skips where Node is absent, which it never is in CI.

    Raises:
        NodeMissing: Node is absent in CI.
    """
    try:
        return node.install(paths.TYPESCRIPT_CLIENT)
    except node.NodeMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
