"""``dinie-conformance client``: its exit codes, its formats, and one line for what is wrong."""

import json
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

from conformance.cli.main import main
from conformance.client.judging import judge
from conformance.client.requirements import client_catalogue
from conformance.journal.har import har_of
from conformance.journal.journal import JournalEntry
from conformance.report import FORMATS
from conformance.server import catalogue
from tests.conformance.client.journals import CONTRACT, DOWN, Recording, correct_client, created

TEXTS = ("id", "source", "expected", "actual", "reproduce")
RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": [*TEXTS, "level", "operation", "outcome"],
    "properties": {
        **{name: {"type": "string"} for name in (*TEXTS, "mend")},
        "level": {"enum": ["must", "should", "info"]},
        "outcome": {"enum": ["passed", "failed", "warning", "not_verified", "error"]},
        "operation": {"enum": list(CONTRACT.operations)},
    },
}
REPORT = jsonschema_rs.Draft202012Validator(
    {
        "type": "object",
        "required": ["contract", "target", "summary", "results"],
        "properties": {
            "contract": {"const": CONTRACT.version},
            "target": {"type": "string"},
            "summary": {
                "type": "object",
                "required": ["passed", "failed", "warnings", "not_verified", "errors"],
                "additionalProperties": {"type": "integer"},
            },
            "results": {"type": "array", "items": RESULT},
        },
    }
)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def saved(folder: Path, entries: Iterable[JournalEntry], name: str = "client.har") -> str:
    path = folder / name
    path.write_text(json.dumps(har_of(entries)))
    return str(path)


def without_keys() -> list[JournalEntry]:
    """Breaks a SHOULD, and no MUST."""
    one = Recording()
    one.sign_in()
    one.post(created("1"), "first")
    one.post(created("2"), "second")
    return one.entries


def new_key_on_a_retry() -> list[JournalEntry]:
    one = Recording()
    one.sign_in()
    one.post(DOWN, key=one.key())
    one.sleep(0.4)
    one.post(created("1"), key=one.key())
    return one.entries


def test_a_correct_client_is_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path, correct_client())

    assert run("client", "--har", path, "--level", "should") == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0] == f"the client in {path} by contract 2026-03-01"
    assert text.splitlines()[-1].startswith("Conforms (")
    assert "requests in" in text
    assert "seed" not in text


def test_a_broken_must_is_1_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("client", "--har", saved(tmp_path, new_key_on_a_retry())) == 1

    text = capsys.readouterr().out
    assert "MUST retries.repeat-the-key [createCredential]" in text
    assert "    #2  12:00:00.005  POST" in text
    assert "Not verified" in text
    assert "the preset expired-token causes it" in text


@pytest.mark.parametrize(("level", "code"), [("must", 0), ("should", 1)])
def test_a_broken_should_fails_at_its_level(tmp_path: Path, level: str, code: int) -> None:
    assert run("client", "--har", saved(tmp_path, without_keys()), "--level", level) == code


def test_only_what_is_selected_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, new_key_on_a_retry())

    assert run("client", "--har", path, "--select", "urls", "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert {one["id"] for one in document["results"]} == {"urls.no-credentials"}
    assert run("client", "--har", path, "--select", "nonsense") == 2


def test_the_json_report_has_the_documented_shape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, new_key_on_a_retry())

    assert run("client", "--har", path, "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert [str(one) for one in REPORT.iter_errors(document)] == []
    assert {one["id"] for one in document["results"]} == set(client_catalogue())


def test_the_junit_report_has_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("client", "--har", saved(tmp_path, new_key_on_a_retry()), "--format", "junit") == 1

    suite = ET.fromstring(capsys.readouterr().out)[0]
    assert suite.get("failures") == "1"
    assert "#2" in (suite.findtext("testcase/failure") or "")


def test_reports_are_written_beside_the_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html")}
    options = [f"--report-{name}={path}" for name, path in outputs.items()]

    assert run("client", "--har", saved(tmp_path, new_key_on_a_retry()), *options) == 1
    assert capsys.readouterr().out.startswith("the client in")
    for path in outputs.values():
        assert "retries.repeat-the-key" in path.read_text()


def test_several_files_are_judged_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = new_key_on_a_retry()
    first, second = saved(tmp_path, entries[:2], "1.har"), saved(tmp_path, entries[2:], "2.har")

    assert run("client", "--har", first) == 0
    assert run("client", "--har", second, "--har", first) == 1
    assert "#2" in capsys.readouterr().out


def test_several_raw_files_have_one_pseudonym_for_one_secret(tmp_path: Path) -> None:
    paths = []
    for number, entry in enumerate(new_key_on_a_retry()[1:]):
        [har] = har_of([entry])["log"]["entries"]
        for header in har["request"]["headers"]:
            if header["name"] == "idempotency-key":
                header["value"] = "6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83"
        path = tmp_path / f"{number}.har"
        path.write_text(json.dumps({"log": {"entries": [har]}}))
        paths += ["--har", str(path)]

    assert run("client", *paths) == 0


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_a_journal_without_a_request_has_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert run("client", "--har", saved(tmp_path, []), "--format", form) == 2

    said = capsys.readouterr()
    assert said.err == (
        "dinie-conformance: the journal has no request for any operation of the contract\n"
    )
    assert bool(said.out) == (form != "text")


def test_a_bad_file_is_one_line_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.har"
    path.write_text('{"log": {"entries": [{"startedDateTime": "2026-03-01T12:00:00Z"}]}}')

    assert run("client", "--har", str(path)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"dinie-conformance: {path}: log.entries[0].request: is missing\n"


def test_no_file_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("client") == 2
    assert capsys.readouterr().err == "dinie-conformance: Missing option '--har'.\n"


def test_no_report_holds_a_secret_of_a_har(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "dinie_sealed_secret"
    document = har_of(new_key_on_a_retry())
    for entry in document["log"]["entries"]:
        entry["request"]["url"] += f"?access_token={secret}"
        for header in entry["request"]["headers"]:
            if header["name"] in {"authorization", "idempotency-key"}:
                header["value"] = f"Bearer {secret}"
    path = tmp_path / "raw.har"
    path.write_text(json.dumps(document))

    for form in ("text", "json", "junit"):
        assert run("client", "--har", str(path), "--format", form) == 1
        said = capsys.readouterr().out
        assert "urls.no-credentials" in said
        assert secret not in said


@pytest.mark.parametrize("form", ["text", "json", "junit", "html"])
@pytest.mark.parametrize("files", [1, 2])
def test_no_report_repeats_what_only_another_place_shows_to_be_a_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, files: int
) -> None:
    token, secret = "Zq8sKd92mXlP0aQwEr", "8fK2-issued_and_used-Pq"
    entries = har_of(new_key_on_a_retry())["log"]["entries"]
    for entry, value in zip(entries[1:], (token, secret), strict=False):
        entry["request"]["url"] += f"?starting_after={value}"
        entry["request"]["headers"].append({"name": "x-debug", "value": f"with {value}"})
        entry["request"]["postData"] = {
            "mimeType": "application/json",
            "text": json.dumps({"name": f"key {value}", "nonsense": value, value: 1}),
        }
        entry["response"]["status"] = 422
        entry["response"]["content"] = {"text": json.dumps({"detail": f"no {value}"})}
    headers = [{"name": "authorization", "value": f"Bearer {token}"}]
    last = {**entries[0], "startedDateTime": "2026-12-31T00:00:00Z", "_number": 99}
    last.pop("_started", None)
    last["request"] = {**last["request"], "headers": headers}
    last["response"] = {"status": 201, "content": {"text": json.dumps({"client_secret": secret})}}
    paths = []
    for number, part in enumerate([[*entries, last]] if files == 1 else [entries, [last]]):
        path = tmp_path / f"{number}.har"
        path.write_text(json.dumps({"log": {"entries": part}}))
        paths += ["--har", str(path)]

    assert run("client", *paths, "--format", form) == 1
    said = capsys.readouterr().out
    assert "urls.no-credentials" in said
    assert token not in said
    assert secret not in said


def test_the_catalogue_of_clients_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--client") == 0
    text = capsys.readouterr().out
    assert [one for one in client_catalogue() if f"  {one} " not in text] == []
    assert [one for one in catalogue() if f"  {one} " in text] == []


@pytest.mark.parametrize("id_", list(client_catalogue()))
def test_a_requirement_on_clients_is_explained(
    capsys: pytest.CaptureFixture[str], id_: str
) -> None:
    assert run("explain", id_) == 0
    text, rule = capsys.readouterr().out, client_catalogue()[id_]
    for part in (rule.summary, rule.source, rule.occasion, rule.sabotage[0].name):
        assert part in text


def test_no_id_is_in_both_catalogues() -> None:
    assert catalogue().keys() & client_catalogue().keys() == set()


@pytest.mark.parametrize("form", list(FORMATS))
def test_the_renderers_make_the_same_of_a_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    entries = new_key_on_a_retry()
    path = saved(tmp_path, entries)
    start = int(time.time())
    run("client", "--har", path, "--format", form)

    verdict = judge(entries, CONTRACT, target=f"the client in {path}")
    # Reports say when they were made, to the second.
    moments = range(start, int(time.time()) + 1)
    rendered = {FORMATS[form](replace(verdict, made=float(one))) for one in moments}
    assert capsys.readouterr().out in rendered
