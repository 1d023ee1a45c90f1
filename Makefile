# Every verb works from a fresh checkout: it sets up what it needs first, and that is free the second time.
PYTHON ?= python3
PY     := .venv/bin/python
ARGS   ?=
CATALOG := var/run/catalog.jsonl
UNITS  := var/run/units.jsonl
# Minutes of faults; QUICK=1 is over in ten minutes, start and judgement included.
faults: MINUTES ?= $(if $(SOAK),60,$(if $(QUICK),5,30))
fuzz: MINUTES ?= 5

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-lint demo up down status link admin logs test pictures e2e faults hostile fuzz lint types imports javascript fmt bench rules plans limits letters cli lock clean distclean

help:  ## show this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## install what the system needs (repeatable, offline the second time)
	@$(PYTHON) deploy/bootstrap.py run

setup-test:
	@$(PYTHON) deploy/bootstrap.py test

setup-lint:
	@$(PYTHON) deploy/bootstrap.py lint

demo: setup  ## the whole chain once, shown step by step (ONCE=1: end with the scenario)
	@$(PY) -m deploy.demo $(if $(ONCE),--once) $(ARGS)

up: setup  ## start Kafka, Postgres and all services in the background (EMPTY=1: without the example)
	@$(PY) -m deploy.local up $(if $(EMPTY),--empty) $(ARGS)

down:  ## stop them
	@test ! -x $(PY) || $(PY) -m deploy.local down

status:  ## what runs, where, and whether it is ready
	@test -x $(PY) && $(PY) -m deploy.local status || { test -x $(PY) || echo "not set up yet: run make up"; exit 1; }

link: setup  ## a one-time address that signs a browser in (OFFICER=id, default: the district's duty officer)
	@$(PY) -m deploy.local link $(OFFICER)

admin: setup  ## a one-time address for the first administrator of an empty stack (NAME=name UNIT=division code)
	@$(PY) -m deploy.local admin $(OFFICER) $(if $(NAME),--name "$(NAME)") $(if $(UNIT),--unit "$(UNIT)")

logs:  ## follow the logs of everything
	@tail -n 20 -F var/log/*.log

test: setup-test  ## all tests, with the real Kafka and Postgres, in two processes (ARGS="-n 0": in one)
	@$(PY) -m pytest tests -n 2 $(ARGS)

pictures: setup-test  ## make the pictures of the guides (docs/pictures) with a browser
	@GUIDE_PICTURES=1 $(PY) -m pytest tests/browser/test_guide_pictures.py -q $(ARGS)

e2e: setup  ## only the tests on the real stack
	@$(PY) -m pytest tests -m e2e $(ARGS)

faults: setup  ## break the real stack, everything doubled, for MINUTES=30 and judge it (QUICK=1, SOAK=1, SEED=n, NEMESES="kill freeze")
	@$(PY) -m tests.faults.suite --minutes $(MINUTES) $(if $(SOAK),--soak) $(if $(SEED),--seed $(SEED)) $(if $(NEMESES),--only "$(NEMESES)") $(ARGS)

hostile: setup  ## hostile input over every door and topic of a real stack (INPUTS=100000, SEED=n)
	@$(PY) -m tests.faults.hostile --inputs $(or $(INPUTS),100000) $(if $(SEED),--seed $(SEED)) $(ARGS)

fuzz: setup  ## decoders under libFuzzer, on Linux (DECODER=record, MINUTES=5 for each, ARGS="--keep")
	@.venv/bin/uv pip install --quiet --require-hashes -r tests/faults/fuzz/requirements.lock
	@$(PY) -m tests.faults.fuzz $(DECODER) --minutes $(MINUTES) $(ARGS)

bench: setup  ## measure, not part of the tests (ONLY=scoring|command|console|catalog|doors|quality|throughput, ARGS="--quick")
	@$(PY) -m tests.bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

rules: setup $(CATALOG)  ## check, test, explain, backtest, plot, publish rules (ARGS="check")
	@FENGHUO_CATALOG=$(CATALOG) $(PY) -m deploy.commands.rules $(if $(ARGS),$(ARGS),--help)

limits: setup $(CATALOG)  ## check, show and publish limits (ARGS="check", ARGS="show 500118118000")
	@FENGHUO_UNITS=$(UNITS) $(PY) -m deploy.commands.limits $(if $(ARGS),$(ARGS),--help)

plans: setup $(CATALOG)  ## check and explain response plans (ARGS="check", ARGS="explain 11A01 red 500118118000")
	@FENGHUO_UNITS=$(UNITS) $(PY) -m deploy.commands.plans $(if $(ARGS),$(ARGS),--help)

letters: setup  ## list, show, correct, replay dead letters (ARGS="list --reason schema"); see docs/dead-letters.md
	@$(PY) -m deploy.commands.letters $(if $(ARGS),$(ARGS),--help)

cli: setup  ## the console's API on the command line (ARGS="list alerts --open"); see docs/cli.md
	@$(PY) -m deploy.commands.console $(if $(ARGS),$(ARGS),--help)

$(CATALOG): $(wildcard deploy/example/*.py deploy/example/*.csv)
	@$(PY) -m deploy.example.catalog $(CATALOG) $(UNITS)

lint: setup-lint types imports javascript  ## style, types, import rules, OpenAPI, no addresses of package indexes
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m deploy.hygiene
	@$(PY) -m deploy.vocabulary
	@$(PY) -m openapi_spec_validator tests/contract/openapi/*.json

types: setup-lint  ## mypy, strict
	@$(PY) -m mypy

javascript: setup-lint  ## types, rules and format of the console's scripts
	@$(PY) -m deploy.javascript check

imports: setup-lint  ## which part may import which
	@.venv/bin/lint-imports

fmt: setup-lint  ## format, and repair what can be repaired
	@$(PY) -m ruff check --fix-only .
	@$(PY) -m ruff format .
	@$(PY) -m deploy.javascript format

lock: setup-lint  ## compile the dependencies of pyproject.toml into requirements.lock
	@.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --quiet --all-extras --group dev pyproject.toml -o requirements.lock
	@.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --quiet --group pyproject.toml:fuzz -o tests/faults/fuzz/requirements.lock

clean: down  ## remove what runs left behind: data, logs, demo
	@rm -rf var/run var/data var/demo var/test var/log .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

distclean: clean  ## also the environment and the caches (the next start needs the network)
	@rm -rf var .venv deploy/javascript/node_modules
