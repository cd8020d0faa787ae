# Every command sets up what it needs: a virtual environment from hash-pinned requirements.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
CKAN_VENV ?= .venv-ckan
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Great Expectations takes 20 s to import uncompiled, so the variable must not reach Python.
unexport PYTHONDONTWRITEBYTECODE
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help setup demo test check check-all ckan gateway lint types layers lock clean

help:  ## what you can do here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort

$(VENV)/.uv: requirements/bootstrap.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@touch $@

$(VENV)/.ready: $(VENV)/.uv requirements/lumbung.lock pyproject.toml
	VIRTUAL_ENV=$(abspath $(VENV)) $(UV) pip sync --quiet --require-hashes --compile-bytecode requirements/lumbung.lock requirements/bootstrap.lock
	VIRTUAL_ENV=$(abspath $(VENV)) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.ready  ## make the virtual environment, from hash-pinned requirements

demo: setup  ## a simulated province of 35 regencies: harvested, checked, published, queried
	$(BIN)/lumbung demo $(ARGS)

test: setup  ## the tests (ARGS="-k name" chooses)
	$(BIN)/python -m pytest -n 2 -m "not long" $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

check: lint types layers test  ## lint, types, layers, tests: under ten minutes on two cores

$(CKAN_VENV)/.ready: $(VENV)/.uv requirements/ckan.lock
	$(UV) venv --quiet --clear --python $(BIN)/python $(CKAN_VENV)
	VIRTUAL_ENV=$(abspath $(CKAN_VENV)) $(UV) pip sync --quiet --require-hashes --compile-bytecode requirements/ckan.lock
	@touch $@

ckan: $(CKAN_VENV)/.ready  ## CKAN 2.12 in an environment of its own, for the tests on real portals

deploy/gateway/node_modules/.package-lock.json: deploy/gateway/package-lock.json
	cd deploy/gateway && npm ci

gateway:  ## the federation's router and composer, from npm (left out where npm is absent)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory deploy/gateway/node_modules/.package-lock.json; \
	else echo "npm is absent: tests of the router are skipped"; fi

check-all: gateway check ckan  ## also the long ones: kill series, real CKAN, work pool, the router
	LUMBUNG_CKAN_VENV=$(abspath $(CKAN_VENV)) $(BIN)/python -m pytest -m long $(ARGS)

lock: $(VENV)/.uv  ## resolve the requirements again: pins and hashes, no addresses
	$(UV) pip compile --quiet --python-version 3.11 --override requirements/overrides.txt --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements/lumbung.lock
	$(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/ckan.in -o requirements/ckan.lock
	echo 'uv' | $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate - -o requirements/bootstrap.lock

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) $(CKAN_VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
