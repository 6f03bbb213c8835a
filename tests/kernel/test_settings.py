"""Settings: absent or invalid ones are named, and modules import without any."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from kernel.base.settings import Settings, SettingsMissing, settings
from tests.support.functions import ENVIRONMENT, load_apps


@pytest.fixture
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in list(os.environ):
        if name.startswith("QUDAO_"):
            monkeypatch.delenv(name)
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


REQUIRED = sorted(name for name in ENVIRONMENT if name.startswith("QUDAO_"))


@pytest.mark.parametrize("missing", REQUIRED)
def test_missing_setting_is_named(fresh_settings: pytest.MonkeyPatch, missing: str) -> None:
    for name in REQUIRED:
        if name != missing:
            fresh_settings.setenv(name, ENVIRONMENT[name])
    with pytest.raises(SettingsMissing) as raised:
        settings()
    assert missing in str(raised.value)
    assert not any(name in str(raised.value) for name in REQUIRED if name != missing)


def test_all_missing_settings_are_named_together(fresh_settings: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsMissing) as raised:
        settings()
    assert all(name in str(raised.value) for name in REQUIRED)


def test_invalid_setting_is_named_without_its_value(fresh_settings: pytest.MonkeyPatch) -> None:
    for name in REQUIRED:
        fresh_settings.setenv(name, ENVIRONMENT[name])
    fresh_settings.setenv("QUDAO_SMS_PROVIDER", "pigeon-canary")
    with pytest.raises(SettingsMissing) as raised:
        settings()
    assert "QUDAO_SMS_PROVIDER" in str(raised.value)
    assert "canary" not in str(raised.value)


def test_external_effects_are_off_by_default(fresh_settings: pytest.MonkeyPatch) -> None:
    for name in REQUIRED:
        fresh_settings.setenv(name, ENVIRONMENT[name])
    assert settings().sms_provider == "recorder"
    assert settings().webhook_allow_loopback is False
    assert set(Settings.model_fields) >= {"stage", "table", "bus"}


def test_every_service_imports_without_an_environment() -> None:
    apps, broken = load_apps()
    assert not broken, broken
    assert len(apps) >= 7
