"""The partner's token goes where the contract has its API key, and no report holds it."""

import json
import subprocess
import sys
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from conformance.fuzz.findings.exporting import python_script
from conformance.fuzz.findings.recording import steps_of
from conformance.fuzz.storage.files import FileError, Format
from conformance.fuzz.storage.steps import STEPS
from conformance.fuzz.storage.steps import steps_of as stored_steps
from conformance.results.curl import reproduction
from conformance.target.connecting import AccessSettings, authenticate
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from demo.mock_process import mock_process
from openapi.contract import Contract
from tests.other_contracts.judging import TOKENS, accused, judged, judged_mock
from tests.other_contracts.styles import tasks
from tests.payments.serving import FILE

PLACES = [("header", "X-Api-Key"), ("query", "api_key"), ("cookie", "session")]


def keyed(place: str, name: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """A contract with an API key in place of a bearer token: that of tasks, where none is given."""
    document = document or tasks()
    scheme = {"type": "apiKey", "in": place, "name": name}
    document["components"]["securitySchemes"]["token"] = scheme
    return document


@pytest.mark.parametrize(
    ("place", "name"),
    [PLACES[0], *(pytest.param(*one, marks=pytest.mark.thorough) for one in PLACES[1:])],
)
def test_the_mock_of_an_api_key_conforms(place: str, name: str, tmp_path: Path) -> None:
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(keyed(place, name)))
    code, report = judged_mock(contract, tmp_path)

    assert accused(report) == []
    assert code == 0
    assert report["summary"]["passed"] > 100
    text = (tmp_path / "report.json").read_text()
    assert not any(one in text for one in TOKENS)


@pytest.mark.parametrize(("place", "name"), PLACES)
def test_a_load_test_sends_the_key_in_its_place(place: str, name: str, tmp_path: Path) -> None:
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(keyed(place, name, yaml.safe_load(FILE.read_text()))))
    with mock_process("--contract", str(contract), "--partner", f"id:secret:{TOKENS[0]}") as mock:
        code, report = judged(
            "load", "--contract", str(contract), "--url", mock.base_url, "--token", TOKENS[0],
            "--headless", "--users", "2", "--max-time", "3s", folder=tmp_path,
        )  # fmt: skip
    assert code == 0
    assert accused(report) == []
    assert not any(one in (tmp_path / "report.json").read_text() for one in TOKENS)


TOKEN = "key-of-the-partner-0123456789"
ACCESS = AccessSettings(token=TOKEN)


def sent_by(document: dict[str, Any], *headers: tuple[str, str]) -> tuple[httpx.Request, str]:
    """The last request to a target of a contract, and the script that sends it again."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    contract, settings = Contract(document), TargetSettings(headers=headers)
    with Target("http://target.test", [], settings, transport=httpx.MockTransport(answer)) as one:
        authenticate(one, ACCESS, contract)
        request = Request("GET", "/tasks?page=1", partner=0)
        exchange = request, one.send(request)
        return seen[-1], reproduction(one.base_url, [exchange], one.settings)


@pytest.mark.parametrize(
    ("place", "script"),
    [
        (PLACES[0], '-H "X-Api-Key: $TOKEN"'),
        (PLACES[1], '"&api_key=$TOKEN"'),
        (PLACES[2], '-H "Cookie: session=$TOKEN"'),
    ],
)
def test_a_script_sends_the_key_in_its_place(place: tuple[str, str], script: str) -> None:
    request, told = sent_by(keyed(*place))
    kind, name = place

    assert "authorization" not in request.headers
    found = {
        "header": request.headers.get(name),
        "query": request.url.params.get(name),
        "cookie": request.headers.get("cookie", "").removeprefix(f"{name}="),
    }
    assert found[kind] == TOKEN
    assert script in told
    assert TOKEN not in told


def test_a_cookie_of_the_user_goes_along_in_one_header() -> None:
    request, _ = sent_by(keyed("cookie", "session"), ("Cookie", "route=a"))
    assert request.headers.get_list("cookie") == [f"route=a; session={TOKEN}"]


def test_a_header_that_the_user_gives_counts() -> None:
    request, _ = sent_by(keyed("header", "X-Api-Key"), ("x-api-key", "the-users"))
    assert request.headers.get_list("x-api-key") == ["the-users"]


@pytest.mark.parametrize("name", ["X-$(id)", "X Key", 'X"', "X`id`", "", "X:", "Host"])
def test_a_name_that_a_script_could_not_hold_has_no_key(name: str) -> None:
    assert Contract(keyed("header", name)).key_place == ""


def test_a_bearer_token_goes_before_an_api_key() -> None:
    document = tasks()
    schemes = document["components"]["securitySchemes"]
    schemes["key"] = {"type": "apiKey", "in": "header", "name": "X-Tenant"}
    document["security"] = [{"key": [], "token": []}]
    request, told = sent_by(document)
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "x-tenant" not in request.headers
    assert "Bearer $TOKEN" in told


def test_the_place_of_a_key_is_kept_with_the_steps_of_a_finding() -> None:
    exchanges = [(Request("GET", "/tasks", partner=0), Answer(500))]
    [step] = steps_of(exchanges, TargetSettings(token_place="header X-Api-Key"))
    assert stored_steps([step], "file") == (step,)
    for place in ("header X-$(id)", "header Host", "body x", "header X\n"):
        with pytest.raises(FileError):
            Format(STEPS).check([{**step, "token_place": place}], "file")


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        ("", {"authorization": f"Bearer {TOKEN}"}),
        ("header X-Api-Key", {"x-api-key": TOKEN}),
        ("cookie session", {"cookie": f"route=a; session={TOKEN}"}),
        ("query api_key", {"path": f"/tasks?page=1&api_key={TOKEN}"}),
        ("basic Authorization", {"authorization": f"Basic {b64encode(TOKEN.encode()).decode()}"}),
    ],
)
def test_a_python_script_sends_the_key_in_its_place(
    place: str, sent: dict[str, str], tmp_path: Path
) -> None:
    seen: list[dict[str, str]] = []

    class Seeing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    request = Request("GET", "/tasks?page=1", (("Cookie", "route=a"),), partner=0)
    with HTTPServer(("127.0.0.1", 0), Seeing) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        script = tmp_path / "finding.py"
        steps = steps_of([(request, Answer(500))], TargetSettings(token_place=place))
        script.write_text(python_script(url, steps))
        ran = subprocess.run(
            [sys.executable, str(script)], check=True, capture_output=True, text=True, timeout=60,
            env={"DINIE_TOKEN": TOKEN},
        )  # fmt: skip

    assert ran.stdout.startswith("GET /tasks?page=1 204")
    [request_seen] = seen
    assert sent.items() <= request_seen.items()
    assert place == "" or request_seen.get("authorization") in {None, sent.get("authorization")}
    assert TOKEN not in script.read_text()
