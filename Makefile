# The targets install everything they need, from the locks in requirements/, into virtual environments in this folder.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet \
	--no-emit-package picasso-client
INSTALL = -m pip install --quiet --disable-pip-version-check
UV = $(BIN)/uv pip install --quiet --python
PIP = $(BIN)/python $(INSTALL) --require-hashes

# What `make test-lowest` and `make test-newest` run; RANGE_TESTS=tests runs everything.
RANGE_TESTS ?= tests/unit tests/contract tests/flow $(wildcard $(addprefix tests/live/test_,$(addsuffix .py,\
	upload files tus draft raw asgi_servers)))

.PHONY: run test test-all coverage check format docs elements bench lock vendor test-lowest test-newest release clean
.DEFAULT_GOAL := help
help:
	@echo "make run          start the whole service at http://127.0.0.1:8000; Ctrl-C stops it"
	@echo "make test         run all tests, with a private PostgreSQL and RabbitMQ; of the longest ones a sample"
	@echo "make test-all     run all tests, and the longest ones in full"
	@echo "make coverage     run all tests and report the branches that ran; fail if they are too few"
	@echo "make check        check format, lint, types, import rules and docs"
	@echo "make format       format the code"
	@echo "make docs         build the documentation site in site/"
	@echo "make elements     build the elements for pages from clients/js/elements; needs Node"
	@echo "make bench        run the benchmarks; the results are in bench/results/"
	@echo "make lock         update the locks in requirements/ to the newest versions"
	@echo "make vendor       build the libraries that pages load, from the versions that tools/vendor names; needs Node"
	@echo "make test-lowest  test with the lowest versions that pyproject.toml allows"
	@echo "make test-newest  test with the newest versions that pyproject.toml allows"
	@echo "make release      build wheels, sdists, image and SBOM in dist/"
	@echo "make clean        remove the virtual environments and caches"

run: $(VENV)/run.done
	@exec $(BIN)/picasso up

test: $(VENV)/dev.done
	@$(BIN)/python -m tests

test-all: $(VENV)/dev.done
	@PICASSO_TEST_ALL=1 PYTEST_TIMEOUT=600 $(BIN)/python -m tests

coverage: $(VENV)/dev.done
	@$(BIN)/python -m tests.measure

check: docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/lint-imports --config clients/python/pyproject.toml
	$(BIN)/python -m pytest -q tests/docs

docs: $(VENV)/dev.done
	$(BIN)/zensical build --clean --strict

elements: $(VENV)/dev.done
	@$(BIN)/python -m tests.clients.elements

format: $(VENV)/dev.done
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.done
	@$(BIN)/python -m bench

$(VENV)/run.done: requirements/build.txt requirements/run.txt pyproject.toml clients/python/pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Picasso needs into $(VENV): about 700 MB, one to two minutes ..."
	@$(PIP) -r requirements/build.txt
	@$(PIP) --no-build-isolation -r requirements/run.txt
	@# The distribution was once called `picasso`; a second copy would register every processor twice.
	@$(BIN)/python -m pip uninstall --quiet --yes picasso 2>/dev/null
	@$(BIN)/python $(INSTALL) --no-deps --no-build-isolation --editable clients/python --editable .
	@touch $@

$(VENV)/dev.done: requirements/dev.txt $(VENV)/run.done
	@echo "Installing what the tests need into $(VENV): about 300 MB, up to a minute ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Picasso needs Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

vendor:
	npm ci --prefix tools/vendor --ignore-scripts --no-audit --no-fund
	node tools/vendor/build.mjs

# The locks have hashes but no addresses: whoever installs from them chooses the package index. The client is a folder here,
# so it is in no lock, but what it needs is. lowest.txt has the lowest
# versions of what Picasso itself needs, and for everything else the newest versions that fit.
lock: $(VENV)/dev.done
	$(COMPILE) --upgrade -o requirements/run.txt --extra all pyproject.toml
	$(COMPILE) --upgrade --constraints requirements/run.txt -o requirements/dev.txt --extra all --extra dev pyproject.toml
	$(COMPILE) --upgrade --constraints requirements/dev.txt -o requirements/build.txt --group build
	$(COMPILE) --upgrade -o requirements/release.txt --group release
	$(COMPILE) --upgrade --resolution lowest-direct -o $(VENV)/lowest.txt --extra all pyproject.toml
	$(COMPILE) --upgrade --constraints $(VENV)/lowest.txt -o requirements/lowest.txt --extra all --extra dev pyproject.toml

test-lowest: .venv-lowest/done
	@.venv-lowest/bin/python -m pytest -q $(RANGE_TESTS)

.venv-lowest/done: requirements/build.txt requirements/lowest.txt pyproject.toml clients/python/pyproject.toml | $(VENV)/dev.done
	@$(PYTHON) -m venv --clear --without-pip $(@D)
	$(UV) $(@D)/bin/python --require-hashes --requirement requirements/build.txt
	$(UV) $(@D)/bin/python --require-hashes --no-build-isolation --requirement requirements/lowest.txt
	@$(UV) $(@D)/bin/python --no-deps --no-build-isolation --editable clients/python --editable .
	@touch $@

# Without a lock: whatever the package index has today.
test-newest: $(VENV)/dev.done
	@$(PYTHON) -m venv --clear --without-pip .venv-newest
	$(UV) .venv-newest/bin/python --upgrade --editable '.[all,dev]'
	@.venv-newest/bin/python -m pytest -q $(RANGE_TESTS)

release: $(VENV)/run.done .venv-release/done
	@deploy/release $(BIN)/python .venv-release/bin/cyclonedx-py

.venv-release/done: requirements/release.txt
	@$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python $(INSTALL) --require-hashes -r requirements/release.txt
	@touch $@

clean:
	rm -rf $(VENV) .venv-lowest .venv-newest .venv-release dist site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache tests/clients/js/node_modules
