# The commands of the README. Each sets up what it needs: the virtual environment .venv with the
# pinned packages, made by pip alone.

PYTHON ?= python3.11
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export DVC_NO_ANALYTICS := 1

.PHONY: repro match smoke test lint compare recordings bench app requirements clean

repro: .venv/installed
	dvc repro

# Two loops to try the tool on, and the tool on them: README.md, "Match".
match: .venv/installed
	python -m stages.match.example_pairs build/match
	python -m stages.match build/match/drums.wav build/match/other-drums-compressed.wav \
		build/match/result.wav --plot build/match/picture.svg

# The same tool as a web page on this machine.
app: .venv/installed-app
	python -m stages.match.app

# The whole pipeline at smoke scale, in a temporary folder: your results stay as they are.
smoke: .venv/installed-dev
	python -m tests.pipeline.smoke

test: .venv/installed-dev lint
	pytest -n auto --no-loadscope-reorder

lint: .venv/installed-dev
	ruff check .
	ruff format --check .
	mypy

# Do the metrics of this machine agree with the committed ones?
compare: .venv/installed
	python -m stages.report.compare

# From real recordings to forests (Debian or Ubuntu, after `apt-get update`): recordings/README.md.
recordings: .venv/installed
	python -m recordings.debian

# How fast each heavy step is beside what is usual.
bench: .venv/installed-bench
	python -m benchmarks

.venv/installed: requirements.txt
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/installed-app: .venv/installed requirements-app.txt
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-app.txt
	touch $@

.venv/installed-dev: .venv/installed-app requirements-dev.txt
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

.venv/installed-bench: .venv/installed-dev requirements-bench.txt
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	touch $@

# Pin anew what requirements*.in ask for (needs pip-tools).
requirements:
	pip-compile --quiet --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
		--no-strip-extras --annotation-style=line --output-file requirements.txt requirements.in
	pip-compile --quiet --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
		--no-strip-extras --annotation-style=line --output-file requirements-app.txt requirements-app.in
	pip-compile --quiet --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
		--no-strip-extras --annotation-style=line --output-file requirements-dev.txt requirements-dev.in

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache
