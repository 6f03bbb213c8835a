"""Layers of the kernel: a folder imports itself and the folders below it, and nothing above."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import paths

KERNEL = paths.ROOT / "kernel"
#: Lowest first.
LAYERS = ("time", "base", "store", "messaging", "http", "invariants")


def imported_modules(source: str) -> Iterator[str]:
    """Yield every module a source imports, inside functions and under TYPE_CHECKING too.

    `from a import b` yields `a.b`, because `b` may be a module.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports in the kernel are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(module: str) -> str | None:
    """Return the kernel folder a module name lies in; None outside the kernel."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "kernel" else None


def upward_imports(source: str, layer: str) -> list[str]:
    """Return the kernel modules a source of this layer imports although they lie in a layer above."""
    height = LAYERS.index(layer)
    return [
        module
        for module in imported_modules(source)
        if (target := layer_of(module)) is not None and (target not in LAYERS or LAYERS.index(target) > height)
    ]


def test_kernel_has_no_module_outside_its_layers() -> None:
    assert {path.name for path in KERNEL.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(LAYERS)
    assert [path.name for path in KERNEL.glob("*.py")] == ["__init__.py"]
    assert list(imported_modules((KERNEL / "__init__.py").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_imports_no_layer_above_it(layer: str) -> None:
    wrong = {
        f"{path.relative_to(paths.ROOT)} imports {module}"
        for path in _files(layer)
        for module in upward_imports(path.read_text(encoding="utf-8"), layer)
    }
    assert not wrong


def test_time_layer_imports_only_the_standard_library() -> None:
    modules = {module for path in _files("time") for module in imported_modules(path.read_text(encoding="utf-8"))}
    foreign = {module for module in modules if module.partition(".")[0] not in sys.stdlib_module_names}
    assert all(layer_of(module) == "time" for module in foreign), foreign


@pytest.mark.parametrize(
    "source",
    [
        "import kernel.http.app",
        "from kernel import http",
        "from kernel.http.app import ServiceApp",
        "def load():\n    from kernel.http import app\n",
        "if TYPE_CHECKING:\n    from kernel.http.models import Body\n",
        "from kernel import new_folder",
    ],
)
def test_upward_import_is_found_in_any_form(source: str) -> None:
    assert upward_imports(source, "store")
    assert not upward_imports("from kernel.base import settings\nfrom kernel.store.items import Item\n", "store")


def _files(layer: str) -> list[Path]:
    files = sorted((KERNEL / layer).rglob("*.py"))
    assert len(files) > 1, f"kernel/{layer} is empty"
    return files
