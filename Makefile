# Everything works on a fresh clone: what is missing is installed first, in this folder only
# (`provision` aside, which needs root and installs Debian packages that only the tests use).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# On a build machine nothing may be skipped; set it to 0 to skip what your machine lacks.
export ITSCAM_REQUIRE_ALL ?= 1

.PHONY: help demo test faults check build bench bench-accuracy bench-tracker evidence venv dashboard provision lock format clean

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 12

demo: venv dashboard ## Build, then start a site with simulated streets; prints its address and password
	@unset ITSCAM_REQUIRE_ALL; exec $(BIN)/itscam demo

test: provision check ## Everything that must hold: checks and all tests
	@$(BIN)/python tools/run_tests.py

faults: venv dashboard provision ## The fault tests in full: 500 kills, 500 power cuts, all I/O faults, long outages
	@ITSCAM_TEST_FAULTS=full $(BIN)/python -m pytest -q -s -o faulthandler_timeout=1800 tests/faults $(ARGS)

check: venv dashboard ## Lint, format, types, floors, and the dashboard's own checks
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted; run: make format" >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/mypy --no-error-summary --explicit-package-bases --exclude '/test_' \
	  tools bench/cameras bench/eight_cameras.py bench/accuracy.py bench/recording.py tests/support tests/conftest.py
	@$(BIN)/lint-imports --no-logo 2>&1 >.cache/lint-imports.log || { cat .cache/lint-imports.log; exit 1; }
	@tools/dashboard.sh run check
	@echo "check: all good."

format: venv ## Put Python and TypeScript sources into shape
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .
	@tools/dashboard.sh run format

build: venv dashboard ## Build the package (wheel and sdist) into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build -d dist

bench: venv dashboard provision ## Eight cameras on this machine, beside ffmpeg
	@$(BIN)/python -m bench.eight_cameras $(ARGS)

bench-accuracy: venv ## Score detection, tracking and counting on real clips; fails on a regression
	@$(BIN)/python -m bench.accuracy $(ARGS)

bench-tracker: venv ## The tracker's identity and cost, beside three peers in an environment of their own
	@$(BIN)/python -m bench.tracker_accuracy $${ITSCAM_TEST_DATA:-../shared/data} --json bench/results/tracker-accuracy.json
	@$(BIN)/python -m bench.tracker_cost --json bench/results/tracker-cost.json $(ARGS)

evidence: venv dashboard provision ## Run the proof of every requirement that is called done
	@$(BIN)/python tools/evidence.py

venv: $(STAMP) ## Make the virtual environment with the locked packages

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed." >&2; exit 1; }
	@echo "venv: installing the locked packages"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

dashboard: venv ## Build the dashboard where its sources changed
	@tools/dashboard.sh

provision: ## Install the Debian packages that the tests need (as root)
	@tools/provision.sh

lock: ## Raise the locked versions of all packages
	@tools/lock.sh

clean: ## Remove everything that was built, installed or cached here
	@rm -rf $(VENV) dist .cache .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
	  .hypothesis web/node_modules src/its_camera_ai/api/static
