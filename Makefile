# Two commands: `make demo` does the main job, `make test` passes the tests. Each sets itself up.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help demo test test-newest check bench knowledge clean

help:
	@echo "make demo         record, analyse and compare a fictional app, then audit its feed; two HTML reports"
	@echo "make test         every check and test"
	@echo "make test-newest  the capture tests on the newest Python here (another mitmproxy)"
	@echo "make check        only types, style and layers"
	@echo "make bench        the benchmarks"
	@echo "make clean        remove what the others made"

$(INSTALLED)-demo: setup.cfg pyproject.toml .ci/venv
	@sh .ci/venv $(VENV) demo
	@touch $@

$(INSTALLED)-test: setup.cfg pyproject.toml .ci/venv
	@sh .ci/venv $(VENV) test
	@touch $@ $(INSTALLED)-demo

demo: $(INSTALLED)-demo
	@$(BIN)/evenhand demo
	@echo
	@echo "The same fictional app, what its feed shows (evenhand feed demo):"
	@$(BIN)/evenhand feed demo

check: $(INSTALLED)-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/evenhand knowledge check

test: check
	@sh .ci/chromium
	@sh .ci/packages
	@sh .ci/peers
	$(BIN)/python -m pytest -n 2 --dist loadfile --doctest-modules analyzer addons reports tests

# mitmproxy's line depends on the interpreter: 11.0 on 3.11, 12 on 3.12 and 3.13.
test-newest:
	@sh .ci/newest

bench: $(INSTALLED)-test
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .venv-newest evenhand-demo evenhand-feed-demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
