"""Imports that writing logs causes while a request is served."""

from __future__ import annotations

import subprocess
import sys

from tools import paths

_SERVE = """
import sys
from tests.kernel.sample_service import SampleService, sheet
from tests.support.world import opened
with opened(fast=True) as world:
    service = SampleService()
    world.inhabit(service.app)
    token = world.token(role="admin")
    assert world.call("sample", "POST", "/sheets", body=sheet(), token=token, key="k").status == 201
    assert not any(name.startswith("aws_lambda_powertools") for name in sys.modules), "imported by a served request"
    assert world.call("sample", "GET", "/broken", token=token).status == 500
    assert "aws_lambda_powertools.logging" in sys.modules
"""


def test_a_served_request_does_not_import_powertools() -> None:
    subprocess.run([sys.executable, "-c", _SERVE], cwd=paths.ROOT, check=True, stdout=subprocess.DEVNULL)
