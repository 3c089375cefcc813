"""What is read below a path that a POST or a PUT makes is asked for in what the run has made."""

import json
from http import HTTPStatus

import pytest

from conformance.run.runner import Run
from conformance.target.exchange import Answer, Forward, Request, names_in
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, answer, parameter, taken, thing
from tests.plain_servers.contracts import BEARER, NAME, document, listed, refused
from tests.plain_servers.serving import TOKENS

ENTRIES = "GET /accounts/{id}/entries"


def contract(*, is_put: bool) -> Contract:
    item, body = thing(["id", "name"], id=TEXT, name=NAME), thing(["name"], name=NAME)
    paths = listed("/accounts", item, body, 422)
    paths["/accounts/{id}/entries"] = {
        "parameters": [parameter("id", "path", TEXT, example="acc_example")],
        "get": {"responses": {"200": answer({"type": "array", "items": TEXT}), **refused(404)}},
    }
    if is_put:
        del paths["/accounts"]["post"]
        paths["/accounts/{id}"]["put"] = {
            "requestBody": {"required": True, **taken(body)},
            "responses": {"201": answer(item), "200": answer(item), **refused(422)},
        }
    return Contract(document("Ledger", paths, BEARER))


class Ledger:
    """A server of accounts, each with its entries, which may take none."""

    def __init__(self, *, takes_any: bool = True) -> None:
        self.accounts: set[str] = set()
        self.takes_any = takes_any

    def __call__(self, request: Request, _: Forward) -> Answer:
        names = names_in(request.path.partition("?")[0])[1:]
        if request.partner is None:
            return self._answer(HTTPStatus.UNAUTHORIZED, {"message": "no token"})
        if request.method in {"POST", "PUT"}:
            if not self.takes_any:
                return self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"message": "closed"})
            [id_] = names or [f"acc{len(self.accounts)}"]
            self.accounts.add(id_)
            return self._answer(HTTPStatus.CREATED, {"id": id_, **json.loads(request.body)})
        if names[0] in self.accounts:
            return self._answer(HTTPStatus.OK, [])
        return self._answer(HTTPStatus.NOT_FOUND, {"message": "no such account"})

    def _answer(self, status: int, value: object) -> Answer:
        headers = (("content-type", "application/json"),)
        return Answer(status, headers, json.dumps(value).encode())


@pytest.mark.parametrize("is_put", [False, True])
def test_a_read_is_of_a_parent_that_the_run_has_made(*, is_put: bool) -> None:
    server = Ledger()
    with Target("http://target", TOKENS[:1], tamper=server) as target:
        run = Run(contract(is_put=is_put), target, [], seed=1)
        probe = run._survey.probe(run.contract.operations[ENTRIES])

        assert probe.send(probe.request()).status == HTTPStatus.OK


def test_the_access_of_a_read_is_judged_where_nothing_can_be_made() -> None:
    with Target("http://target", TOKENS[:1], tamper=Ledger(takes_any=False)) as target:
        run = Run(contract(is_put=False), target, [], seed=1)
        probe = run._survey.probe(run.contract.operations[ENTRIES])

        assert probe.request().path == "/accounts/acc_example/entries"
