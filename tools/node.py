"""Install the locked npm packages of the TypeScript client. Standard library only, like tools.environments.

Only tests of the client need them: a machine without Node runs and deploys everything.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import paths
from tools.environments import InstallFailed
from tools.errors import CommandError

#: Seconds after which an installation has failed. A good one needs about six.
_PATIENCE = 300
_INSTALL = ("ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error")


class NodeMissing(CommandError):
    """Node or npm is not on this machine."""


def install(folder: Path) -> Path:
    """Install exactly the packages of the folder's package-lock.json, unless they are there already.

    Packages run no scripts while they are installed.

    Returns:
        The folder of the packages' commands.
    Raises:
        NodeMissing: this machine has no Node or no npm.
        InstallFailed: a package could not be downloaded, differs from its hash, or needs another Node.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NodeMissing(
            "Node was not found, so the TypeScript client is not tested: install Node 20 or newer with npm, then run"
            " `.venv/bin/python -m tools.node`."
        )
    modules = folder / "node_modules"
    stamp = modules / ".lock-hash"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        _run(npm, folder)
        stamp.write_text(wanted)
    return modules / ".bin"


def _run(npm: str, folder: Path) -> None:
    # An environment meant for production would leave the compiler out.
    environment = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    try:
        subprocess.run(
            [npm, *_INSTALL], cwd=folder, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except subprocess.CalledProcessError as error:
        reason = " ".join((error.stderr or error.stdout).split())[-600:]
        raise InstallFailed(f"npm could not install the packages of the TypeScript client: {reason}") from error
    except subprocess.TimeoutExpired as error:
        raise InstallFailed(f"npm did not install the TypeScript client's packages in {_PATIENCE} seconds") from error


def main() -> None:
    """Install the packages of the TypeScript client, or print what is missing: nothing else depends on them."""
    try:
        install(paths.TYPESCRIPT_CLIENT)
    except (NodeMissing, InstallFailed) as error:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
