# Each target sets up what it needs; nothing here asks for more than git, make and Python 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test soak goldens messages check bench format semantic constraints clean

demo: $(READY)
	@$(BIN)/newsletter demo

test: $(READY)
	$(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal

# New examples for every property, and hundreds of runs of senders that are killed, each told by its seed.
# SOAK="--runs 5 --seed 42" makes it shorter, or plays runs again.
soak: $(READY)
	$(BIN)/pytest -q -n auto --maxprocesses 8 -m hypothesis --hypothesis-profile=soak --timeout=3600
	$(BIN)/python -m tests.soak $(SOAK)

# After an intended change of a mail; read the difference before you commit it.
goldens: $(READY)
	REFRESH_GOLDENS=1 $(BIN)/pytest -q tests/render/test_goldens.py

# After a changed sentence: every catalogue in subscribers/locale is brought up to the code and the templates.
# NEW=fr begins another language.
messages: $(READY)
	@$(BIN)/python -m tests.messages $(NEW)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	@for name in daily collect match tasting summaries render sign deliver web; do $(BIN)/python -m benchmarks.$$name || exit 1; done

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The extra for matching by meaning: large, so nothing else asks for it. What constraints.txt pins stays
# as it is there; its hashes are left out, for pip wants them for all packages or for none.
semantic: $(READY)
	@sed -n 's/^\([a-z0-9][^\\]*\)\\$$/\1/p' constraints.txt > $(VENV)/versions.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -r constraints-semantic.txt -c $(VENV)/versions.txt
	@$(BIN)/python -m pip check

# Needs uv on the PATH; only whoever changes a dependency runs it.
constraints:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --quiet --custom-compile-command "make constraints" \
	  --output-file constraints.txt

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Paperround needs Python 3.11 or later; PYTHON=/path/to/python3.11 make ... names one."; exit 1; }
	@echo "Setting up $(VENV); the first time takes a minute or two ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
