# Every command of the project. On a bare machine python3 (3.11 or later), python3-venv, make and git are enough.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
unexport PYTHONDONTWRITEBYTECODE # without compiled modules a start takes twice as long

BIN := .venv/bin
# Tests mostly wait, so there are twice as many processes as a small machine has cores. Neighbours go to one process and
# share what it has loaded; who is done takes from the others.
JOBS ?= 4
KILLS ?= 1000
ARGS ?=
PYTEST := $(BIN)/python -m pytest
INPUTS := pyproject.toml requirements/uv.txt tools/install.sh src/hubbub/__init__.py

# What each set-up was made from is newer than its stamp: then it is made again.
DEV := .venv/.dev
RUN := .venv/.run

$(DEV): requirements/dev.lock $(INPUTS)
	tools/install.sh requirements/dev.lock
	@tools/browser.sh
	@touch $(DEV) $(RUN)

$(RUN): requirements/run.lock $(INPUTS)
	tools/install.sh requirements/run.lock
	@touch $(RUN)

.PHONY: help setup install run test check format lint types imports deadcode coverage crash soak fuzz fix bench deploy docs lock clean distclean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(DEV) ## install all that development needs into .venv

install: $(RUN) ## install all that running a hub needs into .venv

run: $(RUN) ## start a hub, installing what it needs first (ARGS="--port 9000")
	@$(BIN)/hubbub run $(ARGS)

test: $(DEV) ## run the tests (JOBS=4 processes, ARGS="-k name")
	$(PYTEST) -n $(JOBS) --dist worksteal -m "not slow" $(ARGS)

check: format lint types imports deadcode test ## everything that a change must pass

format: $(DEV)
	$(BIN)/ruff format --check .

lint: $(DEV)
	$(BIN)/ruff check .

types: $(DEV)
	$(BIN)/mypy

imports: $(DEV)
	$(BIN)/lint-imports

deadcode: $(DEV)
	$(BIN)/vulture

coverage: $(DEV) # crash tests run apart: a killed process reports no coverage
	@rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n $(JOBS) --dist worksteal -m "not slow and not crash" $(ARGS); failed=$$?; \
	$(BIN)/coverage combine --quiet && $(BIN)/coverage report && exit $$failed

crash: $(DEV) ## kill running hubs many times (KILLS=1000)
	HUBBUB_TEST_KILLS=$(KILLS) $(PYTEST) -m "crash and not slow" --timeout 0 $(ARGS)

soak: $(DEV) ## run the slow tests
	$(PYTEST) -m slow --timeout 0 $(ARGS)

fuzz: $(DEV) ## give every property test many more examples
	$(PYTEST) -m hypothesis --hypothesis-profile nightly --timeout 0 $(ARGS)

fix: $(DEV) ## format, and repair what the linter can
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(DEV) ## measure speed and size
	$(BIN)/python -m tests.bench $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m tests.bench.store)

deploy: ## build and start the hub on another machine (DEPLOY_HOST=user@host PORT=9090)
	@deploy/deploy.sh "$(DEPLOY_HOST)" "$(PORT)"

docs: $(DEV) ## build the documents as a site, without a network
	$(BIN)/python tools/site.py

lock: $(DEV) ## write the pins anew (ARGS=--upgrade takes the newest)
	tools/lock.sh $(ARGS)

clean: ## remove caches, reports and builds
	rm -rf build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove the virtual environment too
	rm -rf .venv
