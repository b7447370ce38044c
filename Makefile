# Every target starts from a fresh machine with git, make and Python 3.11 or newer. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run examples site test check newest soak screenshots clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: .venv/run ## serve the notebook with Voilà and open a browser
	$(BIN)/voila techni.ipynb

examples: .venv/run ## serve the notebooks of examples/ with Voilà and open a browser
	PYTHONPATH="$(CURDIR)" $(BIN)/voila examples

site: .venv/dev ## write the page as static files to site/
	$(BIN)/python -m gradient.publish site

test: check ## run all checks and all tests
	$(BIN)/python -m pytest -n 2

check: .venv/dev ## check style, types, JavaScript, and the links and figures in the documents
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/javascript/check.sh
	$(BIN)/rumdl check
	$(BIN)/python -m pytest -q tests/test_documents.py

newest: .venv/dev ## run the tests with the newest releases of all requirements, in an environment of their own
	$(PYTHON) -m venv --clear .venv-newest
	cat requirements.txt requirements-dev.txt | sed 's/==.*//' > .venv-newest/requirements.txt
	.venv-newest/bin/python -m pip install --quiet --disable-pip-version-check -r .venv-newest/requirements.txt
	@echo "Newer than what is pinned:"
	@.venv-newest/bin/python -m pip freeze | grep -iE "^($$(sed 's/==.*//' requirements*.txt | paste -sd'|'))==" \
	  | grep -vixF -f requirements.txt -f requirements-dev.txt || echo "nothing"
	.venv-newest/bin/python -m pytest -n 2 --deselect tests/test_deployment.py::test_requirements_are_pinned_to_what_is_tested

soak: .venv/dev ## run the long tests: random programs, attacks, crowds, a cluster, two more browsers (an hour)
	sh tests/install_browsers.sh
	$(BIN)/python -m pytest -m soak
	$(BIN)/python -m tests.soak.fuzz_wasm --programs 10000 --seed 0

screenshots: .venv/dev ## take the pictures of the documents again
	$(BIN)/python -m benchmarks.screenshots
	$(BIN)/python -m benchmarks.contact_sheet

clean: ## remove the environments
	rm -rf .venv .venv-newest

.venv/run: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Techni needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: .venv/run requirements-dev.txt tests/install_browser.sh tests/javascript/package-lock.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/install_browser.sh
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix tests/javascript --silent --no-audit --no-fund
	touch $@
