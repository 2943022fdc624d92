# Latent Loupe: `make run` and `make test` do all the set-up on a fresh Debian or Ubuntu machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
NATIVE_SOURCES := $(shell find cuda_ext/csrc -type f)

.PHONY: setup run test bench lint format clean system system-test
.DEFAULT_GOAL := run

system:
	@sh .ci/system-packages run

system-test:
	@sh .ci/system-packages test

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: setup.py pyproject.toml constraints.txt $(NATIVE_SOURCES) | $(VENV)/bin/python
	@echo "Installing libraries and building the native kernels: the first time takes minutes."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@

setup: system
	@$(MAKE) --no-print-directory $(VENV)/.installed

run: setup
	$(BIN)/loupe $(ARGS)

lint: system-test
	@$(MAKE) --no-print-directory $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest $(ARGS)

bench: system-test
	@$(MAKE) --no-print-directory $(VENV)/.installed-test
	$(BIN)/python -m tests.benchmarks $(ARGS)

format: system-test
	@$(MAKE) --no-print-directory $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache $(VENV)
	find cuda_ext -name '*.so' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
