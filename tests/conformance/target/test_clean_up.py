"""The cleaning up: each resource for itself, whatever its id is like."""

import pytest

from conformance.target.clean_up import revoke_all
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract

CONTRACT = Contract.bundled()
ODD = ["", ".", "..", "\ud800", "x" * 300_000]


def revoking(request: Request, _: Forward) -> Answer:
    """Answers revocations, and fails as no target does on one of them."""
    if request.path.endswith("/broken"):
        raise ArithmeticError("a fault of the harness")
    return Answer(204 if request.path.startswith("/auth/credentials/good") else 500)


def test_one_that_fails_stops_no_other_and_is_left_behind() -> None:
    good = [(0, f"good-{number}") for number in range(20)]
    bad = [(0, "broken"), *((0, one) for one in ODD)]
    with Target("http://127.0.0.1:1/v3", ["dinie_at_first"], tamper=revoking) as target:
        assert sorted(revoke_all(CONTRACT, target, [*good, *bad])) == sorted(bad)


@pytest.mark.parametrize("handle", ["a\r\nb", "a\0b", "?a=b#c", "a/../b", "é😀", "%2e%2e"])
def test_an_id_of_any_characters_names_its_own_resource_alone(handle: str) -> None:
    paths: list[str] = []

    def keep(request: Request, _: Forward) -> Answer:
        paths.append(request.path)
        return Answer(204)

    with Target("http://127.0.0.1:1/v3", ["dinie_at_first"], tamper=keep) as target:
        assert revoke_all(CONTRACT, target, [(0, handle)]) == []

    [path] = paths
    assert path.isascii()
    assert path.isprintable()
    assert path.removeprefix("/auth/credentials/").isalnum() or "%" in path
    assert not {"/", "?", "#"} & {*path.removeprefix("/auth/credentials/")}
