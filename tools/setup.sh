#!/bin/sh
# Create .venv with exactly the locked packages. Needs Python 3.11 with its venv module, nothing else.
set -eu
python=${PYTHON:-python3.11}

say() { printf '%s\n' "$*" >&2; }

command -v "$python" >/dev/null 2>&1 || { say "Qudao needs Python 3.11, and '$python' was not found: install it, or name it with PYTHON=..."; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { say "Qudao needs Python 3.11, but '$python' is $("$python" -V 2>&1): name the right one with PYTHON=..."; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || { say "This Python has no venv module: install it (Debian and Ubuntu: apt install python3.11-venv), then try again."; exit 1; }

say "Preparing .venv ..."
[ -x .venv/bin/python ] || "$python" -m venv .venv

# uv installs the same locked files many times faster; where it cannot be had, pip does the same job.
locked_uv=$(.venv/bin/python - <<'PY'
import re, pathlib
lock = pathlib.Path("requirements/dev.txt").read_text()
print(re.search(r"^uv==.*(?:\n    --hash.*)+", lock, re.M).group())
PY
)
printf '%s\n' "$locked_uv" >.venv/uv.txt
if .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.txt 2>/dev/null; then
    .venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt
else
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
