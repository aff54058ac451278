# Each target works on a fresh machine with Python 3.11 or later, make and pip. POKERVOD_VENV moves the environment.

PYTHON ?= python3
POKERVOD_VENV ?= .venv
BIN := $(POKERVOD_VENV)/bin
STAMP := $(POKERVOD_VENV)/.installed

.PHONY: run test test-long dev check bench setup clean
.DEFAULT_GOAL := run

run: setup  ## Sync what is configured, or a sample archive
	@$(BIN)/pokervod sync
	@echo 'next: `. $(BIN)/activate`, then `pokervod clips list` and'
	@echo '      `pokervod --help`; or `make dev`'

test: $(STAMP)  ## Run the tests in parallel, against databases that they make
	@$(BIN)/python -m pytest $(ARGS)

test-long: $(STAMP)  ## Run all tests at full size: chaos, laws, demonstrations
	@POKERVOD_TEST_LONG=1 $(BIN)/python -m pytest -m '' $(ARGS)

dev: setup  ## Run the database, Dagster UI, daemon and a render worker together
	@$(BIN)/pokervod dev

check: $(STAMP)  ## Check format, lint, types and import rules
	$(BIN)/ruff format --check pokervod_pipelines pokervod_pipelines_tests
	$(BIN)/ruff check pokervod_pipelines pokervod_pipelines_tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(STAMP)  ## Measure this machine
	@$(BIN)/python -m pokervod_pipelines_tests.bench $(ARGS)

setup: $(STAMP)
	@$(BIN)/pokervod setup >/dev/null

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("PokerVOD needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(POKERVOD_VENV) || \
	    ($(PYTHON) -m pip install --quiet virtualenv && $(PYTHON) -m virtualenv --quiet $(POKERVOD_VENV))
	@echo "installing the pinned dependencies into $(POKERVOD_VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -oE '^uv==[^ ]+' requirements.lock)" \
	    && $(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock \
	    || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    --no-build-isolation -e .
	@touch $@

clean:  ## Remove the environment; keep the data under .pokervod
	rm -rf $(POKERVOD_VENV)
