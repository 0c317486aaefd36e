# Two doors: `make demo` runs the product with all that it needs, `make test` runs every test. `make help` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/sh

.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/embedded ## Run everything with sample data until Ctrl-C (CPOR_PORT, CPOR_DATA_DIR move it aside)
	@$(BIN)/cpor up --sample

dev: .venv/embedded ## Like demo, and start the web anew when a file changes
	@$(BIN)/cpor up --sample --reload

test: .venv/test ## Run every test; those of the browser where Chromium is found
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

explore: .venv/test ## Let the property tests try examples that no run tried before (TIMES=5)
	for time in $$(seq $(or $(TIMES),5)); do \
		$(BIN)/python -m pytest -n 2 -q -m hypothesis --hypothesis-profile=explore $(ARGS) || exit 1; \
	done

check: .venv/dev lint test ## Run every check: style, types, imports, translations, tests

lint: .venv/dev ## Run the checks that need no server
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## Put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: .venv/test ## Let chance work and break a running installation for MINUTES=3, and count what must be zero (SEED=…, MACHINES=2)
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),3) --machines $(or $(MACHINES),1) $(if $(SEED),--seed $(SEED))

drill: .venv/test ## Lose the machine and restore it from a backup, fill its disks, leave it without mail for a day (minutes)
	$(BIN)/python -m pytest -q -o python_files='drill_*.py' tests/drill $(ARGS)

bench: .venv/test ## Measure the program against the limit of this machine, in the same minutes (NAMES="deny page", JSON=file)
	@$(BIN)/python -m bench $(NAMES) $(if $(JSON),--json $(JSON))

security: .venv/test .venv/scanners ## Let wapiti and sqlmap loose on a sample of its own, as each kind of user; with clamd (minutes; SECONDS=10)
	$(BIN)/python -m tests.security --seconds $(or $(SECONDS),10)

mutants: .venv/dev ## Change the rules and the links one by one, and see that a test notices (minutes; docs/mutants.md)
	rm -rf mutants
	nice $(BIN)/mutmut run
	$(BIN)/mutmut results

screenshots: .venv/test ## Take the README's pictures anew, of a sample of their own
	$(BIN)/python -m tests.looks.screenshots

validate: .venv/test ## Put every page before the Nu HTML checker (needs npx and Java)
	$(BIN)/python -m tests.looks.markup

lighthouse: .venv/test ## Have Lighthouse judge the main pages (needs npx and Chromium)
	$(BIN)/python -m tests.looks.lighthouse

words: .venv/dev ## Collect every sentence for translation, and bring each language up to date with them
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ -k _l --ignore-dirs ".*" --no-location --sort-output --project cpor-web \
		-o cpor_web/translations/messages.pot .
	$(BIN)/pybabel -q update -i cpor_web/translations/messages.pot -d cpor_web/translations \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

requirements: .venv/dev ## Pin what the project stands on anew
	for extra in embedded test dev; do \
		$(BIN)/uv pip compile pyproject.toml --extra $$extra $(COMPILE) -o requirements/$$extra.txt || exit 1; \
	done
	$(BIN)/uv pip compile pyproject.toml $(COMPILE) -o requirements/base.txt

COMPILE := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

clean: ## Remove what can be made again (not the demo's data)
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache mutants build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=…")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

TRANSLATIONS := $(wildcard cpor_web/translations/*/LC_MESSAGES/*.po)

# Apart from what the project stands on: nothing here imports them.
.venv/scanners: | .venv/bin/uv
	$(BIN)/uv venv --quiet --python $(BIN)/python $@
	$(BIN)/uv pip install --quiet --python $@/bin/python wapiti3==3.2.3 sqlmap==1.10.10

.venv/%: requirements/%.txt pyproject.toml $(TRANSLATIONS) | .venv/bin/uv
	$(BIN)/uv pip install --quiet --require-hashes -r $<
	$(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

.PHONY: help demo dev test explore check lint format soak drill bench security mutants screenshots validate lighthouse words requirements clean
