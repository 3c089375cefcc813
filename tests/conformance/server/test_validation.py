"""Servers that conform in other ways than the mock: none of them is accused."""

import json
import random
from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from conformance.catalogue.requirement import Level
from conformance.probe.bodies import invalid, required_names, schema_of
from conformance.probe.probe import Probe
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.timestamps import instant
from openapi.contract import Contract

CONTRACT = Contract.bundled()
CREATE = CONTRACT.operations["createCredential"]
VALIDATION = [
    one for one in catalogue().values() if one.section == "validation" and one.applies_to(CREATE)
]
MUSTS = [one for one in VALIDATION if one.level is Level.MUST and not one.needs]

Rule = Callable[[dict[str, object]], list[str]]


def answer(status: int, /, **body: object) -> httpx.Response:
    kind = "application/json" if status == 201 else "application/problem+json; charset=utf-8"
    return httpx.Response(status, headers={"Content-Type": kind}, content=json.dumps(body))


def refusal(status: int, fields: list[str], param: str = "{}") -> httpx.Response:
    errors = [{"param": param.format(name), "detail": "no"} for name in fields]
    return answer(status, type="about:blank", title="no", status=status, detail="no", errors=errors)


def bad_fields(body: dict[str, object]) -> list[str]:
    name, end = body.get("name"), body.get("expires_at")
    wrong_end = end is not None and instant(end) is None
    return ["name"] * (not isinstance(name, str)) + ["expires_at"] * wrong_end


def strict_fields(body: dict[str, object]) -> list[str]:
    """Business rules that the contract does not state."""
    fields = bad_fields(body) + [one for one in body if one not in {"name", "expires_at"}]
    if not fields and body.get("expires_at") is not None:
        try:
            end = datetime.fromisoformat(str(body["expires_at"]))
        except ValueError:
            return ["expires_at"]
        usual = str(body["expires_at"]).endswith("Z") and 2027 < end.year < 3000
        fields += [] if usual else ["expires_at"]
    return fields


class Server:
    """``POST /auth/credentials`` and nothing else."""

    def __init__(
        self,
        fields: Rule,
        unreadable: int = 400,
        invalid_status: int = 422,
        *,
        any_type: bool = False,
        lenient_reader: bool = False,
        param: str = "{}",
        store: Callable[[object], object] = lambda one: one,
    ) -> None:
        self.fields, self.unreadable, self.invalid_status = fields, unreadable, invalid_status
        self.any_type, self.lenient_reader = any_type, lenient_reader
        self.param, self.store = param, store

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) != ("POST", "/v3/auth/credentials"):
            return refusal(404, [])
        kind = request.headers.get("Content-Type", "").partition(";")[0].lower()
        if kind != "application/json" and not self.any_type:
            return refusal(415, [])
        try:
            body = self.read(request.content)
        except ValueError:
            return refusal(self.unreadable, [])
        if not isinstance(body, dict):
            return refusal(self.invalid_status, ["body"], self.param)
        if fields := self.fields(body):
            return refusal(self.invalid_status, fields, self.param)
        return answer(
            201, id="1", client_id="1", client_secret="s", status="active", name=body["name"],
            created_at="2026-03-01T00:00:00Z", updated_at="2026-03-01T00:00:00Z",
            last_used_at=None, expires_at=self.store(body.get("expires_at")),
        )  # fmt: skip

    def read(self, content: bytes) -> object:
        if not self.lenient_reader:
            return json.loads(content.decode())
        # As some readers do: the first value counts, and what is no UTF-8 is replaced.
        text = content.decode("utf-8", "replace").lstrip().replace(",}", "}")
        return json.JSONDecoder(strict=False).raw_decode(text)[0]


def whole_seconds(end: object) -> object:
    """An instant in another spelling: in another zone, without its fraction."""
    found = instant(end)
    if found is None or not 0 < found < 9e10:
        return end
    return datetime.fromtimestamp(int(found)).astimezone().isoformat()


CONFORMING = {
    "strict": Server(strict_fields, param="/{}"),
    "lenient": Server(bad_fields, any_type=True, lenient_reader=True),
    "only 400": Server(bad_fields, invalid_status=400, param="$.{}"),
    "only 422": Server(bad_fields, unreadable=422, param="body.{}"),
    "other spelling": Server(bad_fields, store=whole_seconds, param="body['{}']"),
}


def check(server: Server, requirement_id: str) -> Result:
    with Target(
        "http://target/v3", ["first", "second"], transport=httpx.MockTransport(server)
    ) as target:
        run = Run(CONTRACT, target, [], seed=1)
        operation = CONTRACT.operations["createCredential"]
        return run.check(catalogue()[requirement_id], operation)


@pytest.mark.parametrize("name", CONFORMING)
@pytest.mark.parametrize("requirement_id", [one.id for one in MUSTS])
def test_a_conforming_server_passes(requirement_id: str, name: str) -> None:
    result = check(CONFORMING[name], requirement_id)

    assert result.outcome is Outcome.PASSED, (result.expected, result.actual)


@pytest.mark.parametrize("name", ["strict", "other spelling"])
def test_params_may_be_written_in_other_ways(name: str) -> None:
    result = check(CONFORMING[name], "validation.every-bad-field-is-reported")

    assert result.outcome is Outcome.PASSED, (result.expected, result.actual)


@pytest.mark.thorough
@pytest.mark.parametrize("requirement_id", [one.id for one in VALIDATION if not one.needs])
@pytest.mark.parametrize("status", [401, 404, 429])
def test_a_server_without_the_operation_is_not_judged(requirement_id: str, status: int) -> None:
    result = check(lambda _: refusal(status, []), requirement_id)  # type: ignore[arg-type]

    assert result.outcome in {Outcome.NOT_VERIFIED, Outcome.PASSED}, (result.actual, status)


@pytest.mark.parametrize(
    ("end", "stored", "outcome"),
    [
        ("+14:00", "2099-12-31T23:59:59Z", Outcome.FAILED),
        ("+14:00", None, Outcome.FAILED),
        ("+14:00", 4102444799, Outcome.FAILED),
        ("+14:00", "2099-12-31T09:59:59Z", Outcome.PASSED),
        (":60Z", "2099-12-31T23:59:59Z", Outcome.PASSED),
        (":60Z", "2100-01-01T00:00:00Z", Outcome.PASSED),
        (".5Z", "2099-12-31T23:59:59.000Z", Outcome.PASSED),
        (".5Z", "2099-12-31T23:59:57Z", Outcome.FAILED),
        # RFC 3339 section 1 has a year 0000, which is a leap year.
        ("+01:00", "0000-12-31T23:00:00Z", Outcome.PASSED),
        ("+01:00", "0000-12-30T23:00:00Z", Outcome.FAILED),
    ],
)
def test_an_instant_may_be_spelt_otherwise(end: str, stored: object, outcome: Outcome) -> None:
    server = Server(bad_fields, store=lambda one: stored if str(one).endswith(end) else one)

    assert check(server, "validation.odd-date-keeps-its-instant").outcome is outcome


def test_wrong_types_come_from_the_contract() -> None:
    operation = CONTRACT.operations["createCredential"]
    with Target("http://target/v3", ["first"]) as target:
        found = dict(invalid(Probe(CONTRACT, operation, target, random.Random(1))))

    assert required_names(schema_of(operation)) == ["name"]
    assert {"name as null", "name as number", "name as array", "no name"} <= set(found)
    assert {"expires_at as number", "expires_at as object"} <= set(found)
    assert "expires_at as null" not in found
    assert "expires_at as string" not in found
