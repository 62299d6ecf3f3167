# Each target sets up what it needs, once. `make generate` needs Python 3.11 or newer, and nothing else.

BIN := .venv/bin
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$each && break; done)

.DEFAULT_GOAL := help
.PHONY: bench check generate help lint prove test

generate: .venv/installed  ## Render every file from the specs
	$(BIN)/victor-mon generate
	$(BIN)/victor-mon schema --out specs/victor-mon.schema.json
	$(BIN)/victor-mon schema --reference --out specs/README.md

check: .venv/installed  ## Compare every rendered file with its spec
	$(BIN)/victor-mon check

test: .venv/installed-test  ## Run the tests; ARGS="-k name" picks some
	$(BIN)/python tests/programs.py
	$(BIN)/python -m pytest $(ARGS)

prove: SEED := $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
prove: .venv/installed-test  ## Run every derived case, mutate the rules, break the compiler, draw new inputs: minutes
	$(BIN)/python tests/programs.py
	$(BIN)/python -m pytest --prove -rP tests/rule_tests $(ARGS)
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=seeded --hypothesis-seed=$(SEED)
	$(BIN)/python -m tests.fuzz --seconds 60 --seed $(SEED)

lint: .venv/installed-dev  ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-test  ## Measure the commands and their growth
	$(BIN)/python -m tests.benchmarks

help:  ## List these targets
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

.venv/created:
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' || { \
		echo 'Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.11' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo 'Python has no venv; on Debian or Ubuntu: apt-get install python3-venv' >&2; exit 2; }
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/installed: .venv/created pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/installed-test .venv/installed-dev: .venv/installed-%: .venv/created pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch .venv/installed $@
