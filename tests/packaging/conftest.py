"""What is deployed, built once for all tests here by the same code as `qudao package`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools import package, paths

Json = dict[str, Any]
SERVICES = paths.services()


@pytest.fixture(scope="session")
def built() -> dict[str, package.Package]:
    """Every package by the name of its service."""
    return {one.service: one for one in package.build(SERVICES)}


@pytest.fixture(params=SERVICES)
def packaged(request: pytest.FixtureRequest, built: dict[str, package.Package]) -> package.Package:
    """One package after the other."""
    found: package.Package = built[request.param]
    return found


@pytest.fixture
def template(packaged: package.Package) -> Json:
    """The CloudFormation template of the package."""
    loaded: Json = json.loads(packaged.template.read_text())
    return loaded


@pytest.fixture
def resources(template: Json) -> Json:
    """The resources of the template by logical id."""
    found: Json = template["Resources"]
    return found
