"""Build what is deployed: one zip and one CloudFormation template per service, the same bytes on every build.

`chalice package` runs in the staged folder, which holds this service's code only, and makes the template and a small
zip. The locked third-party packages, zipped once per lock for all services, come before that. Names are sorted, times
are fixed, and code is compiled, as Lambda's read-only disk could not keep what it compiles (a third off a cold start).
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
from tools.stage import SHARED, NotPackageable, stage

_COMPILE = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
#: Of the locked packages, what no function of ours can reach: of Powertools all but logs and metrics (the logger reads
#: JMESPath), pydantic 1 within pydantic 2, and the tools that build bindings: cryptography's come built.
_UNREACHED = (
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
    """A built service: its zip, its template, and a digest of everything both were made of."""

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
    """Package these services, two at a time; what did not change since the last time is left alone.

    Args:
        architecture: `x86_64` or `arm64`; this machine's by default.
        done: told each service's name when it is ready.
    Raises:
        NotPackageable: files and declarations of a service do not fit together, or Chalice refused it.
        environments.InstallFailed: a locked dependency could not be had.
    """
    architecture = architecture or machine_architecture()
    names = list(names)

    def one(service: str) -> Package:
        package = _build(service, architecture, root)
        done(service)
        return package

    with _alone(root / "build" / ".lock"), ThreadPoolExecutor(max_workers=2) as pool:
        for lock in {_lock(name, root) for name in names}:
            dependencies(lock, architecture, root)
        return list(pool.map(one, names))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One build at a time in a checkout: a test run beside a local run waits for it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def machine_architecture() -> str:
    """This machine's processor, as Lambda names it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def _build(service: str, architecture: str, root: Path) -> Package:
    folder = root / "build" / service
    package = Package(
        service, folder / "package.zip", folder / "template.json", _digest_of_sources(service, architecture, root)
    )
    stamp = folder / "digest"
    if stamp.is_file() and stamp.read_text() == package.digest and package.archive.is_file():
        return package
    third_party = dependencies(_lock(service, root), architecture, root)
    project = folder / "project"
    stage(service, project, architecture=architecture, root=root)
    _chalice_package(service, project, third_party)
    made = project / "out" / "deployment.zip"
    whole = project / "out" / "package.zip"
    shutil.copy(_zipped(third_party), whole)
    _add_own_code(made, whole)
    # Put in place as wholes: somebody may be deploying the files of the last time just now.
    stamp.unlink(missing_ok=True)
    whole.replace(package.archive)
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
    ran = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise NotPackageable(f"{service}: chalice could not package it: {(ran.stderr or ran.stdout).strip()[-1500:]}")


# ---- third-party packages ----


def dependencies(lock: Path, architecture: str, root: Path = paths.ROOT) -> Path:
    """The unpacked, compiled packages of a lock, zipped beside it; made once per lock and processor, as done here."""
    made_of = lock.read_bytes() + architecture.encode() + sys.version.encode() + Path(__file__).read_bytes()
    name = hashlib.sha256(made_of).hexdigest()[:16]
    folder = root / "build" / ".dependencies" / name
    if not folder.is_dir():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.parent.mkdir(parents=True, exist_ok=True)
        environments.install_for_lambda(lock, making, architecture)
        _tidy(making)
        _compile(making)
        _write(making, _zipped(folder), "w")
        making.rename(folder)
    return folder


def _zipped(folder: Path) -> Path:
    return folder.with_suffix(".zip")


def _lock(service: str, root: Path) -> Path:
    own = paths.source(service, root) / "requirements.txt"
    return own if own.is_file() else root / "requirements" / "lambda.txt"


def _tidy(folder: Path) -> None:
    """Drop what differs from one installer to the next and what no function needs; keep versions and licences."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    for cache in folder.rglob("__pycache__"):
        shutil.rmtree(cache)
    for unreached in [found for pattern in _UNREACHED for found in folder.glob(pattern)]:
        shutil.rmtree(unreached)
    for file in folder.glob("*.dist-info/*"):
        if (
            file.is_file()
            and file.name != "METADATA"
            and not file.name.upper().startswith(("LICEN", "NOTICE", "COPYING"))
        ):
            file.unlink()


# ---- the archive ----


def _compile(folder: Path) -> None:
    """Compile for good: marked as never to be checked against the source, named as if it lay in /var/task."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    subprocess.run([*_COMPILE, "-s", str(folder), "-p", "/var/task", str(folder)], env=environment, check=True)


def _add_own_code(chalices: Path, archive: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(chalices) as made:
            made.extractall(folder)
        _compile(Path(folder))
        _write(Path(folder), archive, "a")


def _write(folder: Path, archive: Path, mode: Literal["w", "a"]) -> None:
    with zipfile.ZipFile(archive, mode, zipfile.ZIP_DEFLATED) as written:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                # 1980 is the earliest moment a zip can name.
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o100644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                written.writestr(entry, file.read_bytes())


# ---- what a package is made of ----


def _digest_of_sources(service: str, architecture: str, root: Path) -> str:
    folders = [paths.source(service, root), *(root / package for package in SHARED)]
    files = [file for folder in folders for file in folder.rglob("*") if _is_source(file)]
    files += [_lock(service, root), root / "requirements" / "dev.txt"]
    files += [*(Path(__file__).with_name(f"{name}.py") for name in ("stage", "template", "package"))]
    digest = hashlib.sha256(json.dumps([architecture, sys.version]).encode())
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _is_source(file: Path) -> bool:
    return file.is_file() and file.suffix not in (".md", ".pyc")
