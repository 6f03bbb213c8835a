"""A package contains its service, kernel, contracts and locked dependencies, and its build is repeatable."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from kernel.base.settings import Settings
from tests.packaging.conftest import SERVICES
from tools import package, paths, template
from tools.package import Package
from tools.stage import load_app

#: Packages of the Lambda runtime.
RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")

#: Variables that settings and logger need.
ENVIRONMENT = {
    f"QUDAO_{name.upper()}": "any" for name, field in Settings.model_fields.items() if field.is_required()
} | {"POWERTOOLS_SERVICE_NAME": "any"}

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path[:0] = [sys.argv[1]]
sys.path.append(sys.argv[2])
importlib.import_module("app")
for name in sys.argv[4:]:
    assert callable(importlib.import_module("entry_" + name).handler), name
for name in ("kernel", "contracts", "reads", sys.argv[3]):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
# Lazy imports: verify a token, write a log line and a metric.
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from kernel.base import observability
key = rsa.generate_private_key(65537, 2048)
assert jwt.decode(jwt.encode({}, key, "RS256"), key.public_key(), ["RS256"]) == {}
observability.logger().info("imported")
observability.count("Imported")
observability.flush_metrics()
foreign = {m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
assert not [f for f in foreign if "site-packages" in f], foreign
"""


@pytest.fixture(scope="session")
def lambda_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with boto3 and its dependencies, as in the Python runtime of Lambda."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        (folder / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    return folder


def names_in(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_package_imports_alone_in_a_clean_interpreter(
    packaged: Package, lambda_runtime: Path, tmp_path: Path, handlers: list[str]
) -> None:
    with zipfile.ZipFile(packaged.archive) as opened:
        opened.extractall(tmp_path)
    # Without site-packages (-S), this checkout and the environment (-I).
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORT_ALL, str(tmp_path), str(lambda_runtime)]
    ran = subprocess.run(
        [*command, paths.module(packaged.service), *handlers],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.fixture
def handlers(resources: dict[str, dict[str, dict[str, str]]]) -> list[str]:
    """Functions whose entry module the template names."""
    found = [
        resource["Properties"]["Handler"]
        for resource in resources.values()
        if "Handler" in resource.get("Properties", {})
    ]
    named = [re.fullmatch(r"entry_(\w+)\.handler", handler) for handler in found]
    assert found and all(named)
    return [one[1] for one in named if one]


def test_function_loads_no_module_of_triggers_but_its_own(
    packaged: Package, lambda_runtime: Path, tmp_path: Path, handlers: list[str]
) -> None:
    with zipfile.ZipFile(packaged.archive) as opened:
        opened.extractall(tmp_path)
    app = load_app(packaged.service)
    of_function = {name: set(template.modules_of(app, name)) for name in handlers}
    triggers = set().union(*of_function.values())
    loaded = {}
    for name in handlers:
        code = f"import sys; sys.path[:0] = sys.argv[1:]; import entry_{name}; print(*sys.modules)"
        command = [sys.executable, "-I", "-S", "-B", "-c", code, str(tmp_path), str(lambda_runtime)]
        ran = subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True, cwd=tmp_path)
        loaded[name] = triggers & set(ran.stdout.split())
    assert loaded == of_function


def test_package_contains_no_code_of_another_service(packaged: Package) -> None:
    own = paths.module(packaged.service).replace(".", "/")
    ours = [name for name in names_in(packaged.archive) if name.startswith(("services/", "infra/"))]
    allowed = re.compile(rf"{own}/|{own.split('/')[0]}/(__init__\.py|__pycache__/__init__\.[^/]*)$")
    assert ours and not [name for name in ours if not allowed.match(name)]


def test_package_contains_locked_dependencies_and_nothing_unknown(packaged: Package) -> None:
    lock = package._lock(packaged.service, paths.ROOT)
    third_party = package.install_dependencies(lock, package.machine_architecture())
    known = {file.relative_to(third_party).as_posix() for file in third_party.rglob("*") if file.is_file()}
    ours = re.compile(
        r"((app|entry_\w+)\.py|__pycache__/(app|entry_\w+)\.[^/]*|chalice/.*|kernel/.*|contracts/.*|reads/.*|(services|infra)/.*)$"
    )
    left = [name for name in names_in(packaged.archive) if name not in known and not ours.match(name)]
    assert not left
    locked = {name.replace("-", "_") for name in re.findall(r"^([a-z0-9-]+)==", lock.read_text(), re.MULTILINE)}
    shipped = {name.split("-")[0] for name in known if ".dist-info/" in name}
    assert shipped == locked
    assert not {name.split("/")[0] for name in known} & set(RUNTIME)


def test_package_contains_no_tests_documents_or_policies(packaged: Package) -> None:
    own = [
        name
        for name in names_in(packaged.archive)
        if name.startswith(("services/", "infra/", "kernel/", "contracts/", "reads/"))
    ]
    assert not [name for name in own if name.endswith((".md", ".txt", ".in")) or "/stack/" in name or "/test" in name]


def test_package_contains_no_file_twice(packaged: Package) -> None:
    names = names_in(packaged.archive)
    assert len(names) == len(set(names))


def test_package_contains_unchecked_bytecode_of_every_source(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.archive) as opened:
        compiled = {name: opened.read(name)[4:8] for name in opened.namelist() if name.endswith(".pyc")}
    sources = {name for name in names_in(packaged.archive) if name.endswith(".py")}
    tag = sys.implementation.cache_tag
    assert {re.sub(rf"__pycache__/([^/]+)\.{tag}\.pyc$", r"\1.py", name) for name in compiled} == sources
    assert set(compiled.values()) == {b"\x01\0\0\0"}  # hash-based, unchecked


def test_package_does_not_reveal_where_it_was_built(packaged: Package) -> None:
    local_paths = {str(paths.ROOT).encode(), str(Path.home()).encode() + b"/"}
    with zipfile.ZipFile(packaged.archive) as opened:
        own = [name for name in opened.namelist() if not name.endswith(".so")]
        assert not [name for name in own if any(path in opened.read(name) for path in local_paths)]


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    """Packages built from the same sources in another folder, with dependencies unpacked and compiled again."""
    root = tmp_path_factory.mktemp("elsewhere")
    for name in ("contracts", "infra", "kernel", "reads", "requirements", "services"):
        shutil.copytree(paths.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return {built.service: built for built in package.build(SERVICES, root=root)}


def test_rebuild_in_another_folder_is_byte_identical(packaged: Package, rebuilt: dict[str, Package]) -> None:
    other = rebuilt[packaged.service]
    assert other.archive.read_bytes() == packaged.archive.read_bytes()
    assert other.template.read_bytes() == packaged.template.read_bytes()
