# Everything a fresh machine needs is set up by the targets themselves, in .venv, from the locks in requirements/.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: run test check format bench lock clean
.DEFAULT_GOAL := help
help:
	@echo "make run     the whole service at http://127.0.0.1:8000, until Ctrl-C"
	@echo "make test    the whole suite, with a private PostgreSQL and RabbitMQ"
	@echo "make check   format, lint, types, import rules, docs"
	@echo "make bench   the measurements, written to bench/results/"
	@echo "make format  put the format right"
	@echo "make lock    choose the newest versions of the dependencies anew"

run: $(VENV)/run.done
	@exec $(BIN)/picasso up

test: $(VENV)/dev.done
	@$(BIN)/python -m tests

check: $(VENV)/dev.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/docs

format: $(VENV)/dev.done
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.done
	@$(BIN)/python -m bench

$(VENV)/run.done: requirements/build.txt requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) -r requirements/build.txt
	$(PIP) --no-build-isolation -r requirements/run.txt
	@# The distribution was once called `picasso`; a second copy would register every processor twice.
	@$(BIN)/python -m pip uninstall --quiet --yes picasso 2>/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.done: requirements/dev.txt $(VENV)/run.done
	$(PIP) -r requirements/dev.txt
	@touch $@

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Picasso needs Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Hashes but no addresses: whoever installs from these files chooses the package index.
lock: $(VENV)/dev.done
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --upgrade -o requirements/run.txt --extra all pyproject.toml
	$(COMPILE) --constraints requirements/run.txt -o requirements/dev.txt --extra all --extra dev pyproject.toml
	$(BIN)/python -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["build"]))' \
		| $(COMPILE) --constraints requirements/dev.txt -o requirements/build.txt -

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/clients/js/node_modules
