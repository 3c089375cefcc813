"""A change is judged by whatever member may be another: no text of a known name is needed."""

import itertools
import json
from typing import Any

import pytest

from conformance.catalogue.sabotage import with_header
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.other_contracts.crates import Hasty, answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, thing

MEMBERS = {
    "weight": {**WHOLE, "minimum": 1},
    "speed": {"type": "number", "minimum": 0},
    "sealed": {"type": "boolean"},
    "due": {**TEXT, "format": "date"},
    "plate": {**TEXT, "pattern": "^[A-Z]{3}[0-9]{3}$"},
    "city": TEXT,
    "lines": {"type": "array", "items": TEXT},
}
KINDS = ("weight", "speed", "sealed", "due", "plate", "city", "lines")
KEEPS = "operations.patch-keeps-the-rest"
REFUSES = "operations.refused-change-changes-nothing"
STALE = "operations.stale-change-is-refused"
VERSIONS = "operations.strong-etag-is-of-one-version"


def contract(method: str, *names: str, envelope: str = "") -> Contract:
    """Parcels with these members, which a change may set."""
    tag = {"headers": {"ETag": {"schema": TEXT}}}
    own = {name: MEMBERS[name] for name in names}
    parcel = thing(["id", *own], id=TEXT, **own)
    wrong = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404", "422")}
    stale = {"412": answer(thing([], message=TEXT))}

    def body(schema: dict[str, Any]) -> dict[str, Any]:
        outer = thing([envelope], **{envelope: schema}) if envelope else schema
        sent = {"application/json": {"schema": {**outer, "additionalProperties": False}}}
        return {"requestBody": {"required": True, "content": sent}}

    whole = thing([*own], **own)
    return Contract(
        document("Parcels", {
            "/parcels": {"post": {**body(whole), "responses": {"201": answer(parcel), **wrong}}},
            "/parcels/{id}": {
                "parameters": [parameter("id", "path", TEXT)],
                "get": {"responses": {"200": {**answer(parcel), **tag}, **wrong}},
                method: {
                    **body(whole if method == "put" else thing([], **own)),
                    "parameters": [parameter("If-Match", "header", TEXT)],
                    "responses": {"200": {**answer(parcel), **tag}, **wrong, **stale},
                },
            },
        })
    )  # fmt: skip


class Parcels:
    """A server of parcels, which may have one fault."""

    def __init__(self, own: Contract, fault: str = "", envelope: str = "") -> None:
        self.fault, self.envelope = fault, envelope
        self.schemas = {
            one.method: one.object_body.schema
            for one in own.operations.values() if one.object_body
        }  # fmt: skip
        self.items: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.ids = itertools.count(1000)

    def __call__(self, request: Request, _: Forward) -> Answer:
        own = request.path.removeprefix("/parcels").strip("/")
        if own and own not in self.items:
            return answered(404, {})
        given: dict[str, Any] = {}
        if request.body:
            body = json.loads(request.body)
            given = body.get(self.envelope, {}) if self.envelope else body
            schema = self.schemas[request.method]
            assert schema is not None
            if not schema.is_valid(body):
                if self.fault == "stores before it refuses" and own:
                    known = {name: one for name, one in given.items() if name in MEMBERS}
                    self._store(own, {**self.items[own], **known})
                return answered(422, {})
        if request.method == "POST":
            own = f"a{next(self.ids)}"
            self._store(own, {**given, "id": own})
            return answered(201, self.items[own])
        if given:
            match = dict(request.headers).get("If-Match")
            if match not in {None, self._tag(own)} and self.fault != "ignores If-Match":
                return answered(412, {})
            before = {"id": own} if self._forgets(request.method) else self.items[own]
            self._store(own, {**before, **given})
        return with_header(answered(200, self.items[own]), "etag", self._tag(own))

    def _forgets(self, method: str) -> bool:
        return method == "PUT" or self.fault == "forgets the rest"

    def _store(self, own: str, item: dict[str, Any]) -> None:
        self.items[own] = item
        self.versions[own] = self.versions.get(own, 0) + 1

    def _tag(self, own: str) -> str:
        return '"1"' if self.fault == "has one ETag" else f'"{self.versions[own]}"'


def outcome(requirement: str, own: Contract, fault: str = "", envelope: str = "") -> Outcome:
    operation = next(one for one in own.operations.values() if one.method in {"PUT", "PATCH"})
    one = catalogue()[requirement]
    assert one.applies_to(operation)
    with Hasty("http://target.invalid", TOKENS, tamper=Parcels(own, fault, envelope)) as target:
        return Run(own, target, [], seed=1).check(one, operation).outcome


@pytest.mark.parametrize("envelope", ["", "parcel"])
@pytest.mark.parametrize("name", KINDS)
def test_a_patch_that_forgets_the_rest_is_found(name: str, envelope: str) -> None:
    own = contract("patch", name, "due" if name == "weight" else "weight", envelope=envelope)
    assert outcome(KEEPS, own, "forgets the rest", envelope) is Outcome.FAILED
    assert outcome(KEEPS, own, "", envelope) is Outcome.PASSED


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    ("requirement", "fault"),
    [
        (REFUSES, "stores before it refuses"),
        (STALE, "ignores If-Match"),
        (VERSIONS, "has one ETag"),
    ],
)
@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_member_tells_a_fault(
    name: str, requirement: str, fault: str, method: str
) -> None:
    own = contract(method, name)
    assert outcome(requirement, own, fault) is Outcome.FAILED
    assert outcome(requirement, own) is Outcome.PASSED
