# `make run` opens the app, `make site` writes it as static files, `make test` checks everything. Both start from a bare python3 >= 3.11.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run site test check soak screenshots clean

run: .venv/run
	$(BIN)/voila techni.ipynb

site: .venv/dev
	$(BIN)/python -m gradient.publish site

test: check
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/javascript/check.sh

soak: .venv/dev
	sh tests/install_firefox.sh
	$(BIN)/python -m pytest -m soak
	$(BIN)/python -m tests.soak.fuzz_wasm --programs 10000 --seed 0

screenshots: .venv/dev
	$(BIN)/python -m benchmarks.screenshots

clean:
	rm -rf .venv

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
