"""What the start says of a contract: what is kept, and the request to begin with."""

from typing import Any

import pytest

from mock_server.app import create_app
from mock_server.cli.announcement import announcement
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from openapi.recognition import Collections
from tests.mock_server.kept.contracts import answer, contract, obj, operation, pets, text

NOTHING = "Kept items     none"
MADE = answer(obj("ref", ref=text()))


def said(document: dict[str, Any] | None, **settings: Any) -> str:
    read = Contract.bundled() if document is None else Contract(document)
    partners = (Partner("p", "p", "s", "token"),)
    return announcement(read, "http://127.0.0.1:1", Settings(partners=partners, **settings))


def lone(path: str, **more: Any) -> dict[str, Any]:
    made = operation({"201": MADE}, obj("name", name=text()), **more)
    return {path: {"post": {**made, "security": [{"bearer": []}]}}}


@pytest.mark.parametrize(
    ("document", "is_said"),
    [
        (None, False),
        (pets(), False),
        (contract(lone("/runs")), True),
        (contract({"/runs": {"get": operation({"200": MADE})}}), False),
    ],
)
def test_it_says_where_nothing_is_kept(document: dict[str, Any] | None, *, is_said: bool) -> None:
    assert (NOTHING in said(document)) == is_said
    assert NOTHING not in said(document, stateless=True)


def test_the_start_reads_the_collections_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Contract(pets())
    built: list[Contract] = []
    begin = Collections.__init__

    def counted(self: Collections, contract: Contract, apart: frozenset[str]) -> None:
        built.append(contract)
        begin(self, contract, apart)

    monkeypatch.setattr(Collections, "__init__", counted)
    settings = Settings(partners=(Partner("p", "p", "s", "token"),))
    announcement(read, "http://127.0.0.1:1", settings)
    create_app(settings, contract=read)
    assert built == [read]


def keyed(path: str, **more: Any) -> dict[str, Any]:
    """A contract with credentials at a path, and with pets."""
    made = answer(obj("client_id", "client_secret", client_id=text(), client_secret=text()))
    create = operation({"201": made}, obj("name", name=text()), security=[{"bearer": []}], **more)
    return contract(
        {path: {"post": create}, **pets()["paths"]}, Pet=pets()["components"]["schemas"]["Pet"]
    )


@pytest.mark.parametrize(
    ("path", "first", "is_key"),
    [
        ("/api-keys", "/api-keys", True),
        ("/chat/sessions", "/chat/sessions", False),
        ("/app-manifests/{code}/conversions", "/pets", False),
        ("/accounts/{account}/keys", "/pets", False),
    ],
)
def test_the_first_request_is_called_what_it_is(path: str, first: str, *, is_key: bool) -> None:
    document = keyed(path)
    assert Contract(document).credentials is not None
    text_of = said(document)
    assert f"http://127.0.0.1:1/v1{first} " in text_of
    assert ("Create an API key:" in text_of) == is_key
    assert ("Send a first request:" in text_of) != is_key


def test_the_bundled_contract_begins_with_an_api_key() -> None:
    assert "Create an API key:" in said(None)
