"""Packages, built once for all tests here by the code of `qudao package`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools import package, paths

Json = dict[str, Any]
SERVICES = paths.services()


@pytest.fixture(scope="session")
def built() -> dict[str, package.Package]:
    """Packages by service name."""
    return {built.service: built for built in package.build(SERVICES)}


@pytest.fixture(params=SERVICES)
def packaged(request: pytest.FixtureRequest, built: dict[str, package.Package]) -> package.Package:
    """Each package in turn."""
    found: package.Package = built[request.param]
    return found


@pytest.fixture
def template(packaged: package.Package) -> Json:
    """CloudFormation template of the package."""
    loaded: Json = json.loads(packaged.template.read_text())
    return loaded


@pytest.fixture
def resources(template: Json) -> Json:
    """Resources of the template by logical id."""
    found: Json = template["Resources"]
    return found
