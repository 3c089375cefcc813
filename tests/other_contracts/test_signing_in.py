"""Client id and secret go to the token operation as the contract has it."""

import subprocess
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from conformance.target.errors import TokenRefused
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.sign_in import form_request, token_for
from conformance.target.target import Target
from demo.mock_process import mock_process
from openapi.contract import Contract

FILE = Path(__file__).with_name("refunds.yaml")
CONTRACT = Contract.from_file(FILE)
ISSUING = CONTRACT.operations["issueToken"]


def sent_to(contract: Contract, status: int) -> list[Request]:
    """The requests for a token of a target that refuses each of them with a status."""
    found: list[Request] = []

    def refuse(request: Request, _: Forward) -> Answer:
        found.append(request)
        return Answer(status)

    operation = contract.token_operation
    assert operation
    with (
        Target("http://127.0.0.1:1/v1", [""], tamper=refuse) as target,
        pytest.raises(TokenRefused),
    ):
        token_for(target, operation, "one", "a secret & more")
    return found


def test_the_pair_is_in_the_form_where_the_contract_requires_it() -> None:
    in_form, *_ = sent_to(CONTRACT, 401)

    assert parse_qs(in_form.body.decode()) == {
        "grant_type": ["client_credentials"], "client_id": ["one"],
        "client_secret": ["a secret & more"],
    }  # fmt: skip
    assert "Authorization" not in dict(in_form.headers)
    assert form_request(ISSUING, "one", "a secret & more") == in_form


def test_http_basic_comes_first_where_it_is_documented() -> None:
    first, second = sent_to(Contract.bundled(), 401)

    assert "Authorization" in dict(first.headers)
    assert first.body == b"grant_type=client_credentials"
    assert second.body.startswith(b"{")


def test_a_run_signs_in_to_the_mock_of_the_contract() -> None:
    with (
        mock_process("--contract", str(FILE), "--partner", "one:a-secret:token") as mock,
        Target(mock.base_url, [""]) as target,
    ):
        assert token_for(target, ISSUING, "one", "a-secret").seconds == 3600
        with pytest.raises(TokenRefused):
            token_for(target, ISSUING, "one", "another")


def test_the_printed_command_signs_in_as_the_contract_has_it() -> None:
    with mock_process("--contract", str(FILE), "--partner", "one:a-secret") as mock:
        [line] = [one for one in mock.announcement.splitlines() if "TOKEN=$(" in one]
        use = 'curl -s -o /dev/null -w "%{http_code}" -H "Authorization: Bearer $TOKEN"'
        script = f"{line.strip()}; {use} {mock.base_url}/charges"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "200"
