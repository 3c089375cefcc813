"""A start looks through a contract in bounded time; the rest is looked at beside the requests."""

import asyncio
import itertools
from typing import Any

import pytest

from mock_server.documented import looking_through
from mock_server.documented.answers import DocumentedAnswers
from openapi.contract import Contract
from openapi.errors import ContractError

COUNT = 10


def flawed(first: int = 0) -> Contract:
    """A contract whose operations have answers that cannot be made, from one of them on."""
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths(first)}
    return Contract(document)


def paths(first: int) -> dict[str, Any]:
    kinds = ["string" if at < first else "strin" for at in range(COUNT)]
    contents = [{"application/json": {"schema": {"type": kind}}} for kind in kinds]
    return {
        f"/a{at}": {"get": {"responses": {"200": {"description": "d", "content": content}}}}
        for at, content in enumerate(contents)
    }


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The paths of the flaws that were told since the last call."""
    monkeypatch.setattr(looking_through, "_SECONDS_BEFORE", 0)
    monkeypatch.setattr(looking_through, "_PAUSES", 0)

    def since() -> list[str]:
        found = [
            one.message.split("/")[2] for one in caplog.records if "is not served" in one.message
        ]
        caplog.clear()
        return found

    return since


def each_takes(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0, seconds)
    monkeypatch.setattr(
        "mock_server.documented.looking_through.time.thread_time", lambda: next(clock)
    )


def test_a_small_contract_is_looked_through_at_the_start(told: Any) -> None:
    DocumentedAnswers(flawed())
    assert told() == [f"~1a{at}" for at in range(COUNT)]


def test_the_rest_is_looked_at_beside_the_requests(
    told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_takes(0.02, monkeypatch)
    found = DocumentedAnswers(flawed())
    assert told() == ["~1a0", "~1a1", "~1a2"]
    asyncio.run(found.look_on())
    assert told() == [f"~1a{at}" for at in range(3, COUNT)]


def test_a_costly_operation_hides_no_flaw_of_the_next_ones(
    told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_takes(20, monkeypatch)
    found = DocumentedAnswers(flawed())
    assert told() == ["~1a0"]
    asyncio.run(found.look_on())
    assert told()[:3] == ["~1a1", "~1a2", "~1a3"]


def test_a_strict_start_looks_at_all(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    each_takes(20, monkeypatch)
    with pytest.raises(ContractError, match="~1a9"):
        DocumentedAnswers(flawed(COUNT - 1), strict=True)
    assert told() == []
