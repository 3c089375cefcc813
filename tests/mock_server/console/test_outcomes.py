"""What an answer means in plain words, for operations of the control plane and of the API."""

import re

import pytest

from mock_server.console.outcomes import OUTCOMES, STATUSES, outcomes_for_pages, said_of
from openapi.contract import Contract


def test_each_outcome_is_that_of_an_operation_and_each_change_has_one() -> None:
    names = {one.name for one in Contract.control().operations.values() if one.method != "GET"}
    assert {one.operation for one in OUTCOMES} == names


def test_a_page_finds_an_outcome_by_method_and_path() -> None:
    [reset] = [one for one in outcomes_for_pages() if "begins anew" in str(one["done"])]
    assert reset["method"] == "POST"
    assert re.fullmatch(str(reset["path"]), "/_mock/partners/partner_1/reset")
    assert not re.fullmatch(str(reset["path"]), "/_mock/partners/partner_1/x/reset")


def test_what_cannot_be_undone_names_what_goes() -> None:
    asking = {one.operation.split()[0] for one in OUTCOMES if one.asks}
    assert asking == {"resetPartner", "deletePartner", "removeFaults"}


def test_every_status_of_a_failure_has_words() -> None:
    assert all(STATUSES.get(one) or STATUSES[one // 100] for one in range(400, 600))
    assert STATUSES[0] == "The answer was lost on its way."


@pytest.mark.parametrize(
    ("operation", "done"),
    [
        ("createCredential", "An API key was made."),
        ("createToken", "An access token was made."),
        ("revokeCredential", "The API key is revoked."),
    ],
)
def test_an_operation_on_api_keys_has_words_of_its_own(operation: str, done: str) -> None:
    contract = Contract.bundled()
    said = said_of(contract, contract.operations[operation])
    assert str(said["done"]).startswith(done)
    assert said["name"] is None


def test_any_other_operation_has_its_summary_or_its_id() -> None:
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Pets", "version": "1"},
            "paths": {
                "/pets": {
                    "get": {"operationId": "listPets", "responses": {}},
                    "post": {"summary": "Add a \u202e pet", "responses": {}},
                }
            },
        }
    )
    names = [said_of(contract, one)["name"] for one in contract.operations.values()]
    assert names == ["listPets", "Add a \\u202e pet"]
    assert said_of(contract, None)["name"] is None
