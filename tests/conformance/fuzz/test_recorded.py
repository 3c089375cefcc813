"""Recorded traffic, changed and sent again."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from conformance.catalogue.sabotage import Sabotage, on_answers
from conformance.fuzz.checks.recorded import requests_in
from conformance.journal.har_reading import read_har, read_hars
from conformance.journal.redaction import Redactor
from conformance.target.exchange import Answer, Request
from dinie_contract.output import SECRETS
from tests.conformance.client.test_odd_places import PLACES, SECRET, SPELLINGS
from tests.conformance.fuzz.conftest import CONTRACT, Campaigns


def entry(method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
    headers = [
        {"name": "Authorization", "value": "Bearer dinie_at_somebodys"},
        {"name": "Idempotency-Key", "value": "somebodys-key-of-yesterday"},
        {"name": "Content-Type", "value": "application/json"},
    ]
    data = {"mimeType": "application/json", "text": json.dumps(body)}
    return {
        "startedDateTime": "2026-03-01T00:00:00Z",
        "time": 1,
        "request": {
            "method": method,
            "url": f"https://api.example.com{CONTRACT.base_path}{path}",
            "headers": headers,
            **({"postData": data} if body else {}),
        },
        "response": {"status": 201, "headers": [], "content": {}},
    }


def recorded(path: Path) -> dict[str, list[Request]]:
    entries = [
        entry("POST", "/auth/credentials", {"name": "Production Key", "tags": ["blue"]}),
        entry("GET", "/auth/credentials?limit=3"),
        entry("DELETE", "/auth/credentials/dinie_ci_live_somebodys"),
        entry("POST", "/elsewhere", {"name": "x"}),
    ]
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    return requests_in(CONTRACT, read_har(path))


def test_only_what_does_no_harm_is_taken_and_nothing_that_is_somebodys(tmp_path: Path) -> None:
    found = recorded(tmp_path / "a.har")
    assert found.keys() == {"createCredential", "listCredentials"}
    headers = {name for one in found.values() for sent in one for name, _ in sent.headers}
    assert headers == {"content-type"}


def fails_on_tags(request: Request, answer: Answer) -> Answer:
    return replace(answer, status=500) if b'"tags": [["blue"]]' in request.body else answer


FAULT: Sabotage = on_answers("a 5xx on what only a recording has", fails_on_tags)


def test_no_secret_of_a_recording_is_sent_whatever_file_tells_it(
    campaigns: Campaigns, tmp_path: Path
) -> None:
    """What is sent is kept in findings, and shared."""
    spellings = SPELLINGS.values()
    entries = [
        entry("POST", "/auth/credentials", {"name": "Recorded", "note": one}) for one in spellings
    ]
    entries += [entry("GET", f"/auth/credentials?note={one}") for one in spellings]
    tells = PLACES["a header in a text"]
    paths = [tmp_path / f"{number}.har" for number in range(2)]
    for path, found in zip(paths, (entries, [tells]), strict=True):
        path.write_text(json.dumps({"log": {"version": "1.2", "entries": found}}))
    journals = read_hars(paths, Redactor(known=SECRETS))
    sent: list[str] = []

    def seen(request: Request, answer: Answer) -> Answer:
        sent.append(f"{request.path} {request.body.decode(errors='replace')}")
        return answer

    campaign = campaigns(
        on_answers("none: it only looks", seen),
        "generated.nothing-makes-it-fail",
        recorded=requests_in(CONTRACT, chain.from_iterable(journals)),
        max_turns=12,
    )
    campaign.work_through()
    assert len([one for one in sent if "Recorded" in one]) > 10
    assert len([one for one in sent if "note=[hidden]" in one]) > 3
    for one in (SECRET, *spellings):
        assert one not in " ".join(sent)


@pytest.mark.thorough
def test_a_fault_near_what_was_recorded_is_found(campaigns: Campaigns, tmp_path: Path) -> None:
    campaign = campaigns(
        FAULT,
        "generated.nothing-makes-it-fail",
        recorded=recorded(tmp_path / "a.har"),
        max_findings=1,
        max_turns=100,
    )
    campaign.work_through()
    [finding] = campaign.record.findings.values()
    assert finding.work == "campaign.recorded [createCredential]"
    assert finding.requirement == "generated.nothing-makes-it-fail"
    assert (finding.state, len(finding.steps)) == ("reproducible", 1)
