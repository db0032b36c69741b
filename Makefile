# make data   environment, build, and a summary of what was built and how to load it
# make test   the tests, but for those that are marked slow; CI runs these too
PYTHON ?= python3
BIN := .venv/bin
SECONDS ?= 60

.PHONY: data test slow fuzz screen kill deaths flips reproduce lint validate cff schema clean
.DEFAULT_GOAL := data

data: .venv/ready ## build data/processed/<version>
	$(BIN)/python build_dataset.py

test: .venv/ready ## run the tests on all cores, but for the slow ones
	$(BIN)/python -m pytest -n auto -m "not slow"

slow: .venv/ready ## run the tests that take longest
	$(BIN)/python -m pytest -n auto -m slow

fuzz: .venv/ready ## spoil bytes for SECONDS and validate what comes out
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

screen: .venv/ready ## spoil 100,000 bundles, and hold the screen of level 2 against Pydantic
	$(BIN)/python -m tests.screen --mutants 100000

kill: .venv/ready ## kill 200 builds, and look at what they leave
	$(BIN)/python -m tests.kill --kills 200

deaths: .venv/ready ## kill workers of 40 builds, and look whether the release is the same
	$(BIN)/python -m tests.deaths --tries 20

flips: .venv/ready ## change 2,000 single bytes of the newest release, and verify it
	$(BIN)/python -m tests.flips --tries 2000

reproduce: ## build the newest published release anew, from the commit that published it, and compare
	.ci/reproduce

lint: .venv/ready ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

validate: .venv/ready ## check the raw files, and that derived files are fresh
	$(BIN)/python build_dataset.py validate
	$(BIN)/python build_dataset.py derive --check

cff: .venv/cff/ready ## check CITATION.cff, the repo's and that of every release
	set -e; for file in CITATION.cff data/processed/*/CITATION.cff; do .venv/cff/bin/cffconvert --validate --infile $$file; done

schema: .venv/ready ## renew what is derived: docs, JSON Schemas, CITATION.cff, the head of README.md
	$(BIN)/python build_dataset.py derive

clean: ## remove what make made, never a release
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The versions are those of constraints.txt, so that a build gives the same bytes everywhere.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,lint,bench]'
	touch .venv/ready

.venv/cff/ready: .ci/cffconvert.txt
	$(PYTHON) -m venv .venv/cff
	.venv/cff/bin/python -m pip install --quiet --disable-pip-version-check --requirement .ci/cffconvert.txt
	touch .venv/cff/ready
