# Two commands matter: `make run` and `make test`. A machine with Python 3.11+, git and make is enough for both.

# One environment, .venv, whatever else is activated; an interpreter that our dependencies have wheels for.
unexport VIRTUAL_ENV
export UV_PYTHON ?= >=3.11,<3.15
UV := .ci/uv
IN_VENV := $(UV) run --no-sync --quiet

.DEFAULT_GOAL := help
.PHONY: help run test cms-test bench chaos power lint setup setup-run up

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup-run ## set everything up, clean the demo stories, show what happened
	@$(IN_VENV) cleancopy run $(ARGS)

test: setup ## set everything up, run the linters and all tests
	@$(IN_VENV) ruff check --quiet .
	@$(IN_VENV) ruff format --check --quiet .
	@$(IN_VENV) mypy --no-error-summary
	@said=$$($(IN_VENV) lint-imports --no-logo) || { echo "$$said"; exit 1; }
	@$(IN_VENV) pytest -n 2 --dist loadgroup $(ARGS)

cms-test: setup ## clean stories in real CMSs: installs and starts them on loopback (the first time takes minutes) (ARGS="-k ghost")
	@CLEANCOPY_CMS_TEST=1 $(IN_VENV) pytest tests/cms $(ARGS)

bench: setup ## measure on the benchmarks in ../shared, beside the baselines (ARGS="--only stories --errors 20")
	@$(IN_VENV) python -m tests.bench $(ARGS)

chaos: setup ## kill publishers at every point, thousands of times: nothing lost, twice or stale (ARGS="--seed 7 --postgresql")
	@$(IN_VENV) python -m tests.chaos $(ARGS)

power: setup ## take the power from ledger, files and receiver while they work: what was promised is there (a quarter of an hour)
	@$(IN_VENV) python -m tests.durability $(ARGS)

lint: setup ## the linters alone; puts the layout right
	@$(UV) lock --check --quiet
	@$(IN_VENV) ruff format --quiet .
	@$(IN_VENV) ruff check .
	@$(IN_VENV) mypy
	@$(IN_VENV) lint-imports

up: setup-run ## bring up server, UI, schedules and webhook on this machine
	@$(IN_VENV) cleancopy up

setup: ## everything needed to work on cleancopy, into .venv
	@[ -d .venv ] || echo "Setting up .venv (the first time takes a minute or two) ..." >&2
	@$(UV) sync --frozen --quiet

# Only what runs, without the developer's tools; --inexact leaves those alone where they are already.
setup-run:
	@[ -d .venv ] || echo "Setting up .venv (the first time takes a minute or two) ..." >&2
	@$(UV) sync --frozen --quiet --no-dev --inexact
