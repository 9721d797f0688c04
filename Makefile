# make run, make test: the two commands.  `make help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HIGH := MOCKSMTP_LISTENERS__SMTP__PORT=2525 MOCKSMTP_LISTENERS__SMTPS__PORT=4650 MOCKSMTP_LISTENERS__SUBMISSION__PORT=5870
COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header
CONFIG ?= config/mocksmtp.yaml

# What lasts (the CA and its keys, mail.db) is kept in ./data, as in /data in the image, unless the file names a place.
NAMED := $(shell grep -shE '^data: *[^ ]' $(CONFIG) $(CONFIG)/mocksmtp.yaml | grep -v ': *null')
DATA := $(if $(NAMED),,MOCKSMTP_DATA="$${MOCKSMTP_DATA-data}")

.DEFAULT_GOAL := help
.PHONY: help run test check unit bench image lock schema

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(BIN)/mocksmtp ## serve config/mocksmtp.yaml on 25, 465 and 587; PORTS=high: 2525, 4650, 5870
	@$(if $(filter high,$(PORTS)),$(HIGH)) $(DATA) exec $(BIN)/python -m mocksmtp serve --config $(CONFIG)

test: $(VENV)/.dev ## run all tests; those of the image and of real peers only where these are
	@marks=""; \
	without() { marks="$$marks$${marks:+ and }not $$1"; echo "without $$2"; }; \
	docker info >/dev/null 2>&1 || without container "the image: no Docker engine answers"; \
	command -v chromedriver >/dev/null || without browser "a browser: Debian has it as chromium chromium-driver"; \
	[ -d "$${PEERS_DIR:-/opt/mocksmtp-peers}" ] || without peers "real peers: tests/e2e/peers/install installs them"; \
	$(BIN)/pytest -m "$$marks"

unit: $(VENV)/.dev ## run the tests that need neither network nor engine
	$(BIN)/pytest -m "not container and not e2e and not browser"

check: $(VENV)/.dev ## format, lint, types, and tests (real peers too) with coverage of the pure rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/coverage run -m pytest -m "not container and not browser"
	$(BIN)/coverage report --include='mocksmtp/smtp/*,mocksmtp/faults/*,mocksmtp/rules/*,mocksmtp/config/*' --fail-under=95 --skip-covered

bench: $(VENV)/.bench ## compare with smtp-sink and aiosmtpd, and measure what keeping, durability and waiting cost; writes bench/results
	$(BIN)/python bench/run.py

image: ## build the container image
	docker build -t mocksmtp .

lock: $(VENV)/.dev ## write the locks anew
	$(BIN)/$(COMPILE) pyproject.toml -o requirements.txt
	$(BIN)/$(COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(BIN)/$(COMPILE) pyproject.toml --group bench -c requirements.txt -o requirements-bench.txt

schema: $(VENV)/.runtime ## write config/mocksmtp.schema.json anew
	$(BIN)/python -m mocksmtp schema > config/mocksmtp.schema.json

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mocksmtp needs Python 3.11 or newer; name one with PYTHON=python3.x"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp for each lock: installing is done again only when the lock changed.
$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# The command, run from this directory: what is changed here takes effect at its next start.
$(BIN)/mocksmtp: $(VENV)/.runtime
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/mocksmtp.pth"
	@printf '#!%s\nfrom mocksmtp.cli import main\n\nmain(prog_name="mocksmtp")\n' "$(CURDIR)/$(BIN)/python" > $@
	@chmod 755 $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
