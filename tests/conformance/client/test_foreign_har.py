"""HAR files as an enemy, or a broken tool, writes them: read right, or one line that says why."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from conformance.client.judging import judge
from conformance.fuzz.checks.recorded import requests_in
from conformance.fuzz.storage.steps import can_be_sent
from conformance.journal.har import har_of
from conformance.journal.har_reading import HarError, read_har
from conformance.journal.journal import JournalEntry
from conformance.report import FORMATS
from conformance.results.result import Outcome
from conformance.target.transport.connections import url_under
from tests.conformance.cli.command_line import one_line, run
from tests.conformance.client.journals import CONTRACT, UNHURRIED, correct_client
from tests.conformance.foreign_json import mutated

WHOLE = har_of(correct_client()[:12])


def judged(entries: tuple[JournalEntry, ...]) -> None:
    """Whatever was read, it can be judged, shown in every format, and sent again with changes."""
    verdict = judge(entries, CONTRACT)
    assert [one for one in verdict.results if one.outcome is Outcome.ERROR] == []
    for form in FORMATS.values():
        form(verdict)
    for sent in requests_in(CONTRACT, entries).values():
        for one in sent:
            assert can_be_sent(one)
            assert url_under("http://127.0.0.1:1/v3", one.path).netloc == b"127.0.0.1:1"


@UNHURRIED
@given(text=mutated(WHOLE))
def test_whatever_a_member_is_the_file_is_read_or_refused_in_one_line(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("foreign") / "foreign.har"
    path.write_text(text)
    reason = ""
    try:
        entries = read_har(path)
    except HarError as error:
        reason = str(error)
    if reason:
        assert reason.startswith(f"{path}: ")
        assert reason.isprintable()
    else:
        judged(entries)


def changed(**members: Any) -> Callable[[dict[str, Any]], str]:
    """A HAR with these members in its second entry; ``a__b`` is the member ``b`` of ``a``."""

    def text(document: dict[str, Any]) -> str:
        for place, value in members.items():
            *path, last = place.split("__")
            node = document["log"]["entries"][1]
            for step in path:
                node = node[step]
            node[last] = value
        return json.dumps(document)

    return text


def twice(document: dict[str, Any]) -> str:
    return json.dumps(document).replace('"method":', '"method": 7, "method":')


def digits(document: dict[str, Any]) -> str:
    return json.dumps(document).replace('"status": 201', f'"status": {"9" * 5000}')


def deep(document: dict[str, Any]) -> str:
    return json.dumps(document).replace('"cache": {}', f'"cache": {"[" * 100_000}')


NESTED = '{"name":' * 900 + "1" + "}" * 900
LONG = "x" * 300_000
BODY = {"mimeType": "application/json"}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (changed(_started=-62135596800.0), "[1]._started: must be between 0 and 253370764800"),
        (changed(_started=253402300799.0), "[1]._started: must be between 0 and 253370764800"),
        (changed(_seconds=10**400), "[1]._seconds: must be between -1000000000 and 1000000000"),
        (changed(_number=10**400), "[1]._number: must be between"),
        (changed(response__status=10**400), "response.status: must be between -1 and 999"),
        (changed(response__status=1e300), "response.status: must be between -1 and 999"),
        (changed(response__status=float("nan")), "response.status: must be a number"),
        (changed(response__status=float("inf")), "response.status: must be between -1 and 999"),
        (changed(request__method={}), "request.method: must be a text"),
        (digits, "is not JSON that can be read"),
        (deep, "is not JSON that can be read"),
    ],
)
def test_what_cannot_be_read_is_one_line_of_both_commands(
    make: Callable[[dict[str, Any]], str],
    reason: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "foreign.har"
    path.write_text(make(json.loads(json.dumps(WHOLE))))
    fuzz = ("fuzz", "--url", "http://127.0.0.1:9/v3", "--token", "t", "--har", str(path))
    for command in (("client", "--har", str(path)), fuzz):
        assert run(*command) == 2
        line = one_line(capsys)
        assert line.startswith(f"{path}: ")
        assert reason in line


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_years_that_nobody_lives_in_are_refused(year: str, tmp_path: Path) -> None:
    document = json.loads(json.dumps(WHOLE))
    for one in document["log"]["entries"]:
        del one["_started"]
        one["startedDateTime"] = f"{year}-12-31T23:59:59-14:00"
    path = tmp_path / "foreign.har"
    path.write_text(json.dumps(document))
    with pytest.raises(HarError, match="startedDateTime: must be between the years 1970 and 9999"):
        read_har(path)


@pytest.mark.parametrize(
    "make",
    [
        twice,
        changed(request__postData={**BODY, "text": NESTED}),
        changed(response__content={**BODY, "text": NESTED}),
        changed(request__postData={**BODY, "text": f'{{"name": {"9" * 5000}}}'}),
        changed(request__postData={**BODY, "text": f'{{"name": {{}}, "{LONG}": 1}}'}),
        changed(request__postData={**BODY, "text": '{"name": "\ud800"}'}),
        changed(request__postData={**BODY, "params": [{"name": "\ud800", "value": "\udcff"}]}),
        changed(request__url="http://[/v3/auth/credentials"),
        changed(request__url=f"http://h/v3/auth/credentials?limit={LONG}"),
        changed(request__url="http://h/v3/auth/credentials?limit=\n\x1b\ud800"),
        changed(request__headers=[{"name": "x y\r\n", "value": "\0\r\nHost: other"}]),
        changed(request__headers=[{"name": LONG, "value": LONG}]),
        changed(response__headers=[{"name": "retry-after", "value": "٣" * 9}]),
        changed(response__headers=[{"name": "date", "value": LONG}]),
        changed(_partner="\ud800", _fault="\x1b[31m", _request_id=LONG, _operation=LONG),
        changed(_refusals=["\ud800" * 1000]),
        changed(response=None),
    ],
)  # fmt: skip
def test_odd_traffic_is_judged_like_any_other(
    make: Callable[[dict[str, Any]], str], tmp_path: Path
) -> None:
    path = tmp_path / "foreign.har"
    path.write_text(make(json.loads(json.dumps(WHOLE))))
    judged(read_har(path))
