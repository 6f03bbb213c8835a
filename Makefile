# Everything here only calls the tools; `make` alone lists what there is.
PYTHON ?= python3.11
SHELL  := /bin/bash
BIN    := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup run test soak check format bench package deploy lock openapi docs policies clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready  ## create .venv from the hash-locked requirements, and the npm packages where Node is

.venv/.ready: requirements/dev.txt clients/typescript/package-lock.json pyproject.toml tools/setup.sh tools/environments.py tools/node.py
	@PYTHON=$(PYTHON) sh tools/setup.sh tools/environments.py
	@touch $@

run: setup  ## start everything on this machine, at port 8080 or QUDAO_PORT
	@exec qudao run

test: setup check  ## all checks and all tests
	@python -m pytest -n 2

soak: setup  ## the long searches: 250,000 plays, 100,000 interleavings (SOAK=4: four times as many)
	@SOAK=$(or $(SOAK),1) python -m pytest -n 2 tests/simulation tests/fast_aws tests/mutation tests/fault_injection/test_two_faults.py tests/deployed/test_reservations.py

check: setup  ## format, lint, types, words and commit titles
	@ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@ruff check --quiet .
	@mypy
	@python -m tools.check_words

format: setup  ## format the code in place
	@ruff format --quiet . && ruff check --quiet --fix .

bench: setup  ## measure cost of orders and cold imports (no test depends on it)
	@python -m tests.bench

package: setup  ## build the deployable packages into build/
	@qudao package $(SERVICE)

deploy: setup  ## deploy to AWS: make deploy STAGE=prod [SERVICE=orders]
	@qudao deploy $(SERVICE) --stage $(or $(STAGE),$(error STAGE is missing: make deploy STAGE=dev))

openapi: setup  ## write docs/openapi.json from the services' routes
	@qudao openapi

docs: setup  ## write the generated parts of the documentation, docs/openapi.json included
	@qudao docs

policies: setup  ## propose the functions' policies from what they do; review the printed diff
	@python -m tests.authorization.propose_policies

lock: setup  ## resolve requirements/*.in and package.json into hash-locked files
	@sh tools/lock.sh

clean:  ## remove what was built (keeps .venv and the local run's data)
	@rm -rf build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
