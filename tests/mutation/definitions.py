"""Find definitions and tests by name, so that both may move to other files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


class AnchorError(Exception):
    """A mutation names code or a test that does not exist, or that is not unique."""


@dataclass(frozen=True)
class Definition:
    """A definition in a parsed module. `block` is the list of statements that contains `node`."""

    name: str
    file: str
    tree: ast.Module
    block: list[ast.stmt]
    node: ast.stmt

    @property
    def module(self) -> str:
        """Dotted name of the module."""
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def place(self) -> str:
        """File and line, as editors open them."""
        return f"{self.file}:{self.node.lineno}"

    def replace(self, statements: list[ast.stmt]) -> None:
        """Put other statements in place of the definition, in `tree`."""
        at = self.block.index(self.node)
        self.block[at : at + 1] = statements


def find_definition(target: str) -> Definition:
    """Return the one definition that `package:name` names, such as `services.orders:HeaderItem.lines`.

    The package is searched with all packages inside, so that a definition may move to another file. `package` may be
    a module. Triggers are skipped: functions of `app.py` that call a use case of the same name. The tree is parsed at
    every call and may be changed.

    Raises:
        AnchorError: no definition has this name, or several have it; names the candidates.
    """
    package, _, name = target.partition(":")
    files = _files_of(package)
    if not files:
        raise AnchorError(f"no package or module {package}")
    found = [definition for file in files for definition in _definitions(file, name)]
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(definition.place for definition in found)
        raise AnchorError(f"{name} is defined {len(found)} times in {package}: {places}; name a smaller package")
    raise AnchorError(f"{name} is not defined in {package}")


def _files_of(package: str) -> list[Path]:
    path = ROOT / package.replace(".", "/")
    module = path.with_suffix(".py")
    return [module] if module.is_file() else sorted(path.rglob("*.py"))


def _definitions(file: Path, name: str) -> Iterator[Definition]:
    source = file.read_text(encoding="utf-8")
    *classes, last = name.split(".")
    if not re.search(rf"^\s*(def |async def |class )?{last}\b", source, re.MULTILINE):
        return
    tree = ast.parse(source)
    blocks = [tree.body]
    for class_name in classes:
        blocks = [node.body for block in blocks for node in block if _is_class(node, class_name)]
    for block in blocks:
        for node in block:
            if last in _defined_names(node) and not _is_trigger(node):
                yield Definition(name, file.relative_to(ROOT).as_posix(), tree, block, node)


def _is_class(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.ClassDef) and node.name == name


def _is_trigger(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(decorator).startswith(("app.", "route(")) for decorator in node.decorator_list
    )


def _defined_names(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.Assign():
            return {target.id for target in node.targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name()):
            return {node.target.id}
    return set()


def find_test(name: str) -> str:
    """Return the pytest node id of the one test function with this name.

    `file::` may precede the name where several tests have it, and `[id]` of a parameter may follow.

    Raises:
        AnchorError: no test has this name, or several have it.
    """
    file, _, name = name.rpartition("::")
    function = name.partition("[")[0]
    files = [found for found in _test_files().get(function, []) if found.endswith(file)]
    if len(files) != 1:
        raise AnchorError(f"{len(files)} tests are named {function}" + "".join(f", {found}" for found in files))
    return f"{files[0]}::{name}"


@cache
def _test_files() -> Mapping[str, list[str]]:
    """Files of the test functions by name."""
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE):
            found.setdefault(name, []).append(file.relative_to(ROOT).as_posix())
    return found
