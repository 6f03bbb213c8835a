"""A partner's generated client has every operation of the API."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from tools import environments, paths
from tools.openapi import document

#: Answers and bodies become models; ruff would only format what was generated.
_SETTINGS = "post_hooks: []\n"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the folder of a generated Python client, and what the generator printed."""
    python = environments.make_environment(paths.CLIENTS_VENV, paths.ROOT / "requirements" / "clients.txt")
    folder = tmp_path_factory.mktemp("client")
    settings = folder / "settings.yml"
    settings.write_text(_SETTINGS)
    done = subprocess.run(
        [
            *(str(python.with_name("openapi-python-client")), "generate", "--path", str(paths.OPENAPI)),
            *("--meta", "none", "--output-path", str(folder / "qudao"), "--config", str(settings)),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return folder / "qudao", done.stdout + done.stderr


def test_generator_of_clients_warns_of_nothing(generated: tuple[Path, str]) -> None:
    assert "WARNING" not in generated[1].upper(), generated[1]


def test_generated_client_has_every_operation(generated: tuple[Path, str]) -> None:
    wanted = {
        (operation["tags"][0], operation["operationId"])
        for methods in document()["paths"].values()
        for operation in methods.values()
    }
    made = {(file.parent.name, file.stem) for file in (generated[0] / "api").glob("*/*.py") if file.stem != "__init__"}
    assert made == wanted


def test_generated_functions_return_the_answer_of_their_operation(generated: tuple[Path, str]) -> None:
    untyped = []
    for file in (generated[0] / "api").glob("*/*.py"):
        if file.stem != "__init__":
            functions = {
                node.name: ast.unparse(node.returns) if node.returns else ""
                for node in ast.parse(file.read_text(encoding="utf-8")).body
                if isinstance(node, ast.FunctionDef)
            }
            if functions.get("sync", "") in {"", "Any", "Any | None", "ProblemDocument | None"}:
                untyped.append(file.stem)
    assert untyped == []
