"""A client may spell a path as it likes: its operation is found however the contract writes it."""

import pytest

from conformance.client.operations import Addresses
from conformance.journal.journal import JournalEntry
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, contract, operation


@pytest.mark.parametrize("path", ["/ações/{id}", "/a%C3%A7%C3%B5es/{id}"])
@pytest.mark.parametrize("sent", ["/v1/a%c3%a7%c3%b5es/7", "/v1/ações/7"])
def test_the_operation_is_found(path: str, sent: str) -> None:
    found = Contract(contract({path: {"get": operation({"200": answer()})}}))
    entry = JournalEntry(1, 0.0, 0.0, "GET", f"http://mock{sent}", (), "", 200, (), "")
    address = Addresses(found, [entry]).of(entry)
    assert address is not None
    assert address.operation is next(iter(found.operations.values()))
    assert address.values == {"id": "7"}
