"""Configuration by name, read on first use so that any module imports with an empty environment."""

import os
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError


class SettingsMissing(RuntimeError):
    """A function was deployed without a setting it needs; the message names it."""


class Settings(BaseModel):
    """The environment of a function, one field per `QUDAO_<FIELD>` variable."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    stage: str
    table: str
    bus: str
    oidc_issuer: str
    oidc_audience: str
    oidc_jwks_url: str
    sealing_key_name: str
    sms_provider: Literal["recorder", "aws"] = "recorder"
    webhook_allow_loopback: bool = False


@cache
def settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsMissing: when variables are absent or hold what they cannot, naming every one.
    """
    given = {name: os.environ[_variable(name)] for name in Settings.model_fields if _variable(name) in os.environ}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        missing = ", ".join(_variable(str(problem["loc"][0])) for problem in error.errors())
        raise SettingsMissing(f"not set, or not rightly, in the environment of this function: {missing}") from None


def _variable(field: str) -> str:
    return f"QUDAO_{field.upper()}"
