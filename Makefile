# Targets run in the virtual environment $(VENV), made on first use, with uv where it is installed.
# `make serve` installs the mock alone; the other targets install all dependencies.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
MOCK   := $(VENV)/.mock
READY  := $(VENV)/.ready
UV     := $(shell command -v uv)

# The tests start many processes, and without kept bytecode each of them compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE

ifdef UV
MAKE_VENV := $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
INSTALL   := $(UV) pip install --python $(BIN)/python
else
MAKE_VENV := $(PYTHON) -m venv $(VENV)
INSTALL   := $(BIN)/pip install --disable-pip-version-check --no-compile
endif

.PHONY: install demo serve sdk-verdict judged test lint types unit violence bench bench-check \
	bench-harness bench-stores \
	bench-contracts bench-peers bench-neighbour bench-keys bench-journal bench-exercise bench-growth bench-shards bench-fuzz soak audit \
	lock vendored pictures wheel release clean

# Both commands, with all extras, in .venv/bin.
install: $(READY)

# Start the mock, drive it with the official SDK and with Schemathesis, print the verdict.
demo: $(READY)
	$(BIN)/python -m demo $(ARGS)

# Run the mock until Ctrl-C: make serve ARGS="--port 9000"
serve: $(MOCK)
	$(BIN)/dinie-mock serve $(ARGS)

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy
	for system in win32 darwin; do $(BIN)/mypy --platform $$system \
		$(addprefix -p ,dinie_contract openapi mock_server conformance) || exit 1; done

unit: $(READY)
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)

# Kill workers under load and count the resources: make violence ARGS="--store redis --kills 5"
violence: $(READY)
	$(BIN)/python -m tests.violence $(ARGS)

# Judge the vendor's SDK under every fault, and write docs/sdk.md.
sdk-verdict: $(READY)
	$(BIN)/python -m demo.sdk_verdict

# Install published idempotency libraries, judge each, and write docs/judged.md: ten minutes.
judged: $(READY)
	$(BIN)/python -m tests.published $(ARGS)

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

# Whether a change has made anything slower than benchmarks/limits.toml allows: under two minutes.
bench-check: $(READY)
	$(BIN)/python -m benchmarks.check

bench-harness: $(READY)
	$(BIN)/python -m benchmarks.harness

# The start with large contracts, beside Prism: ARGS="FILE…".
bench-contracts: $(READY)
	$(BIN)/python -m benchmarks.contracts $(ARGS)

# The mock beside Prism, Mockoon and openapi-backend of npm: ARGS="FOLDER" with its node_modules.
bench-peers: $(READY)
	$(BIN)/python -m benchmarks.peers $(ARGS)

# The latency of a quiet partner beside a busy one.
bench-neighbour: $(READY)
	$(BIN)/python -m benchmarks.neighbour

# The cost of the ten thousandth idempotency key, beside that of the first one.
bench-keys: $(READY)
	$(BIN)/python -m benchmarks.keys

# Scrolling through the journal's page with 10,000 rows, beside 100.
bench-journal: $(READY)
	$(BIN)/python -m benchmarks.journal_page

# All presets of exercise in a row, and at the same time: about three minutes.
bench-exercise: $(READY)
	$(BIN)/python -m benchmarks.exercise

# What a pair of requirement and operation, a request and a start cost with 4 to 4,000 operations: five minutes.
bench-growth: $(READY)
	$(BIN)/python -m benchmarks.growth

# Findings of two shards over one Redis, and of one campaign in twice the time: about seven minutes.
bench-shards: $(READY)
	$(BIN)/python -m benchmarks.shards $(ARGS)

# The cost of a request of a campaign, beside plain Schemathesis.
bench-fuzz: $(READY)
	$(BIN)/python -m benchmarks.fuzz $(ARGS)

wheel: $(READY)
	$(BIN)/python -m build --no-isolation --outdir dist

# Release a version, if the tree is clean and all tests pass: make release VERSION=1.2.3
release: $(READY)
	$(BIN)/python release.py --check $(VERSION)
	$(MAKE) test ARGS=--thorough
	$(BIN)/python release.py $(VERSION)

# Each store with one worker and two, and with 100 to 100,000 credentials: about ten minutes.
bench-stores: $(READY)
	$(BIN)/python -m benchmarks.stores $(ARGS)

# Memory under a long load, which must stay bounded: make soak ARGS="--minutes 60"
soak: $(READY)
	$(BIN)/python -m benchmarks.soak $(ARGS)

# Check the pinned dependencies for known holes; it fails where the database cannot be reached.
audit:
	$(PYTHON) -m venv $(VENV)-audit
	$(VENV)-audit/bin/pip install --disable-pip-version-check --quiet pip-audit
	$(VENV)-audit/bin/pip-audit --strict --disable-pip --requirement requirements.txt

# Make the pictures of the README from the running product.
pictures: $(READY)
	$(BIN)/python -m demo.pictures

# Fetch the packages of npm whose files are kept here, as their packages.toml say.
vendored: $(READY)
	$(BIN)/python vendor.py

# Pin all dependencies with hashes, for all supported Pythons.
lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --extra editable $(LOCK) -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements.txt $(LOCK) \
		-o requirements-dev.txt
	$(BIN)/uv pip compile pyproject.toml --extra editable --extra conformance \
		-c requirements-dev.txt $(LOCK) -o requirements-conformance.txt

LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade \
	--quiet

$(MOCK): requirements.txt pyproject.toml
	$(MAKE_VENV)
	$(INSTALL) --require-hashes -r requirements.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(READY): requirements-dev.txt $(MOCK)
	$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
