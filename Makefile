# Everything a developer or a machine runs. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
# Files stay together: some start a console and share it among their tests.
PYTEST := $(BIN)/pytest -n auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run test check bench faults faults-long e2e env audit clean setup setup-dev setup-browser

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Set up and start everything: one address to open
	@exec $(BIN)/python -m console up

test: setup-browser ## Set up and run the whole suite
	@$(PYTEST) -m "not heavy and not long"

check: setup-browser ## Format, lint, types, imports, templates, container files, then the suite
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --lint --quiet templates
	@$(BIN)/bandit -q -ll -c pyproject.toml -r console
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	@$(PYTEST) -m "not heavy and not long"

bench: setup-dev ## Measure speed against floors of the same run; writes bench/results.json
	@$(BIN)/python -m bench

faults: setup-dev ## Kill, cut and flood: the reliability tests, ten thousand cases each
	@$(BIN)/pytest --hypothesis-profile=faults -m "(faults or heavy or hypothesis) and not long"

faults-long: setup-dev ## The same for what takes minutes
	@$(BIN)/pytest --hypothesis-profile=faults -m "faults or heavy or hypothesis or long"

e2e: setup-browser ## The tests that drive a real browser
	@$(BIN)/pytest -m e2e

env: setup ## Write .env.example from the settings
	@$(BIN)/python scripts/env_example.py

audit: setup-dev ## Look the pinned packages up among the known vulnerabilities (asks pypi.org)
	@$(BIN)/pip-audit --progress-spinner off -r requirements.txt

clean: ## Remove what can be made again; var/ (your data) stays
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* htmlcov var/test
	@find console tests bench scripts migrations -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -L .venv ]; then rm .venv; else rm -rf .venv; fi

setup:
	@$(PYTHON) scripts/setup.py

setup-dev: setup
	@$(PYTHON) scripts/setup.py dev

setup-browser: setup-dev
	@$(PYTHON) scripts/setup.py dev browser
