# Everything a checkout needs: `make demo`, `make test`. Only Python 3.11 or newer with pip and
# venv is expected; all else goes into .venv.

PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?=
PROOF_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A real homeserver for the long suites, apart from our own packages: its ranges may not fit ours.
SYNAPSE := .venv-synapse
SYNAPSE_READY := $(SYNAPSE)/.ready
SYNAPSE_WANTED := examples/chatbridge-matrix/tests/requirements-synapse.txt
# The extras whose packages are locked: what a deployed bridge runs with.
LOCKED := cli keyring metrics server
LOCK_ARGS ?=
ADAPTERS := $(patsubst %/pyproject.toml,%,$(wildcard adapters/*/pyproject.toml))

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help install demo play test heavy synapse lint types faults proof bench docs lock sbom clean

help:
	@echo "make demo    show a conversation between a customer and an agent, with no account"
	@echo "make play    write as a customer and answer as an agent, on a local web page"
	@echo "make heavy   style, types and all tests (PYTEST_ARGS=... is handed to pytest)"
	@echo "make synapse install the homeserver that some long tests talk to, before make heavy"
	@echo "make test    the same without the long suites, in a few minutes"
	@echo "make faults  write the tables of faults and of figures anew"
	@echo "make proof   try to break it for days, on all cores; stop it and go on at any time"
	@echo "             (PROOF_ARGS=--status: what is done; '--only M3 --minutes 30': a part)"
	@echo "make bench   measure speed, memory and disk, in six minutes (BENCH_ARGS=--quick: two)"
	@echo "make docs    build the documentation as a site, build/docs/index.html"
	@echo "make lock    write requirements.lock anew; LOCK_ARGS=--upgrade takes newer packages"
	@echo "make sbom    write the bill of materials, sbom.cdx.json, from requirements.lock"
	@echo "make clean   remove .venv and what the tools left behind"
	@echo "PYTHON=python3.12 make ...   takes another interpreter than python3"

install: $(READY)

$(READY): pyproject.toml requirements-dev.txt $(ADAPTERS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make PYTHON=python3.11" >&2; \
		exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt -e '.[all]' $(ADAPTERS:%=-e ./%)
	@touch $@

demo: $(READY)
	$(BIN)/chatbridge demo

play: $(READY)
	$(BIN)/chatbridge playground --example --open

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

test: lint types
	$(BIN)/pytest -q -n 2 $(PYTEST_ARGS)

# Where Synapse is not installed, its tests say that they were skipped.
heavy:
	$(MAKE) test PYTEST_ARGS="--heavy --dist worksteal $(PYTEST_ARGS)"

synapse: $(SYNAPSE_READY)

$(SYNAPSE_READY): $(SYNAPSE_WANTED)
	test -x $(SYNAPSE)/bin/python || $(PYTHON) -m venv $(SYNAPSE)
	$(SYNAPSE)/bin/python -m pip install --quiet -r $(SYNAPSE_WANTED)
	@touch $@

faults: $(READY)
	$(BIN)/python tests/faults/table.py
	$(BIN)/python tests/faults/scoreboard.py

proof: $(READY)
	$(BIN)/python -m tests.proof $(PROOF_ARGS)

bench: $(READY)
	$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

docs: $(READY)
	$(BIN)/sphinx-build -q -W --keep-going -n -b html -d build/docs-read -c docs . build/docs
	@echo "build/docs/index.html"

# Without the places that packages come from: these are the reader's own choice.
lock: $(READY)
	$(BIN)/uv pip compile --quiet pyproject.toml $(LOCKED:%=--extra %) --python $(BIN)/python \
		--python-version 3.11 --universal --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links $(LOCK_ARGS) --output-file requirements.lock

sbom: $(READY)
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml \
		--mc-type library --output-reproducible --of JSON --output-file sbom.cdx.json

clean:
	rm -rf $(VENV) $(SYNAPSE) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
