"""Build the packages to deploy: one zip and one CloudFormation template per service, the same bytes in every build.

`chalice package` runs in the staged folder, which contains only this service's code, and makes the template and a
small zip. The zip of the locked third-party packages, made once per lock, comes before that. File names are sorted and
times are fixed. Code is compiled, because Lambda cannot store compiled code on its read-only disk: this saves a third
of a cold start.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools import environments, paths
from tools.stage import SHARED, NotPackageable, copy_chalice_project

_COMPILE = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
#: Parts of the locked packages that no function imports: Powertools except logs and metrics (the logger imports
#: JMESPath), pydantic 1 within pydantic 2, and tools that build bindings (those of cryptography are built already).
_UNUSED = (
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/utilities/[!j]*/",
    "cffi",
    "pycparser",
    "pydantic/v1",
)
#: Chalice imports the app while packaging; no call leaves the machine.
_PACKAGING_ENVIRONMENT = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Package:
    """A built service: its zip, its template, and the digest of their sources."""

    service: str
    archive: Path
    template: Path
    digest: str


def build(
    names: Iterable[str],
    *,
    architecture: str | None = None,
    root: Path = paths.ROOT,
    done: Callable[[str], None] = lambda _service: None,
) -> list[Package]:
    """Package these services, two at a time; a service whose sources did not change is not built again.

    Args:
        architecture: `x86_64` or `arm64`; this machine's by default.
        done: called with each service's name when it is packaged.
    Raises:
        NotPackageable: files and declarations of a service do not fit together, or Chalice refused it.
        environments.InstallFailed: a locked dependency could not be installed.
    """
    architecture = architecture or machine_architecture()
    names = list(names)

    def build_one(service: str) -> Package:
        package = _build(service, architecture, root)
        done(service)
        return package

    with _exclusive_build(root / "build" / ".lock"), ThreadPoolExecutor(max_workers=2) as pool:
        for lock in {_lock(name, root) for name in names}:
            install_dependencies(lock, architecture, root)
        return list(pool.map(build_one, names))


@contextmanager
def _exclusive_build(lock: Path) -> Iterator[None]:
    """Allow one build at a time in a checkout: a test run waits for the build of a local run."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def machine_architecture() -> str:
    """Return this machine's processor, as Lambda names it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def _build(service: str, architecture: str, root: Path) -> Package:
    folder = root / "build" / service
    package = Package(
        service, folder / "package.zip", folder / "template.json", _digest_of_sources(service, architecture, root)
    )
    stamp = folder / "digest"
    if stamp.is_file() and stamp.read_text() == package.digest and package.archive.is_file():
        return package
    third_party = install_dependencies(_lock(service, root), architecture, root)
    project = folder / "project"
    copy_chalice_project(service, project, architecture=architecture, root=root)
    _chalice_package(service, project, third_party)
    chalice_zip = project / "out" / "deployment.zip"
    complete_zip = project / "out" / "package.zip"
    shutil.copy(_zipped(third_party), complete_zip)
    _add_own_code(chalice_zip, complete_zip)
    # Replace files in one step: a deployment may be reading the previous ones.
    stamp.unlink(missing_ok=True)
    complete_zip.replace(package.archive)
    (project / "out" / "sam.json").replace(package.template)
    stamp.write_text(package.digest)
    return package


def _chalice_package(service: str, project: Path, third_party: Path) -> None:
    command = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", "any"]
    command += ["--merge-template", "merge.json", "out"]
    environment = {
        **os.environ,
        **_PACKAGING_ENVIRONMENT,
        "PYTHONPATH": f"vendor:{third_party}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise NotPackageable(
            f"{service}: chalice could not package it: {(result.stderr or result.stdout).strip()[-1500:]}"
        )


# ---- third-party packages ----


def install_dependencies(lock: Path, architecture: str, root: Path = paths.ROOT) -> Path:
    """Return the folder of a lock's compiled packages; their zip is beside it. Made once per lock and processor."""
    installers = Path(__file__).read_bytes() + Path(environments.__file__).read_bytes()
    sources = lock.read_bytes() + architecture.encode() + sys.version.encode() + installers
    name = hashlib.sha256(sources).hexdigest()[:16]
    folder = root / "build" / ".dependencies" / name
    if not folder.is_dir():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        environments.install_for_lambda(lock, unfinished, architecture)
        _tidy(unfinished)
        _compile(unfinished)
        _write(unfinished, _zipped(folder), "w")
        unfinished.rename(folder)
    return folder


def _zipped(folder: Path) -> Path:
    return folder.with_suffix(".zip")


def _lock(service: str, root: Path) -> Path:
    own = paths.source(service, root) / "requirements.txt"
    return own if own.is_file() else root / "requirements" / "lambda.txt"


def _tidy(folder: Path) -> None:
    """Delete files that differ between installers and files that no function needs; keep versions and licences."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    for cache in folder.rglob("__pycache__"):
        shutil.rmtree(cache)
    for unused in [found for pattern in _UNUSED for found in folder.glob(pattern)]:
        shutil.rmtree(unused)
    for file in folder.glob("*.dist-info/*"):
        if (
            file.is_file()
            and file.name != "METADATA"
            and not file.name.upper().startswith(("LICEN", "NOTICE", "COPYING"))
        ):
            file.unlink()


# ---- the archive ----


def _compile(folder: Path) -> None:
    """Compile code so that Python never checks it against its source, with the paths that it has in Lambda."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    subprocess.run([*_COMPILE, "-s", str(folder), "-p", "/var/task", str(folder)], env=environment, check=True)


def _add_own_code(chalice_zip: Path, archive: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(chalice_zip) as code:
            code.extractall(folder)
        _compile(Path(folder))
        _write(Path(folder), archive, "a")


def _write(folder: Path, archive: Path, mode: Literal["w", "a"]) -> None:
    with zipfile.ZipFile(archive, mode, zipfile.ZIP_DEFLATED) as target:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                # 1980 is the earliest moment a zip can name.
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o100644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(entry, file.read_bytes())


# ---- digest of the sources ----


def _digest_of_sources(service: str, architecture: str, root: Path) -> str:
    """Return the digest of everything that a package is made from: names and bytes of its sources and of our tools."""
    source = paths.source(service, root)
    folders = [source, *(root / package for package in SHARED)]
    files = {file for folder in folders for file in folder.rglob("*") if _is_source(file)}
    files |= {source.parent / "__init__.py", _lock(service, root), root / "requirements" / "dev.txt"}
    by_path = {file.relative_to(root).as_posix(): file for file in files}
    by_path |= {f"tools/{file.name}": file for file in Path(__file__).parent.glob("*.py")}
    digest = hashlib.sha256(json.dumps([architecture, sys.version]).encode())
    for path, file in sorted(by_path.items()):
        digest.update(path.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _is_source(file: Path) -> bool:
    return file.is_file() and file.suffix not in (".md", ".pyc")
