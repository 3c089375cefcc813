"""Fixtures for tests of kept items."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.mock_server.clients import Client, ManualClock, serve

PARTNERS = (
    Partner("partner_a", "a", "secret-a", "token-a"),
    Partner("b", "b", "secret-b", "token-b"),
)

Start = Callable[..., Client]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`client = start(document, stateless=True)`: a mock of a contract, with two partners."""
    with ExitStack() as stack:

        def start_one(document: dict[str, Any], **settings: Any) -> Client:
            path = tmp_path / "contract.json"
            path.write_text(json.dumps(document))
            whole = Settings(contract=path, **{"partners": PARTNERS, **settings})
            return stack.enter_context(serve(whole, ManualClock()))

        yield start_one


def made_and_shown(start: Start, document: dict[str, Any], path: str, item: str) -> Any:
    """What a POST with a name makes at ``path``, as GET shows it at ``item``."""
    client = start(document)
    made = client.post(f"/v1{path}", json={"name": "Rex"})
    assert made.status_code in {200, 201}, made.text
    shown = client.get(f"/v1{item}")
    assert shown.status_code == 200, shown.text
    assert "Rex" in shown.text
    return shown.json()
