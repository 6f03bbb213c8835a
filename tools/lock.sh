#!/bin/sh
# Resolve requirements/*.in (and what single services add) into hash-locked files that name no package index.
set -eu
compile() {
    uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "make lock" --quiet ${UPGRADE:+--upgrade} "$@"
}

# The Lambda runtime brings boto3 and its own dependencies, so functions do not ship them.
runtime="boto3 botocore jmespath python-dateutil s3transfer six urllib3"
for_lambda() {
    # shellcheck disable=SC2046
    compile "$@" -c requirements/dev.txt $(printf ' --no-emit-package %s' $runtime)
}

own=$(find services infra -maxdepth 2 -name requirements.in | sort)
# shellcheck disable=SC2086
compile requirements/dev.in $own -o requirements/dev.txt
compile requirements/emulator.in -o requirements/emulator.txt
compile requirements/clients.in -o requirements/clients.txt
for_lambda requirements/lambda.in -o requirements/lambda.txt
for file in $own; do
    for_lambda requirements/lambda.in "$file" -o "${file%.in}.txt"
done

# Versions in package.json are exact; the settings beside it omit the registry's address from the lock.
command -v npm >/dev/null 2>&1 || {
    echo "npm was not found, so clients/typescript/package-lock.json stays as it is: install Node 20 or newer with npm" >&2
    exit 0
}
if [ -n "${UPGRADE:-}" ]; then action=update; else action=install; fi
(cd clients/typescript && npm "$action" --package-lock-only --ignore-scripts)
