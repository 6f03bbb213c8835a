"""Settings of a deployed stage, for commands that run the code of the services in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tools import aws
from tools.deploy import sealing_key_name


@contextmanager
def settings_of(stage: str) -> Iterator[None]:
    """Give this process the settings that the functions of the stage have."""
    facts = {
        "TABLE": "table-name",
        "BUS": "bus-name",
        "OIDC_ISSUER": "oidc-issuer",
        "OIDC_AUDIENCE": "oidc-audience",
        "OIDC_JWKS_URL": "oidc-jwks-url",
    }
    values = {f"QUDAO_{name}": aws.parameter(stage, "core", fact) for name, fact in facts.items()}
    values |= {"QUDAO_STAGE": stage, "QUDAO_SEALING_KEY_NAME": sealing_key_name(stage)}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
