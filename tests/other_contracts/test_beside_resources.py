"""Answers of operations on nothing that a run makes have a documented status and body, too."""

from typing import Any

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty, answered

ANSWERS = "operations.answers-match-their-schemas"
COUNTRY = obj("code", "name", code=text(), name=text())
STATUS = obj("uptime", uptime=number())
REFUSALS = {status: answer(obj("message", message=text())) for status in ("400", "401", "404")}


def countries() -> Contract:
    """The contract of countries, which nothing makes, and of the state of the server."""
    page = obj("data", data=array(COUNTRY))
    rate = obj("rate", rate=number())
    document = contract({
        "/countries": {"get": operation({"200": answer(page), **REFUSALS})},
        "/countries/{code}": {"get": operation({"200": answer(COUNTRY), **REFUSALS})},
        "/status": {"get": operation({"200": answer(STATUS), "401": REFUSALS["401"]})},
        "/convert": {
            "post": operation({"200": answer(rate), **REFUSALS}, obj("to", to=text())),
        },
    })  # fmt: skip
    document["security"] = [{"bearer": []}]
    return Contract(document)


RIGHT: dict[str, Any] = {
    "/countries": {"data": [{"code": "br", "name": "Brazil"}]},
    "/countries/br": {"code": "br", "name": "Brazil"},
    "/status": {"uptime": 5},
    "/convert": {"rate": 3},
}


class Countries:
    """A server of countries, one of whose answers may be another one."""

    def __init__(self, **changed: Answer) -> None:
        self.changed = {f"/{name.replace('_', '/')}": one for name, one in changed.items()}

    def __call__(self, request: Request, _: Forward) -> Answer:
        path = request.path.partition("?")[0]
        if path in self.changed:
            return self.changed[path]
        return answered(200, RIGHT[path]) if path in RIGHT else answered(404, {"message": "none"})


def outcome(server: Countries, of: str, requirement: str = ANSWERS) -> Outcome:
    own, one = countries(), catalogue()[requirement]
    assert one.applies_to(own.operations[of])
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        return Run(own, target, [], seed=1).check(one, own.operations[of]).outcome


@pytest.mark.parametrize("of", ["GET /countries", "GET /countries/{code}", "GET /status"])
def test_what_is_as_documented_passes(of: str) -> None:
    assert outcome(Countries(), of) is Outcome.PASSED


@pytest.mark.parametrize(
    ("of", "changed"),
    [
        ("GET /countries", {"countries": answered(200, {"oops": 1})}),
        ("GET /countries", {"countries": answered(200, {"data": [{"code": "br"}]})}),
        ("GET /countries", {"countries": answered(206, RIGHT["/countries"])}),
        ("GET /countries/{code}", {"countries_br": answered(200, {"code": 5, "name": "Brazil"})}),
        ("GET /status", {"status": answered(200, {"uptime": "long"})}),
        ("GET /status", {"status": answered(418, {})}),
        ("GET /status", {"status": Answer(200, (("content-type", "text/html"),), b"<p>up</p>")}),
    ],
)
def test_any_other_answer_is_found(of: str, changed: dict[str, Answer]) -> None:
    assert outcome(Countries(**changed), of) is Outcome.FAILED


def test_a_documented_refusal_says_nothing() -> None:
    refused = Countries(countries=answered(400, {"message": "no"}))
    assert outcome(refused, "GET /countries") is Outcome.NOT_VERIFIED


@pytest.mark.parametrize(("rate", "found"), [(3, []), ("two", ["POST /convert"])])
def test_what_other_checks_send_is_judged(rate: object, found: list[str]) -> None:
    own = countries()
    sending = catalogue()["authentication.scheme-is-case-insensitive"]
    server = Countries(convert=answered(200, {"rate": rate}))
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        run = Run(own, target, [sending, catalogue()[ANSWERS]], seed=1)
        results = [*run.results()]
    broken = [one for one in results if one.outcome is Outcome.FAILED]
    assert [one.operation for one in broken if one.requirement.id == ANSWERS] == found
