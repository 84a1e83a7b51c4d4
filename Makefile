# Two commands do everything: `make app` and `make test`. `make help` lists the rest.
# Each step leaves a stamp in .venv only once it has succeeded: interrupt at will and run it again.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT ?= 5006
DATA ?=
WORKERS ?= 2
# PYTHON=/path/to/python3.12 chooses the Python that .venv is made with.
PYTHON ?=

BIN := .venv/bin
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

# Fixtures of a file are made once, and a notebook has one kernel; the short files come last.
BY_FILE := --dist loadfile --no-loadscope-reorder

# A browser that did not get its turn on a busy machine has another try; the summary names the test.
AGAIN := --reruns 1 --only-rerun "playwright.*TimeoutError" -rR

# pip's own output is hundreds of lines; this shows that something moves. Errors pass through.
PROGRESS = awk '/^ *Collecting|^Processing/ { n++; if (n % 25 == 0) { print "  " n " packages found"; fflush() } } \
	/^Installing collected/ { print "  unpacking"; fflush() }'

.PHONY: app
app: .venv/.installed-app  ## serve the apps on PORT=5006 (DATA=folder with the UCI files)
	@$(BIN)/jntk-viz serve --port $(PORT) $(if $(DATA),--data "$(DATA)")

.PHONY: test
test: .venv/.installed-test browser  ## run the tests and notebooks on WORKERS=2 processes
	@$(BIN)/python -m pytest -n $(WORKERS) $(BY_FILE) $(AGAIN) -m "not slow" tests \
		$(if $(NOTEBOOKS),--nbval-lax --nbval-current-env --nbval-cell-timeout=120 $(NOTEBOOKS))

.PHONY: test-pages
test-pages: .venv/.installed-test browser  ## run the slow tests: every page, preset and exported file
	@$(BIN)/python -m pytest -n $(WORKERS) $(AGAIN) -m "slow and not binder"

.PHONY: test-binder
test-binder: .venv/.installed-test browser  ## install as Binder does and open lesson and pages, with memory
	@$(BIN)/python -m pytest -s tests/project/test_binder.py

.PHONY: lab
lab: .venv/.installed-app  ## open the lessons in JupyterLab
	@$(BIN)/jntk-viz lab

.PHONY: lint
lint: .venv/.installed-test  ## check style, format and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

.PHONY: audit
audit: .venv/.installed-audit  ## look up every pinned package in the advisory database (needs internet)
	@$(BIN)/pip-audit --strict --disable-pip --no-deps --progress-spinner off -r constraints.txt

.PHONY: gallery
gallery: .venv/.installed-test browser  ## pictures of every page, light and dark, in gallery/
	@$(BIN)/python tools/screenshots.py --gallery

# neural-tangents 0.6.5, what the library is compared with, runs on Python 3.11 and old packages only.
NT := .venv-neural-tangents
PYTHON311 := $(shell command -v python3.11)

.PHONY: bench
bench: .venv/.installed-test browser $(if $(PYTHON311),$(NT)/.installed)  ## time everything; table in benchmarks/results
	@$(BIN)/python benchmarks/run.py $(if $(PYTHON311),--neural-tangents $(NT)/bin/python)

.PHONY: load
load: .venv/.installed-test browser  ## sixty visitors at once: times, failures, memory; half an hour
	@$(BIN)/python benchmarks/load.py

$(NT)/.installed: benchmarks/peer-requirements.txt
	@echo "Installing neural-tangents and TensorFlow, about 3 GB, for comparison only"
	@$(PYTHON311) -m venv $(NT)
	@$(NT)/bin/python -m pip install --progress-bar off -r benchmarks/peer-requirements.txt | $(PROGRESS)
	@touch $@

.PHONY: browser
browser: .venv/.installed-test
	@$(BIN)/python tests/browser.py --install

.PHONY: clean
clean:  ## remove the environment and every cache
	rm -rf .venv $(NT) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

.venv/.created:
	@suits() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python); do \
		if suits $$python; then break; fi; python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo "jntk_viz needs Python 3.11 or newer; found: $$($(or $(PYTHON),python3) --version 2>&1 || true)" >&2; \
		echo "Install one from https://www.python.org/downloads/ or your package manager," >&2; \
		echo "or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
		exit 1; \
	fi; \
	echo "Creating .venv with $$($$python --version)"; \
	$$python -m venv .venv || { \
		echo "That Python has no venv module. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
		exit 1; \
	}
	@touch $@

.venv/.installed-app: .venv/.created pyproject.toml constraints.txt
	@echo "Installing jntk_viz: about 400 MB and two minutes the first time"
	@$(BIN)/python -m pip install --progress-bar off -c constraints.txt -e . | $(PROGRESS)
	@touch $@
	@echo "Installed."

.venv/.installed-audit: .venv/.created constraints.txt
	@$(BIN)/python -m pip install --quiet -c constraints.txt pip-audit
	@touch $@

.venv/.installed-test: .venv/.installed-app
	@echo "Installing what the tests need"
	@$(BIN)/python -m pip install --progress-bar off -c constraints.txt -e '.[test,site]' | $(PROGRESS)
	@touch $@
	@echo "Installed."
