"""The evidence of a violation: values, members that differ, the last answer, and no secret."""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote

import pytest

from conformance.catalogue.requirement import Level
from conformance.probe.values import Lack, Values, bodies, header, hidden, member
from conformance.report import FORMATS
from conformance.results.evidence import LONGEST_SEEN, MOST_PLACES, Seen, evidence_of
from conformance.results.result import Outcome, Result
from conformance.results.verdict import Verdict
from conformance.server import catalogue
from conformance.target.exchange import Answer, Request
from tests.conformance.results.test_page import Page

RULE = catalogue()["idempotency.replay-is-identical"]
ASKED = Request("POST", "/auth/credentials")
SECRET = "b7e23ec29af22b0b4e41da31e868d572"
ODD = "pa ss!"


def answer(value: object, status: int = 201, *headers: tuple[str, str]) -> Answer:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(status, (("content-type", "application/json"), *headers), body)


def seen(*values: Values) -> list[tuple[str, str, str]]:
    return [tuple(one) for one in evidence_of(values)]


def test_a_value_is_shown_beside_the_one_that_was_expected() -> None:
    made = answer({"status": "enabled", "errors": [{"param": "name"}]}, 201, ("x-limit", "many"))

    assert seen(
        member(made, "status", "active"),
        member(made, "errors"),
        member(made, "name", "a"),
        header(made, "X-Limit"),
        header(made, "Allow", "GET"),
    ) == [
        ("/status", '"active"', '"enabled"'),
        ("/errors", "", '[{"param": "name"}]'),
        ("/name", '"a"', "none"),
        ("X-Limit", "", '"many"'),
        ("Allow", '"GET"', "none"),
    ]


def test_of_two_json_bodies_the_members_that_differ_are_shown() -> None:
    first = answer({"id": "a", "a/b": {"c~": [1, 2]}, "gone": None, "same": [{"x": 1}]})
    again = answer({"id": "b", "a/b": {"c~": [1, True, 3]}, "new": "", "same": [{"x": 1}]})

    assert seen(bodies(first, again)) == [
        ("/id", '"a"', '"b"'),
        ("/a~1b/c~0/1", "2", "true"),
        ("/a~1b/c~0/2", "none", "3"),
        ("/gone", "null", "none"),
        ("/new", "none", '""'),
    ]


@pytest.mark.parametrize(
    ("first", "again", "place", "shown"),
    [
        (b"<h1>one</h1>", b"<h1>two</h1>", "body, from character 5",
         ("<h1>one</h1>", "<h1>two</h1>")),
        (b'{"a": 1, "b": 2}', b'{"b": 2, "a": 1}', "body, from character 3",
         ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}')),
        (b"", b"late", "body, from character 1", ("", "late")),
        (b"a" * 2000 + b"b", b"a" * 2000 + b"c", "body, from character 2001",
         ("…" + "a" * 60 + "b", "…" + "a" * 60 + "c")),
        (b"\xff\xfe", b"\xff", "body, from character 1",
         ("2 bytes that are no UTF-8 text", "1 bytes that are no UTF-8 text")),
    ],
)  # fmt: skip
def test_of_other_bodies_the_first_part_that_differs_is_shown(
    first: bytes, again: bytes, place: str, shown: tuple[str, str]
) -> None:
    assert seen(bodies(answer(first), answer(again))) == [(place, *shown)]


def test_what_looks_alike_is_spelt() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"

    assert seen(Values("/name", composed, decomposed)) == [("/name", r'"cafe\u0301"', r'"caf\xe9"')]
    assert seen(Values("/name", "\u30c6", "\u30c7")) == [("/name", '"\u30c7"', '"\u30c6"')]


def test_evidence_is_bounded() -> None:
    many, none = ({f"m{number}": one for number in range(5000)} for one in ("x" * 900, 1))
    found = evidence_of([bodies(answer(none), answer(many))], [(ASKED, answer("y" * 200_000))])

    assert len(found) == MOST_PLACES + 1
    assert max(len(text) for one in found for text in one) <= LONGEST_SEEN + 1
    long = [f"{'a' * 2000}{end} {'b' * 2000}" for end in "xy"]
    assert [text[:80] for text in evidence_of([Values("/name", *long)])[0][1:]] == [
        f"…{'a' * 60}{end} {'b' * 17}" for end in "yx"
    ]


def test_the_last_answer_is_shown() -> None:
    last = answer({"title": "No"}, 422)
    found = evidence_of([], [(ASKED, answer({})), (ASKED, last)])

    assert found == (Seen("last answer", "", '422 application/json: {"title": "No"}'),)
    assert evidence_of([], [(ASKED, Answer(204))])[0].actual == "204, without a body"
    assert evidence_of([], [(ASKED, Answer(0))]) == ()


def spellings(secret: str) -> Iterable[bytes]:
    yield json.dumps({"client_secret": secret}).encode()
    yield json.dumps({"client_secret": secret}).encode("utf-16")
    yield json.dumps({"client_secret": {"value": [secret]}}).encode()
    yield json.dumps({"detail": f"The secret {secret} is wrong."}).encode()
    yield json.dumps({"detail": json.dumps({"client_secret": secret})}).encode()
    yield json.dumps({"data": [{"debug": quote(secret)}, {secret: 1}]}).encode()
    yield f"<p>client_secret={secret}</p>".encode()
    yield f'{{"client_secret": "{secret}"'.encode()


@pytest.mark.parametrize("secret", [SECRET, ODD])
@pytest.mark.parametrize("number", range(8))
def test_no_secret_is_in_evidence(secret: str, number: int) -> None:
    made = answer({"client_secret": secret, "id": "a"})
    leaking = answer([*spellings(secret)][number], 422, ("x-debug", f"made {secret}"))
    found = evidence_of(
        [bodies(made, leaking), member(leaking, "detail"), header(leaking, "x-debug"),
         member(leaking, "data", secret), *hidden(leaking, [secret])],
        [(ASKED, made), (ASKED, leaking)],
    )  # fmt: skip

    assert secret not in str(found)
    assert quote(secret) not in str(found)
    assert ",".join(secret) not in str(found).replace(r"\x00", ",")


def test_a_hidden_form_of_a_secret_is_shown_by_its_place() -> None:
    encoded = base64.b64encode(SECRET.encode()).decode()
    page = answer({"data": [{"note": [encoded]}]}, 200, ("location", f"/{encoded}"))
    found = evidence_of(hidden(page, [encoded]), [(ASKED, page)], ["secrets.never-in-the-list"])

    assert [tuple(one) for one in found] == [
        ("location", "", "[hidden]"),
        ("/data/0/note/0", "", "[hidden]"),
        ("last answer", "", "200 application/json"),
    ]
    assert hidden(answer(f"a page with {SECRET}".encode()), [SECRET]) == [
        Values("body", Lack.HIDDEN)
    ]
    assert hidden(answer({}), [SECRET]) == []


def test_two_secrets_are_seen_to_differ_and_nothing_else_of_them() -> None:
    first, again = (answer({"client_secret": one}) for one in (SECRET, SECRET[::-1]))
    [(place, expected, actual)] = seen(bodies(first, again))

    assert place == "/client_secret"
    assert expected.startswith("redacted-")
    assert actual.startswith("redacted-")
    assert expected != actual


def test_each_report_has_the_evidence() -> None:
    evidence = (
        Seen("/name", '"a\x1b"', '"<b>"'), Seen("last answer", "", "201 application/json: {}")
    )  # fmt: skip
    result = Result(RULE, "createCredential", Level.MUST, Outcome.FAILED, "one", "another", "curl",
                    evidence=evidence)  # fmt: skip
    verdict = Verdict("2026-03-01", "http://localhost/v3", 7, Level.MUST, (result,))
    text = FORMATS["html"](verdict)

    document = json.loads(FORMATS["json"](verdict))
    assert document["results"][0]["evidence"] == [
        {"place": "/name", "expected": r'"a\x1b"', "actual": '"<b>"'},
        {"place": "last answer", "expected": "", "actual": "201 application/json: {}"},
    ]
    assert document["results"][0]["actual"] == "another"
    for form in ("text", "junit"):
        report = FORMATS[form](verdict).replace("&lt;", "<").replace("&gt;", ">")
        assert r'/name: expected "a\x1b", got "<b>"' in report
        assert "last answer: 201 application/json: {}" in report
    assert ("table", {"class": "seen"}) in Page(text).elements
    assert "&#34;<mark>&lt;b&gt;</mark>&#34;" in text
