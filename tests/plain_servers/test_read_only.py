"""What nobody makes is judged by GETs: its tokens, and the ways around them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from conformance.catalogue.sabotage import Sabotage
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.connecting import AccessSettings, authenticate
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.target import Target
from openapi.contract import Contract
from tests.plain_servers.contracts import TEXT
from tests.plain_servers.serving import TOKENS, serving

ONE, ALL = "GET /countries/{code}", "GET /countries"
IDS = [
    f"authentication.{one}"
    for one in (
        "no-token-is-refused",
        "unknown-token-is-refused",
        "damaged-token-is-refused",
        "token-in-query-is-refused",
        "token-elsewhere-is-refused",
        "refusal-gives-nothing-away",
        "other-spellings-open-nothing",
        "no-header-stands-in-for-a-token",
        "token-in-body-is-refused",
    )
]


def results(
    *ids: str, code: object = None, tamper: Tamper | None = None, scheme: str = "bearer"
) -> Sequence[Result]:
    """What comes of these requirements, where the path has a parameter of another schema."""
    with serving("countries", scheme) as (url, document):
        if code is not None:
            document["paths"]["/countries/{code}"]["parameters"][0]["schema"] = code
        contract = Contract(document)
        with Target(url, [], tamper=tamper) as target:
            authenticate(target, AccessSettings(token=TOKENS[0]), contract)
            return list(Run(contract, target, [catalogue()[one] for one in ids], seed=1).results())


@pytest.mark.parametrize("code", [None, TEXT], ids=["with an example", "by its list"])
def test_the_tokens_of_what_nobody_makes_are_judged(code: object) -> None:
    found = results(*IDS, code=code)

    assert {(one.outcome, one.actual) for one in found} == {(Outcome.PASSED, "")}
    assert {one.requirement.id for one in found} == {*IDS}
    assert {one.operation for one in found} == {ONE, ALL}


OF_GETS = [
    (id_, one)
    for id_ in IDS
    for one in catalogue()[id_].sabotage
    if not one.name.endswith(("DELETE", "POST", "form with a token"))
    and "path in" not in one.name
    and "carry out" not in one.name
    # No path has two fixed parts that could stand on each side of one.
    and "backslashes" not in one.name
]


@pytest.mark.parametrize(("id_", "sabotage"), OF_GETS, ids=lambda one: getattr(one, "name", one))
def test_who_shows_it_without_a_token_is_caught(id_: str, sabotage: Sabotage) -> None:
    found = results(id_, tamper=sabotage.make())

    assert Outcome.FAILED in {one.outcome for one in found}


def _empty(request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    return replace(answer, body=b'{"items": []}') if answer.is_success else answer


def test_what_cannot_be_found_has_no_verdict() -> None:
    found = results(IDS[0], code={**TEXT, "pattern": "^[a-z]{9}$"}, tamper=_empty)

    assert {(one.operation, one.outcome) for one in found} == {
        (ONE, Outcome.NOT_VERIFIED),
        (ALL, Outcome.PASSED),
    }
