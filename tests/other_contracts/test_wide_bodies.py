"""Of a wide body each member is sent with a fault, and not the first ones alone."""

import random
from typing import Any

from conformance.probe.probe import Probe
from conformance.probe.wrong_data import wrong_bodies
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, answer, document, taken, thing

NAMES = [f"m{at}" for at in range(40)]


def faults(required: list[str], **members: Any) -> list[str]:
    """What is wrong with each body that is sent to make one with these members."""
    [operation] = Contract(document("Wide", {
        "/things": {"post": {"requestBody": {"required": True, **taken(thing(required, **members))},
                             "responses": {"201": answer(), "400": answer()}}},
    })).operations.values()  # fmt: skip
    with Target("http://target", TOKENS[:1]) as target:
        probe = Probe(operation.contract, operation, target, random.Random(1))
        return [what for what, _ in wrong_bodies(probe, probe.request())]


def test_each_member_of_a_wide_body_is_wrong_once() -> None:
    told = faults(NAMES[:2], **{key: {**TEXT, "maxLength": 5, "enum": ["a"]} for key in NAMES})

    assert {what.split()[0] for what in told} >= {*NAMES}
    assert len(told) < 2 * len(NAMES)


def test_of_a_narrow_body_each_fault_of_a_member_is_sent() -> None:
    told = faults(["m"], m={**TEXT, "maxLength": 5, "minLength": 1})

    assert {"no m", "m that is too long", "m that is too short"} <= {*told}
