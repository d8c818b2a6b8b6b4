# Everything happens in .venv; nothing is installed elsewhere, and only `make test`, as root, may add strace and tmux.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# A copied or moved tree is set up anew: an editable install points at the folder it was made in.
HERE := $(firstword $(shell pwd | cksum))
PLAY := $(VENV)/play-$(HERE)
DEV := $(VENV)/dev-$(HERE)
CATALOGUES := $(wildcard levels/locale/*/LC_MESSAGES/*.po)
PIP_INSTALL := $(RUN) -m pip --disable-pip-version-check install --quiet --no-warn-script-location

.PHONY: play test lint texts texts-check bench par tools clean

play: $(PLAY)
	@$(RUN) -m zcquest

# Two at a time: most tests wait for processes. A file stays together, so that what it sets up is set up once.
test: $(DEV) tools
	@$(RUN) -m pytest -q -n 2 --dist loadfile

lint: $(DEV)
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m ruff format --check --quiet . || { echo "not formatted: run '$(RUN) -m ruff format .'" >&2; exit 1; }
	@$(RUN) -m mypy --no-error-summary
	@$(RUN) $(VENV)/bin/lint-imports --no-logo
	@$(RUN) tools/texts.py check

texts: $(DEV)
	@$(RUN) tools/texts.py update

texts-check: $(DEV)
	@$(RUN) tools/texts.py check

bench: $(DEV)
	@$(RUN) -m bench.run

par: $(DEV)
	@$(RUN) -m zcquest.levels.par

# Some tests watch the game from outside, with strace and tmux. Missing: skipped, and pytest says so; failed when CI is set.
tools:
	@missing=; for tool in strace tmux; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	test -n "$$missing" || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing$$missing for the tests"; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; } >/dev/null \
	    && exit 0; \
	fi; \
	echo "Not found:$$missing. The tests that need it are skipped (Debian, Ubuntu: sudo apt install$$missing)."

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache snapshot_report.html
	rm -f levels/locale/*/LC_MESSAGES/*.mo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PLAY): pyproject.toml hatch_build.py $(CATALOGUES) $(RUN)
	@echo "Setting up $(VENV) (first time, or after an update)"
	@$(PIP_INSTALL) -e .
	@touch $@

$(DEV): pyproject.toml hatch_build.py $(CATALOGUES) $(RUN)
	@echo "Setting up $(VENV) for development (first time, or after an update)"
	@$(PIP_INSTALL) -e '.[dev]'
	@touch $@ $(PLAY)

$(RUN):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here. zcquest needs Python 3.11 to 3.14." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
	    echo "zcquest needs Python 3.11 to 3.14, and $(PYTHON) is $$($(PYTHON) -V)." >&2; \
	    echo "Name another one: make play PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	    echo "$(PYTHON) cannot make virtual environments: venv or ensurepip is missing." >&2; \
	    echo "Debian, Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
