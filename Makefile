# Everything runs in .venv, made from the lock files with Python 3.11 or newer.
PYTHON := $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
DEMO := demo-registry

# The certificates that the machine trusts, where it keeps them in the usual place; else those that uv brings.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
endif

.PHONY: demo test test-duckdb2 app api lint format lock bench clean
.DEFAULT_GOAL := demo

demo: .venv/ready ## build a registry from generated birth care, run everything, say what was found
	@rm -rf $(DEMO)
	@$(BIN)/meetlat demo $(DEMO)

test: .venv/ready-dev ## all tests; those on real records, in a browser or in LibreOffice are skipped, visibly, where absent
	$(BIN)/pytest -n 2 --dist loadfile

app: .venv/ready $(DEMO) ## open the pages on the demo registry
	$(BIN)/meetlat --registry $(DEMO) app

api: .venv/ready $(DEMO) ## serve the API on the demo registry
	$(BIN)/meetlat --registry $(DEMO) api

$(DEMO):
	@$(MAKE) demo

lint: .venv/ready-dev ## style, types of the pure packages, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/ready-dev ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-duckdb2: $(UV) ## the tests of the registry and the pages on DuckDB 2
	$(UV) venv --quiet --clear --python $(BIN)/python .venv-duckdb2
	echo "duckdb==2.0.0" > .venv-duckdb2/override.txt
	$(UV) pip install --quiet --python .venv-duckdb2/bin/python --override .venv-duckdb2/override.txt \
		--group dev --editable .
	.venv-duckdb2/bin/pytest -n 2 --dist loadfile tests/registry_db tests/app

bench: .venv/ready-dev ## measure speed against a peer in the same run
	$(BIN)/python -m benchmarks

lock: $(UV) ## renew the lock files from pyproject.toml
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		pyproject.toml --group build -o requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		pyproject.toml --group build --group dev -o requirements-dev.lock

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else 0'
	@echo "making .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/ready: $(UV) requirements.lock pyproject.toml
	@$(INSTALL) --require-hashes --requirements requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-dev: $(UV) requirements-dev.lock pyproject.toml
	@$(INSTALL) --require-hashes --requirements requirements-dev.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ .venv/ready

clean: ## remove what can be made again
	rm -rf .venv $(DEMO) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
