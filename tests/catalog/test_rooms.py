"""Tests of the rooms of the catalogue: what they import, and their size."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import paths

CATALOG = paths.ROOT / "services" / "catalog"
#: From the lowest room to the highest; each may import itself and the ones before it.
ROOMS = ("vocabulary", "prices", "search", "products")
OURS = {"contracts", "kernel", "reads", "services"}
MAX_LINES, MAX_IMPORTED_NAMES, MAX_FILES = 250, 25, 8


def files(room: str) -> list[Path]:
    folder = CATALOG / room
    return sorted(folder.glob("*.py")) if folder.is_dir() else [CATALOG / f"{room}.py"]


def imported(file: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of every import from the repository."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in OURS:
            yield from ((str(node.module), alias.name) for alias in node.names)


def is_command(file_name: str) -> bool:
    return "_" in file_name


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_rooms_below(room: str) -> None:
    allowed = {f"services.catalog.{name}" for name in ROOMS[: ROOMS.index(room) + 1]}
    wrong = {
        f"{file.name} imports {module}"
        for file in files(room)
        for module, _ in imported(file)
        if module.startswith("services.") and not any(f"{module}.".startswith(f"{name}.") for name in allowed)
    }
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_a_command_of_another_room(room: str) -> None:
    wrong = {
        f"{file.name} imports {module}"
        for file in files(room)
        for module, _ in imported(file)
        if module.startswith("services.catalog.") and is_command(module.rpartition(".")[2])
        if f"services.catalog.{room}" not in module
    }
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_room_stays_small_and_has_a_readme(room: str) -> None:
    assert room == "vocabulary" or (CATALOG / room / "README.md").is_file()
    assert len([file for file in files(room) if file.name != "__init__.py"]) <= MAX_FILES
    for file in files(room):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= MAX_LINES, file
        assert len(list(imported(file))) <= MAX_IMPORTED_NAMES, file


def test_every_room_is_listed() -> None:
    rooms = {folder.name for folder in CATALOG.iterdir() if (folder / "__init__.py").is_file()}
    assert rooms | {"vocabulary"} == set(ROOMS)
