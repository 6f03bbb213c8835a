"""A package holds its service, kernel, contracts and locked dependencies: enough, nothing else, the same bytes."""

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
from tools import package, paths
from tools.package import Package

#: What the Lambda runtime brings along.
RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")

#: What settings and logger ask for.
ENVIRONMENT = {
    f"QUDAO_{name.upper()}": "any" for name, field in Settings.model_fields.items() if field.is_required()
} | {"POWERTOOLS_SERVICE_NAME": "any"}

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path[:0] = [sys.argv[1]]
sys.path.append(sys.argv[2])
app = importlib.import_module("app")
for name in ("app", *sys.argv[4:]):
    assert callable(getattr(app, name)), name
for name in ("kernel", "contracts", "reads", sys.argv[3]):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
# What is imported by the first who needs it: a token is verified, something told.
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from kernel.base import observability
key = rsa.generate_private_key(65537, 2048)
assert jwt.decode(jwt.encode({}, key, "RS256"), key.public_key(), ["RS256"]) == {}
observability.logger().info("told")
observability.count("Told")
observability.flush_metrics()
foreign = {m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
assert not [f for f in foreign if "site-packages" in f], foreign
"""


@pytest.fixture(scope="session")
def lambda_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with boto3 and what it needs, like the one in AWS's Python runtime."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        (folder / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    return folder


def names_in(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_a_package_imports_alone_in_a_clean_interpreter(
    packaged: Package, lambda_runtime: Path, tmp_path: Path, handlers: list[str]
) -> None:
    with zipfile.ZipFile(packaged.archive) as opened:
        opened.extractall(tmp_path)
    # Neither site-packages (-S) nor this checkout (-I), nor anything of the environment.
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
    """What the template tells Lambda to call, all in the module `app`."""
    found = [one["Properties"]["Handler"] for one in resources.values() if "Handler" in one.get("Properties", {})]
    assert found and all(handler.startswith("app.") for handler in found)
    return [handler.removeprefix("app.") for handler in found]


def test_a_package_holds_no_code_of_another_service(packaged: Package) -> None:
    own = paths.module(packaged.service).replace(".", "/")
    ours = [name for name in names_in(packaged.archive) if name.startswith(("services/", "infra/"))]
    allowed = re.compile(rf"{own}/|{own.split('/')[0]}/(__init__\.py|__pycache__/__init__\.[^/]*)$")
    assert ours and not [name for name in ours if not allowed.match(name)]


def test_a_package_holds_the_locked_dependencies_and_nothing_unknown(packaged: Package) -> None:
    lock = package._lock(packaged.service, paths.ROOT)
    third_party = package.dependencies(lock, package.machine_architecture())
    known = {file.relative_to(third_party).as_posix() for file in third_party.rglob("*") if file.is_file()}
    ours = re.compile(
        r"(app\.py|__pycache__/app\.[^/]*|chalice/.*|kernel/.*|contracts/.*|reads/.*|(services|infra)/.*)$"
    )
    left = [name for name in names_in(packaged.archive) if name not in known and not ours.match(name)]
    assert not left
    locked = {name.replace("-", "_") for name in re.findall(r"^([a-z0-9-]+)==", lock.read_text(), re.MULTILINE)}
    shipped = {name.split("-")[0] for name in known if ".dist-info/" in name}
    assert shipped == locked
    assert not {name.split("/")[0] for name in known} & set(RUNTIME)


def test_a_package_holds_neither_tests_nor_papers_nor_policies(packaged: Package) -> None:
    own = [
        name
        for name in names_in(packaged.archive)
        if name.startswith(("services/", "infra/", "kernel/", "contracts/", "reads/"))
    ]
    assert not [name for name in own if name.endswith((".md", ".txt", ".in")) or "/stack/" in name or "/test" in name]


def test_no_file_is_packed_twice(packaged: Package) -> None:
    names = names_in(packaged.archive)
    assert len(names) == len(set(names))


def test_every_source_is_compiled_and_never_checked_again(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.archive) as opened:
        compiled = {name: opened.read(name)[4:8] for name in opened.namelist() if name.endswith(".pyc")}
    sources = {name for name in names_in(packaged.archive) if name.endswith(".py")}
    tag = sys.implementation.cache_tag
    assert {re.sub(rf"__pycache__/([^/]+)\.{tag}\.pyc$", r"\1.py", name) for name in compiled} == sources
    assert set(compiled.values()) == {b"\x01\0\0\0"}  # hash-based, unchecked


def test_nothing_in_a_package_tells_where_it_was_built(packaged: Package) -> None:
    here = {str(paths.ROOT).encode(), str(Path.home()).encode() + b"/"}
    with zipfile.ZipFile(packaged.archive) as opened:
        own = [name for name in opened.namelist() if not name.endswith(".so")]
        assert not [name for name in own if any(place in opened.read(name) for place in here)]


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    """The same sources built from nothing in another place, dependencies unpacked and compiled anew."""
    root = tmp_path_factory.mktemp("elsewhere")
    for name in ("contracts", "infra", "kernel", "reads", "requirements", "services"):
        shutil.copytree(paths.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return {one.service: one for one in package.build(SERVICES, root=root)}


def test_a_rebuild_elsewhere_is_the_same_to_the_byte(packaged: Package, rebuilt: dict[str, Package]) -> None:
    again = rebuilt[packaged.service]
    assert again.archive.read_bytes() == packaged.archive.read_bytes()
    assert again.template.read_bytes() == packaged.template.read_bytes()
