"""A filter by what an item refers to, and one that takes several values, are judged."""

import json
from http import HTTPStatus
from urllib.parse import parse_qs

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, parameter, thing
from tests.plain_servers.contracts import BEARER, MONEY, NAME, document, listed
from tests.plain_servers.serving import TOKENS

ACCOUNT = {**TEXT, "pattern": "^acc_[0-9]{10}$"}

KIND = {**TEXT, "enum": ["asset", "income"]}


def contract() -> Contract:
    kinds = {"name": NAME, "kind": KIND}
    accounts = listed("/accounts", thing(["id"], id=ACCOUNT, **kinds), thing(["kind"], **kinds))
    several = parameter("kind", "query", {"type": "array", "items": KIND})
    accounts["/accounts"]["get"]["parameters"].append(several)
    members = {"account_id": ACCOUNT, "amount": MONEY}
    transfers = listed(
        "/transfers", thing(["id", *members], id=TEXT, **members), thing([*members], **members), 422
    )
    transfers["/transfers"]["get"]["parameters"].append(parameter("account_id", "query", ACCOUNT))
    return Contract(document("Ledger", {**accounts, **transfers}, BEARER))


class Ledger:
    """A server of accounts and transfers, which may overlook the filter of their list."""

    def __init__(self, *, overlooks: bool) -> None:
        self.items: dict[str, list[dict[str, str]]] = {"/accounts": [], "/transfers": []}
        self.overlooks = overlooks

    def __call__(self, request: Request, _: Forward) -> Answer:
        path, _, query = request.path.partition("?")
        items = self.items.get(path)
        if items is None:
            return self._answer(HTTPStatus.NOT_FOUND, {"message": "not there"})
        if request.method == "POST":
            body = json.loads(request.body)
            known = [one["id"] for one in self.items["/accounts"]]
            if path == "/transfers" and body["account_id"] not in known:
                return self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"message": "unknown"})
            items.append({"id": f"acc_{len(items):010}", **body})
            return self._answer(HTTPStatus.CREATED, items[-1])
        asked = {} if self.overlooks else parse_qs(query)
        wanted = {name: asked[name] for name in ("account_id", "kind") if name in asked}
        found = [one for one in items if all(one[name] in wanted[name] for name in wanted)]
        return self._answer(HTTPStatus.OK, {"items": found, "total": len(found)})

    def _answer(self, status: int, value: object) -> Answer:
        headers = (("content-type", "application/json"),)
        return Answer(status, headers, json.dumps(value).encode())


@pytest.mark.parametrize("path", ["/accounts", "/transfers"])
@pytest.mark.parametrize("overlooks", [False, True])
def test_a_filter_is_judged(path: str, *, overlooks: bool) -> None:
    with Target("http://target", TOKENS[:1], tamper=Ledger(overlooks=overlooks)) as target:
        run = Run(contract(), target, [], seed=1)
        run.survey()
        rule = catalogue()["reads.list-is-filtered"]
        result = run.check(rule, run.contract.operations[f"GET {path}"])

    assert result.outcome is (Outcome.FAILED if overlooks else Outcome.PASSED), result.actual
