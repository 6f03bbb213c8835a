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
