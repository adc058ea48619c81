# Everything starts from a fresh clone with Python 3.11 or newer and make; each target makes what it needs.

PYTHON ?= python3
BIN = .venv/bin

# What one test process has compiled is there for the next: compiling takes each seven seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-postgres attack bench check check-postgres lint cover tools servers docs lock clean

help:  ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/ready  ## Start spk at http://127.0.0.1:8000, with its data in ./data
	$(BIN)/spk serve

test: tools  ## Run all tests, with real browsers, nginx and Redis too
	$(BIN)/pytest

test-postgres: tools  ## Run all tests with PostgreSQL as the database
	TEST_DATABASE=postgresql $(BIN)/pytest

attack: tools  ## Kill, fill, lock and race a running spk, for some minutes; needs root for one part
	$(BIN)/pytest --numprocesses=0 tests/attack

bench: tools  ## Measure what a request costs, in spk and its peers, for twenty minutes; needs root once
	sh bench/install.sh
	$(BIN)/python -m bench.instructions
	$(BIN)/python -m bench.growth
	$(BIN)/python -m bench.readers
	$(BIN)/python -m bench.speed

check: lint test  ## Run what CI runs: linters, types, all tests

check-postgres: tools  ## Run with PostgreSQL what talks to the database most
	TEST_DATABASE=postgresql $(BIN)/pytest -m "not any_database" \
		tests/models tests/api/test_rights.py tests/api/test_credentials.py

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive spk wsgi.py migrations
	# Not what is vendored or locked, whose hashes are known; --no-verify asks nobody whether a secret works.
	git ls-files -z ':!static/vendor' ':!*.lock' ':!*.png' | xargs -0 $(BIN)/detect-secrets-hook --no-verify

cover: tools  ## Run all tests with coverage, branches too; fails below 95 %
	$(BIN)/python -m slipcover --json --out .coverage -m pytest -p slipcover.pytest_plugin
	$(BIN)/python -m slipcover --fail-under 95 --out .coverage --merge .coverage

tools: servers .venv/ready-dev
	sh tests/install-browser.sh
	sh tests/install-clients.sh

servers:  # of their own, as they need nothing that pip installs meanwhile
	sh tests/install-services.sh

docs: .venv/ready  ## Write docs/configuration.md anew from the code
	$(BIN)/spk config --markdown > docs/configuration.md

# Extras stay in a lock: one without them leaves pip to ask again which version an extra needs.
COMPILE = $(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --upgrade
# A lock is installed whole, as it is: nothing is resolved anew, and `pip check` says whether something is missing.
# Python compiles what it imports; pip would take ten seconds to compile the rest, too.
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps

lock: .venv/ready-dev  ## Write the lock files anew, with the newest versions that fit
	$(COMPILE) --extra build setup.cfg -o requirements.lock
	$(COMPILE) --extra build --extra dev setup.cfg -o requirements-dev.lock
	for folder in tests/clients tests/clients/clashing tests/deploy bench/peers/*/; do \
		test ! -f $$folder/requirements.txt || $(COMPILE) $$folder/requirements.txt -o $$folder/requirements.lock || exit; \
	done

clean:  ## Remove the environment and what tests and tools leave; keeps ./data
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .coverage test-results *.egg-info

.venv/ready: requirements.lock setup.cfg
	$(make_environment)
	$(INSTALL) --require-hashes -r requirements.lock
	$(install_spk)
	touch $@

# What tests and linters need takes pip a minute, and uv, which pip installs first, three seconds.
# Where uv can't have it, because only pip was told of a mirror, pip goes on.
.venv/ready-dev: requirements-dev.lock setup.cfg
	$(make_environment)
	awk '/^uv==/, /[^\\]$$/' requirements-dev.lock > .venv/uv.lock
	$(INSTALL) --require-hashes -r .venv/uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-dev.lock || \
		$(INSTALL) --require-hashes -r requirements-dev.lock
	$(install_spk)
	touch .venv/ready $@  # it has all that spk itself needs

define make_environment
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "spk needs Python 3.11 or newer.")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
endef

define install_spk
	$(INSTALL) --no-build-isolation -e .
	$(BIN)/pip check --disable-pip-version-check
endef
