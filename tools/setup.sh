#!/bin/sh
# Create .venv with exactly the locked packages. Needs Python 3.11 with its venv module, nothing else: where Node is, the
# packages that test the TypeScript client are installed too.
set -eu
python=${PYTHON:-python3.11}

say() { printf '%s\n' "$*" >&2; }

command -v "$python" >/dev/null 2>&1 || {
    say "Qudao needs Python 3.11, and '$python' was not found: install it, or name it with PYTHON=/path/to/python3.11"
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
    say "Qudao needs Python 3.11, but '$python' is $("$python" -V 2>&1): name the right one with PYTHON=/path/to/python3.11"
    exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    say "This Python has no venv module: install it (Debian and Ubuntu: apt install python3.11-venv), then try again."
    exit 1
}

[ -x .venv/bin/python ] || { say "Preparing .venv ..."; "$python" -m venv .venv; }
.venv/bin/python -m tools.environments requirements/dev.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
.venv/bin/python -m tools.node
