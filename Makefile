# Short commands for work in a clone; `make` lists them. They use .venv where there is one.
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BIN = $(if $(findstring /,$(PYTHON)),$(dir $(PYTHON)))

.PHONY: help test fast lint generate docs docs-test pictures bench
help:
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/:/'

test: ## the whole suite (T=tests/gate or a file: a part of it)
	$(PYTHON) -m pytest $(T)

fast: ## all but the slow tests
	$(PYTHON) -m pytest -m "not slow" $(T)

lint: ## linters, types, import contracts, docstrings
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)mypy
	$(BIN)lint-imports
	$(BIN)interrogate --quiet perfgate

generate: ## lists in the JSON Schemas and the reference of docs/configuration.md, from the tables in the code; what the pages install
	$(PYTHON) tests/docs/generate.py

docs: ## the site of the documentation, strictly, into build/site (needs the extra `docs`)
	$(BIN)zensical build --strict --clean

docs-test: ## the commands and pages of the documentation, run as a reader would
	$(PYTHON) -m pytest tests/docs

pictures: ## what people see of every situation, into build/pictures, and those of docs/images (needs chromium, cmark-gfm, npm)
	npm install --no-save --silent --prefix build/npm github-markdown-css@5
	$(PYTHON) tests/pictures/make.py build/pictures --styles build/npm/node_modules/github-markdown-css --docs

bench: ## what perfgate itself costs
	for bench in tests/benchmarks/bench_*.py; do $(PYTHON) $$bench || exit 1; done
