# Everything here only calls the tools; `make` alone lists what there is.
PYTHON ?= python3.11
SHELL  := /bin/bash
BIN    := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup run test check format package deploy lock openapi clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready  ## create .venv from the hash-locked requirements

.venv/.ready: requirements/dev.txt pyproject.toml tools/setup.sh tools/environments.py
	@PYTHON=$(PYTHON) sh tools/setup.sh tools/environments.py
	@touch $@

run: setup  ## start everything on http://127.0.0.1:$${QUDAO_PORT:-8080}
	@exec qudao run

test: setup check  ## all checks and all tests
	@python -m pytest

check: setup  ## format, lint, types
	@ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@ruff check --quiet .
	@mypy

format: setup  ## format the code in place
	@ruff format --quiet . && ruff check --quiet --fix .

package: setup  ## build the deployable packages into build/
	@qudao package $(SERVICE)

deploy: setup  ## deploy to AWS: make deploy STAGE=prod [SERVICE=orders]
	@qudao deploy $(SERVICE) --stage $(or $(STAGE),$(error STAGE is missing: make deploy STAGE=dev))

openapi: setup  ## write docs/openapi.json from the services' routes
	@qudao openapi

lock: setup  ## resolve requirements/*.in into hash-locked files
	@sh tools/lock.sh

clean:  ## remove what was built (keeps .venv and the local run's data)
	@rm -rf build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
