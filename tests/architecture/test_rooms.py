"""Rooms of the services: layers, size of files and rooms, a README each, commands that stay apart, no cycles."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import paths

SERVICES = sorted(folder.name for folder in (paths.ROOT / "services").iterdir() if (folder / "app.py").is_file())
MAX_LINES = 300
MAX_FILES = 8
MAX_IMPORTED_NAMES = 30
MAX_ROOM_LINES = 1_500
_LAYERS = re.compile(r"^## Rooms\n.*?```\n(.*?)```", re.MULTILINE | re.DOTALL)
#: Composition roots: they import commands of several rooms. All but the last three only declare triggers.
_ROOTS = {
    "app.py",
    "order_routes.py",
    "lookup_routes.py",
    "stock_routes.py",
    "queues.py",
    "listeners.py",
    "schedules.py",
    "warehouse_queue.py",
    "sweep.py",
    "credit_gate.py",
}


def modules(folder: Path) -> list[Path]:
    """Python files below a folder, without invariants, which only audits and tests import."""
    return [file for file in sorted(folder.rglob("*.py")) if "invariants" not in file.as_posix()]


def room_of(service: str, file: Path) -> str:
    """Room of a file: its folder below the service, or its module name for a file of the service itself."""
    return file.relative_to(paths.source(service)).with_suffix("").parts[0]


def rooms_of(service: str) -> list[Path]:
    """Rooms of a service that are folders."""
    return sorted(file.parent for file in paths.source(service).glob("*/__init__.py"))


def imported_modules(service: str, file: Path) -> Iterator[str]:
    """Modules of the same service that a file imports, as paths below the service: `order/items`."""
    prefix = f"services.{service}."
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(prefix):
            base = str(node.module).removeprefix(prefix[:-1]).lstrip(".").replace(".", "/")
            for name in node.names:
                path = f"{base}/{name.name}" if base else name.name
                folder = paths.source(service)
                yield path if (folder / f"{path}.py").is_file() or (folder / path).is_dir() else base


def layers(service: str) -> dict[str, int]:
    """Rooms of a service with their line, counted from the top, as its README lists them."""
    found = _LAYERS.search((paths.source(service) / "README.md").read_text(encoding="utf-8"))
    lines = found[1].splitlines() if found else []
    return {room: number for number, line in enumerate(lines) for room in line.split()}


@pytest.mark.parametrize("service", [name for name in SERVICES if layers(name)])
def test_room_imports_only_rooms_below_it(service: str) -> None:
    order = layers(service)
    rooms = {room_of(service, file) for file in modules(paths.source(service))} - {"__init__", "app"}
    assert sorted(rooms) == sorted(order), f"list these rooms under “Rooms” in services/{service}/README.md"
    wrong = {
        f"{file.relative_to(paths.ROOT)} imports {module}"
        for file in modules(paths.source(service))
        for module in imported_modules(service, file)
        if file.parent != paths.source(service) or file.stem not in {"__init__", "app"}
        if (room := room_of(service, file)) != (target := module.split("/")[0]) and order[room] >= order[target]
    }
    assert wrong == set()


def test_layers_are_listed_for_every_service_with_rooms() -> None:
    assert [name for name in SERVICES if layers(name)] == ["catalog", "notifications", "orders", "reconciliation"]
    assert {name for name in SERVICES if rooms_of(name)} <= {name for name in SERVICES if layers(name)}


@pytest.mark.parametrize("service", SERVICES)
def test_every_room_has_a_readme(service: str) -> None:
    assert [room.name for room in rooms_of(service) if not (room / "README.md").is_file()] == []


@pytest.mark.parametrize("service", SERVICES)
def test_rooms_have_no_import_cycle(service: str) -> None:
    arrows: dict[str, set[str]] = defaultdict(set)
    for file in modules(paths.source(service)):
        room = room_of(service, file)
        arrows[room] |= {module.split("/")[0] for module in imported_modules(service, file)} - {room}
    while free := [room for room in arrows if not arrows[room] & arrows.keys()]:
        for room in free:
            del arrows[room]
    assert dict(arrows) == {}


@pytest.mark.parametrize("service", SERVICES)
def test_command_imports_no_command_of_another_room(service: str) -> None:
    folder = paths.source(service)
    roots = [file for file in modules(folder) if file.name in _ROOTS]
    commands = {module for file in roots for module in imported_modules(service, file) if "/" in module}
    commands = {module for module in commands if not module.endswith(("/api", "/rules", "/items", "/lifecycle"))}
    commands.discard("order/load_order")  # it only reads, and commands of most rooms need it
    wrong = {
        f"{file.relative_to(paths.ROOT)} imports {module}"
        for file in modules(folder)
        if file.relative_to(folder).with_suffix("").as_posix() in commands
        for module in imported_modules(service, file)
        if module in commands and module.split("/")[0] != room_of(service, file)
    }
    assert wrong == set()


def test_no_file_is_longer_than_the_limit() -> None:
    folders = ("contracts", "infra", "kernel", "reads", "services", "tools", "tests")
    files = [file for folder in folders for file in (paths.ROOT / folder).rglob("*.py")]
    long = {
        str(file.relative_to(paths.ROOT)): lines
        for file in files
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > MAX_LINES and file.name != "world.py"
    }
    assert long == {}


@pytest.mark.parametrize("service", SERVICES)
def test_rooms_and_files_keep_their_size(service: str) -> None:
    folder = paths.source(service)
    wrong = []
    for room in rooms_of(service):
        files = [file for file in modules(room) if file.name != "__init__.py" and file.parent == room]
        lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
        if len(files) > MAX_FILES or lines > MAX_ROOM_LINES:
            wrong.append(f"{room.relative_to(paths.ROOT)}: {len(files)} files, {lines} lines; split the room")
    for file in modules(folder):
        if file.name in _ROOTS:
            continue
        names = sum(
            len(node.names)
            for node in ast.parse(file.read_text(encoding="utf-8")).body
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("services.")
        )
        if names > MAX_IMPORTED_NAMES:
            wrong.append(f"{file.relative_to(paths.ROOT)} imports {names} names of its service")
    assert wrong == []
