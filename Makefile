# dualtune: `make serve` and `make test` set everything up the first time. ARGS="..." is handed on.

.DEFAULT_GOAL := help
.PHONY: help serve demo test lint lock clean

DEVICE ?= $(shell nvidia-smi --list-gpus >/dev/null 2>&1 && echo gpu || echo cpu)
export PYTHON
BIN := .venv/bin

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

serve: ## serve on 127.0.0.1:8000; DEVICE=cpu|gpu overrides what is found
	@requirements/install $(DEVICE) dualtune
	@$(BIN)/dualtune serve $(ARGS)

demo: ## three tasks in a sample workspace, on the server that runs, or on one for the time of the demo
	@requirements/install $(DEVICE) dualtune
	@$(BIN)/dualtune demo $(ARGS)

test: ## run the tests
	@requirements/install $(DEVICE) dualtune dev
	@$(BIN)/python -m server.embedded >/dev/null
	$(BIN)/pytest $(ARGS)

lint: ## check format, style and types
	@requirements/install $(DEVICE) dualtune dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy toolsets adapters server training evaluation tests

# A list keeps its versions unless ARGS says otherwise: ARGS=--upgrade, or ARGS="--upgrade-package NAME".
# Only versions that have a wheel for every system with glibc 2.31 or later: nothing is compiled at set-up.
COMPILE = cd requirements && ../$(BIN)/uv pip compile --quiet --python-version 3.11 \
	--python-platform x86_64-manylinux_2_31 --only-binary :all: \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(ARGS)

lock: ## compile the requirement lists again
	@requirements/install $(DEVICE) dualtune dev
	$(COMPILE) gpu.in --override overrides.txt -o gpu.txt >/dev/null
	$(COMPILE) cpu.in --override overrides.txt --override overrides-cpu.txt -c gpu.txt -o cpu.txt >/dev/null
	$(COMPILE) dev.in -c gpu.txt -c cpu.txt -o dev.txt >/dev/null

clean: ## remove the environment and what tools left; the model cache stays
	rm -rf .venv build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
