"""Make virtual environments from hash-locked requirements. Standard library only: it runs before anything is installed.

uv needs a second or two. It reads other settings than pip (a company's index may be in pip.conf only). So pip installs
the same locked files where uv fails.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import venv
from pathlib import Path

from tools.errors import CommandError

#: pip and uv name the oldest Linux of AWS Lambda's python3.11 differently.
_LAMBDA_PLATFORM = {
    "x86_64": ("manylinux2014_x86_64", "x86_64-manylinux2014"),
    "arm64": ("manylinux2014_aarch64", "aarch64-manylinux2014"),
}
_LOCKED = ["--quiet", "--no-deps", "--require-hashes"]


class InstallFailed(CommandError):
    """An environment could not be made; the message contains the installer's reason."""


def make_environment(folder: Path, lock: Path) -> Path:
    """Make a virtual environment with exactly the packages of `lock`, unless it exists already.

    Returns:
        The environment's Python.
    Raises:
        InstallFailed: no venv module, or a locked package could not be installed.
    """
    python = folder / "bin" / "python"
    stamp = folder / ".lock-hash"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted and python.exists():
        return python
    if not python.exists():
        _create(folder)
    _first_that_works(
        [_uv(), "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(lock)],
        [str(python), "-m", "pip", "install", "--disable-pip-version-check", *_LOCKED, "-r", str(lock)],
    )
    stamp.write_text(wanted)
    return python


def install_for_lambda(lock: Path, folder: Path, architecture: str) -> None:
    """Unpack the locked packages into `folder` as AWS Lambda's python3.11 on `architecture` needs them.

    Raises:
        InstallFailed: a package has no build for that platform, or could not be downloaded.
    """
    pip_platform, uv_platform = _LAMBDA_PLATFORM[architecture]
    common = [*_LOCKED, "--target", str(folder), "--python-version", "3.11", "-r", str(lock)]
    pip_only = ["--platform", pip_platform, "--implementation", "cp", "--only-binary=:all:", "--no-compile"]
    _first_that_works(
        [_uv(), "pip", "install", *common, "--python-platform", uv_platform, "--only-binary", ":all:"],
        [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *common, *pip_only],
    )


def _create(folder: Path) -> None:
    try:
        venv.create(folder, with_pip=True, clear=True, symlinks=True)
    except (subprocess.CalledProcessError, ImportError) as error:
        raise InstallFailed(
            f"Python cannot make a virtual environment in {folder}: install its venv module"
            " (Debian and Ubuntu: apt install python3.11-venv), then try again."
        ) from error


def _uv() -> str:
    return str(Path(sys.executable).with_name("uv"))


def _first_that_works(*commands: list[str]) -> None:
    message = ""
    for command in commands:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
            return
        except FileNotFoundError:
            continue
        except subprocess.CalledProcessError as error:
            message = error.stderr.strip() or message
    raise InstallFailed("locked packages could not be installed: " + " ".join(message.split())[-600:])


def _bootstrap_uv(lock: Path) -> None:
    """Install uv into the running environment by the hash in the lock; without uv, pip does the work."""
    pinned = re.search(r"^uv==.*(?:\n    --hash.*)+", lock.read_text(), re.MULTILINE)
    if pinned is None or Path(_uv()).exists():
        return
    uv_lock = Path(sys.prefix) / "uv.txt"
    uv_lock.write_text(pinned.group() + "\n")
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *_LOCKED, "-r", str(uv_lock)]
    subprocess.run(pip, check=False, capture_output=True)


def main() -> None:
    """Install exactly the packages of a lock into the running environment: `python -m tools.environments LOCK`."""
    lock = Path(sys.argv[1])
    _bootstrap_uv(lock)
    try:
        make_environment(Path(sys.prefix), lock)
    except InstallFailed as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
