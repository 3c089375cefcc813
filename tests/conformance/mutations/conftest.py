"""No test here waits for what a mutated answer asks to be waited for."""

import time

import pytest


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a mutated answer asks to be waited for is not waited for."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for module in ("target.target", "probe.rate_limits"):
        monkeypatch.setattr(f"conformance.{module}.LONGEST_WAIT_SECONDS", 0.1)
    monkeypatch.setattr("conformance.probe.rate_limits.RATE_LIMIT_REQUESTS", 32)
