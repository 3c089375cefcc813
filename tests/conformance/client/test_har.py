"""Journals as HAR: the structure of HAR 1.2, and back again without loss."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.journal.har import har_of
from conformance.journal.har_reading import HarError, entries_of, read_har
from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import PSEUDONYM, Redactor
from tests.conformance.client.journals import UNHURRIED

REDACTOR = Redactor(b"one key for all of these tests")

# The members that HAR 1.2 lists; those of our own start with an underscore.


def _object(required: str, optional: str = "", **members: Any) -> dict[str, Any]:
    known = {name: members.get(name, True) for name in f"{required} {optional}".split()}
    return {
        "type": "object",
        "required": required.split(),
        "properties": known,
        "patternProperties": {"^_": True},
        "additionalProperties": False,
    }


TEXT, SIZE = {"type": "string"}, {"type": "integer", "minimum": -1}
MILLISECONDS = {"type": "number", "minimum": -1}
PAIRS = {
    "type": "array",
    "items": _object("name value", "comment", name=TEXT, value=TEXT),
}
COOKIES = {
    "type": "array",
    "items": _object("name value", "path domain expires httpOnly secure", name=TEXT, value=TEXT),
}
REQUEST = _object(
    "method url httpVersion cookies headers queryString headersSize bodySize",
    "postData comment",
    method=TEXT, url={"type": "string", "format": "uri"}, httpVersion=TEXT, cookies=COOKIES,
    headers=PAIRS, queryString=PAIRS, headersSize=SIZE, bodySize=SIZE,
    postData=_object("mimeType", "params text comment", mimeType=TEXT, text=TEXT, params=PAIRS),
)  # fmt: skip
RESPONSE = _object(
    "status statusText httpVersion cookies headers content redirectURL headersSize bodySize",
    "comment",
    status={"type": "integer"}, statusText=TEXT, httpVersion=TEXT, cookies=COOKIES, headers=PAIRS,
    content=_object("size mimeType", "compression text encoding", size=SIZE, mimeType=TEXT,
                    text=TEXT),
    redirectURL=TEXT, headersSize=SIZE, bodySize=SIZE,
)  # fmt: skip
ENTRY = _object(
    "startedDateTime time request response cache timings",
    "pageref serverIPAddress connection comment",
    startedDateTime={"type": "string", "format": "date-time"}, time={"type": "number"},
    request=REQUEST, response=RESPONSE, cache={"type": "object"},
    timings=_object("send wait receive", "blocked dns connect ssl", send=MILLISECONDS,
                    wait=MILLISECONDS, receive=MILLISECONDS),
)  # fmt: skip
LOG = _object(
    "version creator entries",
    "browser pages comment",
    version={"const": "1.2"},
    creator=_object("name version", name=TEXT, version=TEXT),
    pages={"type": "array"},
    entries={"type": "array", "items": ENTRY},
)
HAR = jsonschema_rs.Draft202012Validator(_object("log", log=LOG), validate_formats=True)

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
HEADERS = st.lists(
    st.tuples(NAMES | st.sampled_from(["authorization", "cookie", "idempotency-key"]), TEXTS),
    max_size=4,
).map(REDACTOR.headers)
TIMES = st.floats(0, 2e9, allow_nan=False)
ENTRIES = st.builds(
    JournalEntry,
    number=st.integers(1),
    started=TIMES,
    seconds=st.floats(0, 1000),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    url=st.sampled_from(["http://127.0.0.1:8080/v3/auth/credentials?limit=5&x=", "https://h/"]),
    request_headers=HEADERS,
    request_body=TEXTS.map(lambda text: REDACTOR.body(text.encode())),
    status=st.none() | st.integers(100, 599),
    response_headers=HEADERS,
    response_body=TEXTS.map(lambda text: REDACTOR.body(text.encode())),
    operation=st.none() | NAMES,
    partner=st.none() | NAMES,
    refusals=st.lists(TEXTS, max_size=2).map(tuple),
    fault=st.none() | NAMES,
    replayed=st.booleans(),
)


@UNHURRIED
@given(st.lists(ENTRIES, max_size=4, unique_by=lambda one: one.number))
def test_an_exported_journal_is_har_and_is_read_back_without_loss(
    entries: list[JournalEntry],
) -> None:
    text = json.dumps(har_of(entries))

    assert [str(one) for one in HAR.iter_errors(json.loads(text))] == []
    read = entries_of(json.loads(text))
    assert sorted(read, key=lambda one: one.number) == sorted(entries, key=lambda one: one.number)
    assert [one.started for one in read] == sorted(one.started for one in entries)


def elsewhere(**changes: Any) -> dict[str, Any]:
    """The least that a tool may write of one exchange."""
    entry = {
        "startedDateTime": "2026-03-01T12:00:00.5Z",
        "time": 250,
        "request": {
            "method": "POST",
            "url": "http://h/v3/auth/credentials",
            "headers": [{"name": "Idempotency-Key", "value": "k"},
                        {"name": ":authority", "value": "h"},
                        {"name": "Content-Type", "value": "application/json"}],
            "postData": {"mimeType": "application/json", "text": '{"name": "x"}'},
        },
        "response": {"status": 201, "headers": [], "content": {}},
    }  # fmt: skip
    for place, value in changes.items():
        *path, last = place.split("__")
        node: Any = entry
        for step in path:
            node = node[step]
        if value is ...:
            del node[last]
        else:
            node[last] = value
    return {"log": {"entries": [entry]}}


def read(**changes: Any) -> JournalEntry:
    [entry] = entries_of(elsewhere(**changes), REDACTOR)
    return entry


def test_a_har_taken_elsewhere_is_read() -> None:
    entry = read()

    assert entry.number == 1
    assert entry.started == 1772366400.5
    assert entry.seconds == 0.25
    assert (entry.method, entry.status) == ("POST", 201)
    assert dict(entry.request_headers)["content-type"] == "application/json"
    assert ":authority" not in dict(entry.request_headers)
    assert PSEUDONYM.fullmatch(dict(entry.request_headers)["idempotency-key"])
    assert entry.request_body == '{"name": "x"}'
    assert entry.response_body == ""
    assert entry.operation is None


@pytest.mark.parametrize(
    ("changes", "member", "expected"),
    [
        ({"response": None}, "status", None),
        ({"response": ...}, "status", None),
        ({"response__status": 0}, "status", None),
        ({"response__status": -1}, "status", None),
        ({"response__content": ...}, "response_body", ""),
        ({"response__content": {"text": None}}, "response_body", ""),
        ({"request__postData": None}, "request_body", ""),
        ({"request__headers": ...}, "request_headers", ()),
        ({"time": ...}, "seconds", 0),
        ({"time": -1, "timings": {"send": 1, "wait": 2, "receive": -1}}, "seconds", 0.003),
        ({"startedDateTime": "2026-03-01T13:00:00.5000000+01:00"}, "started", 1772366400.5),
        ({"startedDateTime": "2026-03-01T12:00:00.5"}, "started", 1772366400.5),
        # RFC 3339 section 5.6: a leap second is the second after it, and case does not matter.
        ({"startedDateTime": "2026-03-01T11:59:60.5Z"}, "started", 1772366400.5),
        ({"startedDateTime": "2026-03-01t12:00:00.5z"}, "started", 1772366400.5),
        ({"request__postData": {"params": [{"name": "a b", "value": "c"}, {"name": "d"}]}},
         "request_body", "a+b=c&d="),
        ({"response__content": {"encoding": "base64", "text": b64encode(b'{"a": 1}').decode()}},
         "response_body", '{"a": 1}'),
        ({"response__headers": [{"name": "Idempotent-Replayed", "value": "true"}]},
         "replayed", True),
    ],
)  # fmt: skip
def test_what_tools_leave_out_or_write_otherwise(
    changes: dict[str, Any], member: str, expected: object
) -> None:
    assert getattr(read(**changes), member) == expected


def test_what_was_written_raw_is_redacted_on_reading() -> None:
    secrets = [f"dinie_sealed_{name}" for name in ("token", "secret", "key", "query", "cookie")]
    token, secret, key, query, cookie = secrets
    entry = read(
        request__url=f"http://h/v3/auth/credentials?access_token={query}",
        request__headers=[
            {"name": "Authorization", "value": f"Bearer {token}"},
            {"name": "IDEMPOTENCY-KEY", "value": key},
            {"name": "Cookie", "value": f"sid={cookie}"},
        ],
        request__postData={"text": json.dumps({"client_secret": secret})},
        response__content={
            "encoding": "base64",
            "text": b64encode(json.dumps({"client_secret": secret}).encode()).decode(),
        },
    )

    assert [one for one in secrets if one in str(entry)] == []
    assert json.loads(entry.request_body) == json.loads(entry.response_body)


def test_exchanges_come_in_the_order_in_which_they_began() -> None:
    later, earlier = elsewhere(), elsewhere(startedDateTime="2026-03-01T11:00:00Z")
    later["log"]["entries"] += earlier["log"]["entries"]

    assert [one.started for one in entries_of(later)] == [1772362800, 1772366400.5]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (7, "the document: must be an object"),
        ({}, "log: is missing"),
        ({"log": []}, "log: must be an object"),
        ({"log": {}}, "log.entries: is missing"),
        ({"log": {"entries": {}}}, "log.entries: must be a list"),
        ({"log": {"entries": [1]}}, "log.entries[0]: must be an object"),
        (elsewhere(request=...), "log.entries[0].request: is missing"),
        (elsewhere(request__method=7), "log.entries[0].request.method: must be a text"),
        (elsewhere(request__url="/v3"), "log.entries[0].request.url: must be an absolute URL"),
        (elsewhere(startedDateTime="noon"),
         "log.entries[0].startedDateTime: is no date and time (ISO 8601)"),
        (elsewhere(startedDateTime=...), "log.entries[0].startedDateTime: is missing"),
        (elsewhere(response__status="201"),
         "log.entries[0].response.status: must be a number"),
        (elsewhere(request__headers=[{"value": "x"}]),
         "log.entries[0].request.headers[0].name: is missing"),
        (elsewhere(response__content={"encoding": "base64", "text": "a"}),
         "log.entries[0].response.content.text: is not base64, as its encoding says"),
        (elsewhere(time=float("nan")), "log.entries[0].time: must be a number"),
        (elsewhere(_refusals=[1]), "log.entries[0]._refusals: must be a list of texts"),
    ],
)  # fmt: skip
def test_a_bad_document_is_refused_with_the_place(document: Any, place: str) -> None:
    with pytest.raises(HarError) as refused:
        entries_of(document)
    assert str(refused.value) == place


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON: Expecting value at line 1, column 1"),
        (b'{"log": ', "is not JSON: Expecting value at line 1, column 9"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[" * 200_000, "is not JSON that can be read"),
        (b"{}", "log: is missing"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "taken.har"
    path.write_bytes(content)
    with pytest.raises(HarError) as refused:
        read_har(path)
    assert str(refused.value) == f"{path}: {reason}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HarError, match=r"gone\.har: No such file"):
        read_har(tmp_path / "gone.har")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "taken.har"
    path.write_text(json.dumps(elsewhere()), encoding="utf-8-sig")
    assert len(read_har(path)) == 1
