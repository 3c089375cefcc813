"""An id with a pattern that asks for its beginning has others like it, which name nothing."""

from random import Random

import pytest

from conformance.probe.parameter_values import unknown_value
from conformance.probe.probe import Probe
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, contract, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty


@pytest.mark.parametrize(
    ("pattern", "known"),
    [
        (r"^97[89]\d{10}$", ["9781234567897", "9799876543210"]),
        ("^[A-Z]{2}[0-9]{7}$", ["DE0012345", "FR7654321"]),
        ("^INV2026[0-9]{6}$", ["INV2026000123"]),
    ],
)
def test_the_beginning_stays(pattern: str, known: list[str]) -> None:
    one = obj("code", code=text(pattern=pattern))
    own = Contract(contract({"/books/{code}": {"get": operation({"200": answer(one)})}},
                            text(pattern=pattern)))  # fmt: skip
    with Hasty("http://target.invalid", TOKENS) as target:
        probe = Probe(own, own.operations["GET /books/{code}"], target, Random(1))
        [parameter] = probe.operation.parameters
        found = {unknown_value(parameter, probe.new_name(), known) for _ in range(50)}

    assert None not in found
    assert len(found) > 40
    assert found.isdisjoint(known)
