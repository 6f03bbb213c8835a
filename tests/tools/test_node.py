"""npm packages are installed once, by hashes, without scripts; a machine without Node gets advice."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.npm_packages import npm_commands
from tools import node, paths
from tools.environments import InstallFailed

LICENCES = {"MIT", "ISC", "Apache-2.0", "Python-2.0", "(MIT OR CC0-1.0)"}
PACKAGES: dict[str, dict[str, Any]] = {
    name: package
    for name, package in json.loads((paths.TYPESCRIPT_CLIENT / "package-lock.json").read_text())["packages"].items()
    if name
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a lock, and nothing installed."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "package-lock.json").write_text("{}")
    return tmp_path / "project"


def fake_commands(folder: Path, monkeypatch: pytest.MonkeyPatch, npm: str) -> None:
    """Put a Node that does nothing and an npm of these shell commands first on the path."""
    (folder / "bin").mkdir()
    for name, commands in {"node": "", "npm": npm}.items():
        command = folder / "bin" / name
        command.write_text(f"#!/bin/sh\n{commands}\n")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_packages_are_installed_once_for_a_lock(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_commands(tmp_path, monkeypatch, 'mkdir -p node_modules; echo "$@ NODE_ENV=$NODE_ENV" >> calls')
    monkeypatch.setenv("NODE_ENV", "production")
    assert node.install(project) == node.install(project) == project / "node_modules" / ".bin"
    [call] = (project / "calls").read_text().splitlines()
    assert {"ci", "--ignore-scripts", "--include=dev", "NODE_ENV="} <= set(call.split())
    (project / "package-lock.json").write_text('{"changed": true}')
    node.install(project)
    assert len((project / "calls").read_text().splitlines()) == 2


def test_failed_installation_gives_the_reason_of_npm(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_commands(tmp_path, monkeypatch, 'echo "npm error EINTEGRITY wanted another hash" >&2; exit 1')
    with pytest.raises(InstallFailed, match="EINTEGRITY"):
        node.install(project)
    assert not (project / "node_modules").exists()


def test_machine_without_node_gets_advice_and_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(node.NodeMissing):
        node.install(paths.TYPESCRIPT_CLIENT)
    node.main()
    assert "install Node 20 or newer" in capsys.readouterr().err


def test_missing_node_is_an_error_in_ci_and_a_skip_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(node.NodeMissing):
        npm_commands()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="install Node"):
        npm_commands()


def test_lock_has_a_hash_of_every_package_and_no_address() -> None:
    assert PACKAGES
    assert [name for name, package in PACKAGES.items() if not package["integrity"].startswith("sha512-")] == []
    assert [name for name, package in PACKAGES.items() if "resolved" in package] == []


def test_package_versions_are_exact() -> None:
    wanted = json.loads((paths.TYPESCRIPT_CLIENT / "package.json").read_text())
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert {name: PACKAGES[f"node_modules/{name}"]["version"] for name in versions} == versions


def test_packages_have_permissive_licences() -> None:
    licences = {name: package.get("license") for name, package in PACKAGES.items()}
    assert {name: licence for name, licence in licences.items() if licence not in LICENCES} == {}
