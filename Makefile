# The commands of the README. Each makes what it needs: the virtual environment .venv with the pinned
# packages. `make help` lists them.

PYTHON ?= python3.11
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export DVC_NO_ANALYTICS := 1
PIP := .venv/bin/pip install --quiet --disable-pip-version-check

.PHONY: help repro match app smoke test test-faults lint compare recordings bench requirements clean

help: ## these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

repro: .venv/installed ## all results, from rendered loops to the report (see README for the time)
	python -m stages.project.command
	python -m stages.repro

match: .venv/installed ## two loops to try drc-match on, and drc-match on them (2 min with set-up)
	python -m siamese_drc.app.examples build/match
	drc-match build/match/drums.wav build/match/other-drums-compressed.wav \
		build/match/result.wav --plot build/match/picture.svg

app: .venv/installed-app ## drc-match as a web page on this machine
	drc-app

smoke: .venv/installed-dev ## the whole pipeline at smoke scale, in a temporary folder (5 min)
	python -m tests.pipeline.smoke

test: .venv/installed-dev lint ## linters and all tests (10 min on 2 cores)
	pytest -n auto --no-loadscope-reorder

test-faults: .venv/installed-dev ## kills, power failures and damaged files, all of them (1 hour)
	pytest tests/faults --all-faults -s

lint: .venv/installed-dev ## ruff and mypy (1 min)
	ruff check .
	ruff format --check .
	mypy

compare: .venv/installed ## do the metrics made on this machine agree with the committed ones?
	python -m stages.compare

recordings: .venv/installed ## the pipeline on real recordings (Debian or Ubuntu, after `apt-get update`; up to an hour)
	python -m experiments recordings

bench: .venv/installed-bench ## how fast each heavy step is beside other programs (10 min)
	python -m benchmarks

.venv/installed: requirements.txt pyproject.toml
	@test -x .venv/bin/pip || command -v $(PYTHON) >/dev/null || \
		{ echo "$(PYTHON) is not installed: install Python 3.11, or name one, as in make PYTHON=python3.12" >&2; exit 1; }
	@test -x .venv/bin/pip || $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "$(PYTHON) is $$($(PYTHON) --version 2>&1): install Python 3.11, 3.12 or 3.13, or name one, as in make PYTHON=python3.11" >&2; exit 1; }
	@test -x .venv/bin/pip || $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv: on Debian or Ubuntu, apt-get install $(notdir $(PYTHON))-venv" >&2; exit 1; }
	test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	$(PIP) -r requirements.txt
	$(PIP) --no-deps --editable .
	touch $@

.venv/installed-app: .venv/installed requirements-app.txt
	$(PIP) -r requirements-app.txt
	touch $@

.venv/installed-dev: .venv/installed-app requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	touch $@

.venv/installed-bench: .venv/installed-dev requirements-bench.txt
	$(PIP) -r requirements-bench.txt
	touch $@

# Pin anew what pyproject.toml asks for, on Python 3.11 (needs pip-tools).
COMPILE = pip-compile --quiet --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	--no-header --no-strip-extras --annotation-style=line
requirements: ## pin the packages anew (needs pip-tools)
	$(COMPILE) --extra pipeline --output-file requirements.txt pyproject.toml
	$(COMPILE) --extra app --constraint requirements.txt --output-file requirements-app.txt \
		pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.txt --constraint requirements-app.txt \
		--output-file requirements-dev.txt pyproject.toml

clean: ## remove what tests and builds left; data, models and results stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache *.egg-info
