# Every target works as the first command after a clone: it makes .venv with what it needs, once.
#   make trial      conduct the example trial and write its report to out/eliana.html
#   make test       ruff, mypy, doctests, tests, property tests and the quick validation
#   make PYTHON=... names the interpreter to use (3.11, 3.12 or 3.13)

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := $(VENV)/.peers
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --retries 10
NAMES := python3.13 python3.12 python3.11 python3
# A name on the PATH may be a shim that fails when it runs, so each candidate is run before it is chosen.
USABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

.PHONY: trial test lint docs bench selftest lock clean

trial: $(READY)
	@mkdir -p out
	$(BIN)/autologue trial eliana --out out/eliana.html

test: lint
	$(BIN)/python -m pytest --quiet --doctest-modules src
	$(BIN)/python -m pytest tests properties validation

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy --strict src

docs: $(READY)
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html docs docs/_build/html
	@echo "The documentation is at docs/_build/html/index.html"

bench: $(PEERS)
	@set -e; for script in benchmarks/[a-z]*.py; do \
	  if [ -f "$$script" ]; then echo "== $$script"; $(BIN)/python "$$script"; else echo "No benchmark is in benchmarks/."; fi; \
	done

selftest: $(READY)
	$(BIN)/autologue selftest

lock: $(VENV)/pyvenv.cfg
	$(PIP) install uv
	$(BIN)/uv pip compile pyproject.toml --group pyproject.toml:build --extra report --extra sensitivity --extra cluster --extra test --extra docs \
	  --universal --python-version 3.11 --upgrade --no-annotate --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) build dist docs/_build docs/models docs/validation docs/reference/commands.md docs/reference/speed.md .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests properties validation docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@usable() { "$$1" -c '$(USABLE)' >/dev/null 2>&1; }; \
	found=; \
	if [ -n "$(PYTHON)" ]; then \
	  if usable "$(PYTHON)"; then found="$(PYTHON)"; fi; \
	else \
	  IFS=:; for name in $(NAMES); do for folder in $$PATH; do \
	    if [ -z "$$found" ] && [ -x "$$folder/$$name" ] && usable "$$folder/$$name"; then found="$$folder/$$name"; fi; \
	  done; done; unset IFS; \
	fi; \
	if [ -z "$$found" ]; then \
	  echo "No usable Python among $(or $(PYTHON),$(NAMES)): autologue needs Python 3.11, 3.12 or 3.13 with its venv module" \
	    "(on Debian and Ubuntu: python3-venv); install one, or name yours with 'make PYTHON=/path/to/python3.11'." >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version) ($$found)"; \
	"$$found" -m venv --clear $(VENV)

$(READY): $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	@echo "Installing the locked packages into $(VENV): one to two minutes, only this once"
	@$(PIP) install --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(PEERS): $(READY)
	@command -v gfortran >/dev/null || { echo "The benchmarks compare with numbalsoda, which is built from source: install gfortran and a C++ compiler" \
	  "(on Debian and Ubuntu: gfortran and g++), then run 'make bench' again." >&2; exit 1; }
	@echo "Installing the peers that the benchmarks compare with: one to two minutes, only this once"
	@$(PIP) install --constraint requirements.lock --editable '.[bench]'
	@touch $@
