# Everything runs in its own virtual environment, made on first use.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo serve sdk-verdict test lint types unit violence bench bench-harness bench-stores \
	bench-neighbour bench-keys bench-shards bench-fuzz soak lock wheel clean

# Start the mock, drive it with the official SDK and with Schemathesis, print the verdict.
demo: $(READY)
	$(BIN)/python -m demo $(ARGS)

# Leave the mock running: make serve ARGS="--port 9000"
serve: $(READY)
	$(BIN)/dinie-mock serve $(ARGS)

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)

# Kill workers under load and count what is there: make violence ARGS="--store redis --kills 5"
violence: $(READY)
	$(BIN)/python -m tests.violence $(ARGS)

# Judge the vendor's SDK under every fault and write docs/sdk.md.
sdk-verdict: $(READY)
	$(BIN)/python -m demo.sdk_verdict

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

bench-harness: $(READY)
	$(BIN)/python -m benchmarks.harness

# How a quiet partner is served beside one that hammers.
bench-neighbour: $(READY)
	$(BIN)/python -m benchmarks.neighbour

# Whether the ten thousandth idempotency key costs what the first one does.
bench-keys: $(READY)
	$(BIN)/python -m benchmarks.keys

# What two shards over one Redis find, beside one campaign in twice the time: about seven minutes.
bench-shards: $(READY)
	$(BIN)/python -m benchmarks.shards $(ARGS)

# What a request of a campaign costs, beside plain Schemathesis.
bench-fuzz: $(READY)
	$(BIN)/python -m benchmarks.fuzz $(ARGS)

wheel: $(READY)
	$(BIN)/python -m build --no-isolation --outdir dist

# Each store with one worker and two, and with 100 to 100,000 credentials: about ten minutes.
bench-stores: $(READY)
	$(BIN)/python -m benchmarks.stores $(ARGS)

# Whether memory stays bounded: make soak ARGS="--minutes 60"
soak: $(READY)
	$(BIN)/python -m benchmarks.soak $(ARGS)

# Pin every dependency again, with hashes, for all supported Pythons.
lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --upgrade --quiet -o requirements.txt

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
