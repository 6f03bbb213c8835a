"""Settings from environment variables, read at first use: modules import without an environment."""

import os
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError


class SettingsMissing(RuntimeError):
    """Settings are absent or invalid; the message names them."""


class Settings(BaseModel):
    """Environment of a function: one field for each variable `QUDAO_<FIELD>`."""

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
    """Return the settings of this process.

    Raises:
        SettingsMissing: variables are absent or invalid; names all of them.
    """
    values = {name: os.environ[_variable(name)] for name in Settings.model_fields if _variable(name) in os.environ}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        missing = ", ".join(_variable(str(problem["loc"][0])) for problem in error.errors())
        raise SettingsMissing(f"absent or invalid in the environment of this function: {missing}") from None


def _variable(field: str) -> str:
    return f"QUDAO_{field.upper()}"
