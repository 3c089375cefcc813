"""Answers that differ and conform are not accused; what the sensitivity test cannot show is."""

import itertools
import json
import math
import random
import secrets
import unicodedata
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.timestamps import http_date, instant, is_kept
from openapi.contract import Contract

CONTRACT = Contract.bundled()
CREATED = [one for one in catalogue().values() if one.section == "created" and not one.needs]

LAST_OF_32_BITS = "2038-01-19T03:14:07Z"

Edit = Callable[[dict[str, Any], dict[str, Any]], object]


class Server:
    """A server that only creates. ``edit`` changes what it answers, given request and answer.

    ``refuses`` says which requests it answers with 422.
    """

    def __init__(
        self,
        edit: Edit = lambda _, __: None,
        *,
        refuses: Callable[[dict[str, Any]], bool] = lambda _: False,
        headers: dict[str, str] | None = None,
        clock: timedelta = timedelta(),
        date: timedelta | None = None,
    ) -> None:
        self.edit = edit
        self.refuses = refuses
        self.headers = headers or {}
        self.clock = clock
        self.date = date
        self.created = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST" or not request.url.path.endswith("/auth/credentials"):
            return httpx.Response(404, text="nothing here")
        if request.headers.get("Authorization") != "Bearer a-good-token":
            return self.problem(401)
        try:
            body = json.loads(request.content)
        except ValueError:
            return self.problem(400)
        ends = body.get("expires_at")
        valid = isinstance(body.get("name"), str) and (ends is None or instant(ends) is not None)
        if not valid or self.refuses(body):
            return self.problem(422)
        self.created += 1
        now = datetime.now(UTC) + self.clock
        answer: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "client_id": f"key-{self.created}",
            "name": body["name"],
            "status": "active",
            "expires_at": ends,
            "created_at": now.isoformat(),
            "updated_at": now.isoformat(),
            "last_used_at": None,
            "client_secret": secrets.token_urlsafe(24),
        }
        self.edit(body, answer)
        headers = {"Content-Type": "application/json"} | self.headers
        if self.date is not None:
            headers["Date"] = format_datetime(datetime.now(UTC) + self.date, usegmt=True)
        return httpx.Response(201, content=json.dumps(answer).encode(), headers=headers)

    def problem(self, status: int) -> httpx.Response:
        body = {"type": "about:blank", "title": "No", "status": status, "detail": "No."}
        headers = {"Content-Type": "application/problem+json; charset=utf-8"}
        return httpx.Response(status, content=json.dumps(body).encode(), headers=headers)


def results(server: Callable[[httpx.Request], httpx.Response]) -> dict[str, Result]:
    transport = httpx.MockTransport(server)
    with Target("http://server.test/v3", ("a-good-token",), transport=transport) as target:
        run = Run(CONTRACT, target, CREATED, seed=random.randrange(1000))
        operation = CONTRACT.operations["createCredential"]
        return {one.id: run.check(one, operation) for one in CREATED}


def accused(server: Callable[[httpx.Request], httpx.Response]) -> dict[str, str]:
    return {
        name: f"expected {one.expected}, got {one.actual}"
        for name, one in results(server).items()
        if one.outcome is not Outcome.PASSED
    }


def respelt(text: str | None, edit: Callable[[datetime], str]) -> str | None:
    return edit(datetime.fromtimestamp(instant(text) or 0, UTC)) if text else None


def rewrite(edit: Callable[[datetime], str]) -> Edit:
    """Write every timestamp in another way."""

    def change(_: dict[str, Any], answer: dict[str, Any]) -> None:
        for field in ("expires_at", "created_at", "updated_at"):
            answer[field] = respelt(answer[field], edit)

    return change


def blank_or_odd(body: dict[str, Any]) -> bool:
    name = body["name"]
    return not name.isprintable() or name != name.strip() or len(name) > 60


def not_canonical(body: dict[str, Any]) -> bool:
    return body.get("expires_at") not in {None, "2099-12-31T23:59:59Z"}


CONFORMING = {
    "as documented": Server(),
    "strict": Server(refuses=lambda body: blank_or_odd(body) or not_canonical(body)),
    "more fields": Server(lambda _, answer: answer.update(object="credential", scopes=[])),
    "media type with parameters": Server(headers={"Content-Type": "Application/JSON; a=b"}),
    "whole seconds": Server(rewrite(lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"))),
    "lower case": Server(rewrite(lambda at: at.strftime("%Y-%m-%dt%H:%M:%Sz"))),
    "nanoseconds": Server(rewrite(lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%f000Z"))),
    "created in more detail than updated": Server(
        lambda _, answer: answer.update(updated_at=f"{answer['updated_at'][:19]}Z")
    ),
    "a clock two days late, and a date that says so": Server(
        clock=timedelta(days=2), date=timedelta(days=2)
    ),
    "an old date": Server(date=timedelta(hours=-5)),
    "a date that is none": Server(headers={"Date": "yesterday"}),
    "a clock four minutes late": Server(clock=timedelta(minutes=4)),
}  # fmt: skip


@pytest.mark.parametrize("server", CONFORMING.values(), ids=CONFORMING)
def test_what_conforms_is_not_accused(
    server: Callable[[httpx.Request], httpx.Response],
) -> None:
    assert accused(server) == {}


def test_timestamps_with_other_offsets_are_not_accused() -> None:
    def brasilia(_: dict[str, Any], answer: dict[str, Any]) -> None:
        for field in ("created_at", "updated_at"):
            at = datetime.fromisoformat(answer[field]) - timedelta(hours=3)
            answer[field] = f"{at.isoformat()[:19]}-03:00"

    assert accused(Server(brasilia)) == {}


def test_nodes_whose_clocks_differ_are_not_accused() -> None:
    made = itertools.count()

    def of_two_nodes(_: dict[str, Any], answer: dict[str, Any]) -> None:
        ahead = timedelta(seconds=3 * (next(made) % 2 == 0))
        now = (datetime.now(UTC) + ahead).isoformat()
        answer.update(created_at=now, updated_at=now)

    transport = httpx.MockTransport(Server(of_two_nodes))
    with Target("http://server.test/v3", ("a-good-token",), transport=transport) as target:
        run = Run(CONTRACT, target, CREATED, seed=1)
        requirement = catalogue()["created.timestamps-move-on"]
        result = run.check(requirement, CONTRACT.operations["createCredential"])

    assert result.outcome is Outcome.PASSED, result.actual


BROKEN: dict[str, tuple[Callable[[httpx.Request], httpx.Response], set[str]]] = {
    "null left out": (
        Server(lambda _, answer: [answer.pop(key) for key in [*answer] if answer[key] is None]),
        {"created.required-fields-are-there", "created.no-end-is-null"},
    ),
    "Unix time": (
        Server(rewrite(lambda at: int(at.timestamp()))),  # type: ignore[arg-type,return-value]
        {"created.fields-have-their-types", "created.expires-at-is-the-same-instant"},
    ),
    "local time as UTC": (
        Server(
            lambda _, answer: answer.update(
                created_at=f"{datetime.now(UTC) - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
            )
        ),
        {"created.timestamps-are-now"},
    ),
    "a clock an hour off": (
        Server(clock=timedelta(hours=1)),
        {"created.timestamps-are-now"},
    ),
    "names in normal form": (
        Server(lambda _, answer: answer.update(name=unicodedata.normalize("NFC", answer["name"]))),
        {"created.name-is-unchanged"},
    ),
    "no null end": (
        Server(refuses=lambda body: body.get("expires_at", 0) is None),
        {"created.no-end-is-null"},
    ),
    "no far future": (
        Server(refuses=lambda body: bool(body.get("expires_at"))),
        {"created.expires-at-is-the-same-instant"},
    ),
    "ends in 2038": (
        Server(
            lambda body, answer: answer.update(
                expires_at=body.get("expires_at") and min(body["expires_at"], LAST_OF_32_BITS)
            )
        ),
        {"created.expires-at-is-the-same-instant"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("server", "expected"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_named(
    server: Callable[[httpx.Request], httpx.Response], expected: set[str]
) -> None:
    found = results(server)

    assert {name for name, one in found.items() if one.outcome is Outcome.FAILED} == expected


def test_ascii_names_alone_break_a_should() -> None:
    found = accused(Server(refuses=lambda body: not body["name"].isascii()))

    assert found.keys() == {"created.usual-name-is-accepted"}


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_an_operation_that_is_not_served_is_not_verified(status: int) -> None:
    found = results(lambda _: httpx.Response(status, text="no"))

    assert {one.outcome for one in found.values()} == {Outcome.NOT_VERIFIED}


def test_a_gateway_that_refuses_odd_requests_is_not_accused() -> None:
    server = Server()

    def gateway(request: httpx.Request) -> httpx.Response:
        attack = b"DROP TABLE" in request.content or b"<b>" in request.content
        return httpx.Response(403, text="blocked") if attack else server(request)

    assert accused(gateway) == {}


def test_a_failure_on_an_odd_name_is_caught() -> None:
    server = Server()

    def failing(request: httpx.Request) -> httpx.Response:
        odd = "\U0001f511".encode() in request.content
        return server.problem(500) if odd else server(request)

    found = results(failing)["created.name-is-unchanged"]

    assert found.outcome is Outcome.FAILED
    assert "emoji" in found.expected


def test_a_body_that_is_no_json_is_named_once() -> None:
    found = results(
        lambda _: httpx.Response(
            201, content=b"<p>ok", headers={"Content-Type": "application/json"}
        )
    )
    failed = {name for name, one in found.items() if one.outcome is Outcome.FAILED}

    assert "created.body-is-a-json-object" in failed
    assert found["created.required-fields-are-there"].outcome is Outcome.NOT_VERIFIED


def test_no_answer_is_quoted() -> None:
    secret = "dinie_cs_live_0123456789abcdef"
    fields = ["id", "name", "status", "expires_at", "created_at", "updated_at", "last_used_at"]
    for field, value in itertools.product(fields, (secret, [secret])):
        found = results(Server(lambda _, one, f=field, v=value: one.update({f: v})))  # type: ignore[misc]

        assert not any("0123" in one.expected + one.actual for one in found.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00.250z", 0.25),
        ("1970-01-01T01:30:00+01:30", 0),
        ("1969-12-31T21:00:00-03:00", 0),
        ("2016-12-31T23:59:60Z", 1483228800),
        (f"1970-01-01T00:00:00.{'9' * 30}Z", math.nextafter(1, 0)),
        ("2026-02-30T00:00:00Z", None),
        ("2026-03-01T24:00:00Z", None),
        ("2026-03-01T00:00:61Z", None),
        ("2026-03-01T00:00:00", None),
        ("2026-03-01T00:00:00+24:00", None),
        ("2026-03-01 00:00:00Z", None),
        ("", None),
        (0, None),
        (None, None),
    ],
)
def test_instants_are_read(text: object, expected: float | None) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2030-01-01T00:00:00Z", "2029-12-31T21:00:00.000-03:00"),
        ("2030-01-01T00:00:00.123456789Z", "2030-01-01T00:00:00.123457Z"),
        ("2030-01-01T00:00:00.123456789Z", "2030-01-01T00:00:00.12Z"),
        ("2030-01-01T00:00:00.123456789Z", "2030-01-01T00:00:00Z"),
        # Databases of 1/300 s.
        ("2030-01-01T00:00:00.005Z", "2030-01-01T00:00:00.0066666Z"),
        ("2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00Z"),
        ("2030-01-01T00:00:00.5Z", "2030-01-01T00:00:01Z"),
        (f"2030-01-01T00:00:00.{'9' * 5000}Z", "2030-01-01T00:00:01Z"),
        ("2029-12-31T23:59:60Z", "2030-01-01T00:00:00Z"),
        ("2029-12-31T23:59:60Z", "2029-12-31T23:59:59Z"),
        ("2029-12-31T23:59:60Z", "2029-12-31T23:59:59.999999Z"),
        ("2029-12-31T23:59:60Z", "2029-12-31T23:59:60Z"),
    ],
)
def test_an_instant_with_fewer_digits_is_kept(sent: str, shown: str) -> None:
    assert is_kept(sent, shown)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2030-01-01T00:00:00Z", "2029-12-31T23:59:59Z"),
        ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00.5Z"),
        ("2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00.005Z"),
        ("2030-01-01T00:00:00.25Z", "2030-01-01T00:00:01Z"),
        ("2030-01-01T00:00:00.25Z", "2030-01-01T00:00:00.52Z"),
        ("2029-12-31T23:59:60Z", "2030-01-01T00:00:01Z"),
        ("2029-12-31T23:59:60Z", "2029-12-31T23:59:58.9Z"),
        ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
        ("2030-01-01T00:00:00Z", None),
    ],
)
def test_another_instant_is_not(sent: str, shown: object) -> None:
    assert not is_kept(sent, shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Thu, 01 Jan 1970 00:00:01 GMT", 1), ("soon", None), ("", None), (None, None)],
)
def test_date_headers_are_read(text: str | None, expected: float | None) -> None:
    assert http_date(text) == expected
