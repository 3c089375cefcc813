"""The log of ``dinie-mock serve``: what a line holds, and what no line may hold."""

import json
import logging
import re
import socket
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process
from mock_server.observing.logs import LogFormat, set_up_logs
from tests.mock_server.command_line import restored_logging, run_command
from tests.mock_server.wire import until

JSON = {"Content-Type": "application/json"}
FIELDS = {
    *("time", "level", "logger", "message", "request_id", "operation", "method", "path"),
    *("status", "seconds", "partner", "fault", "replayed"),
}


def lines_of(mock: MockProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in mock.log().splitlines()]


def printed(mock: MockProcess) -> str:
    """What the mock has printed up to now."""
    return mock.announcement + "".join(mock.printed_later)


def requests_of(mock: MockProcess) -> list[dict[str, Any]]:
    return [one for one in lines_of(mock) if one["message"] == "request"]


def connect(mock: MockProcess) -> httpx.Client:
    headers = {"Authorization": f"Bearer {mock.token}"}
    return httpx.Client(base_url=mock.origin, headers=headers, timeout=30)


def test_each_request_is_one_line_that_tells_what_came_of_it() -> None:
    key = {"Idempotency-Key": "a"}
    with mock_process("--log-level", "info", "--log-format", "json") as mock:
        with connect(mock) as client:
            [partner] = client.get("/_mock/partners").json()["data"]
            answers = [
                client.post("/v3/auth/credentials", json={"name": "x"}, headers=key),
                client.post("/v3/auth/credentials", json={"name": "x"}, headers=key),
                client.get("/v3/nope?a=b"),
                client.delete("/v3/auth/credentials/nobody"),
            ]
        control, *told = requests_of(mock)
    assert set(control) == FIELDS
    assert (control["operation"], control["path"]) == ("listPartners", "/_mock/partners")
    assert [one["request_id"] for one in told] == [one.headers["x-request-id"] for one in answers]
    create = ("createCredential", "POST", "/v3/auth/credentials", 201, partner["id"])
    revoke = "/v3/auth/credentials/{client_id}"
    names = ("operation", "method", "path", "status", "partner", "replayed")
    assert [tuple(one[name] for name in names) for one in told] == [
        (*create, False),
        (*create, True),
        ("unknown", "GET", None, 404, None, False),
        ("revokeCredential", "DELETE", revoke, 404, partner["id"], False),
    ]
    for one in told:
        assert one["level"] == "INFO"
        assert 0 < one["seconds"] < 60
        assert one["time"] > 1_700_000_000


def test_a_fault_is_logged_by_its_name_and_a_dropped_answer_has_no_status() -> None:
    options = ("--log-level", "info", "--log-format", "json", "--fault", "lost-response")
    with mock_process(*options) as mock, connect(mock) as client:
        for _ in range(2):
            try:
                headers = {"Idempotency-Key": "a"}
                client.post("/v3/auth/credentials", json={"name": "x"}, headers=headers)
            except httpx.RemoteProtocolError:
                pass
        first, second = requests_of(mock)
    assert (first["status"], first["fault"]) == (None, "lost-response")
    assert (second["status"], second["fault"], second["replayed"]) == (201, None, True)


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_start_and_end_are_logged_and_the_servers_own_lines_in_the_same_form(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path / 'mock.db'}"
    processes = 2 if options else 1
    with mock_process(
        "--log-level", "info", "--log-format", "json", "--store", store, *options
    ) as mock:
        # It is announced when one worker answers; another may still be starting.
        until(lambda: printed(mock).count("Application startup complete") == processes)
        assert httpx.get(f"{mock.base_url}/nope").status_code == 404
        assert mock.stop() == 0
        before = [json.loads(one) for one in mock.announcement.splitlines() if one[:1] == "{"]
        told = lines_of(mock)
    ours = [one for one in (*before, *told) if one["logger"] == "mock_server"]
    # Before it is announced: who reads that may ask for something at once.
    assert ours[0] == {**ours[0], "message": "started", "workers": processes}
    assert ours[-1]["message"] == "stopped"
    assert sum(one["message"] == "request" for one in ours) == 1
    assert sum("Finished server process" in one["message"] for one in told) == processes
    assert not [one for one in told if "color_message" in one]


def test_text_is_for_reading() -> None:
    with mock_process("--log-level", "info") as mock:
        answer = httpx.get(f"{mock.base_url}/nope")
        lines = mock.log().splitlines()
    [line] = [one for one in lines if " request " in one]
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO mock_server: request"
        rf" request_id={answer.headers['x-request-id']} operation=unknown method=GET"
        r" status=404 seconds=[\d.e-]+ replayed=false",
        line,
    )


@pytest.mark.parametrize("level", ["warning", pytest.param("error", marks=pytest.mark.thorough)])
def test_requests_are_not_logged_at_other_levels(level: str) -> None:
    with mock_process("--log-level", level) as mock, connect(mock) as client:
        client.post("/v3/auth/credentials", json={"name": "x"})
        client.get("/v3/nope")
        assert mock.log() == ""


@pytest.mark.parametrize(
    ("option", "given", "known"),
    [("--log-format", "yaml", "'text', 'json'"), ("--log-level", "loud", "'debug', 'info'")],
)
def test_what_there_is_not_is_refused_in_one_line(option: str, given: str, known: str) -> None:
    result = run_command("serve", option, given)
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert line.startswith(f"dinie-mock: Invalid value for '{option}': '{given}'")
    assert known in line


@pytest.mark.parametrize(
    ("workers", "form"),
    [
        ("1", "text"),
        ("2", "json"),
        pytest.param("1", "json", marks=pytest.mark.thorough),
        pytest.param("2", "text", marks=pytest.mark.thorough),
    ],
)
def test_no_secret_is_in_a_line_whatever_goes_wrong(
    tmp_path: Path, form: str, workers: str
) -> None:
    path = tmp_path / "mock.db"
    secret, token = "dinie_cs_live_of_the_partner", "dinie_at_that_is_fixed"
    keys = [str(uuid.uuid4()) for _ in range(4)]
    secrets = [secret, token, *keys, "a-wrong-token", "a-wrong-secret", "in-a-header-of-its-own"]
    with mock_process(
        *("--log-level", "debug", "--log-format", form, "--store", f"sqlite:///{path}"),
        *("--workers", workers, "--partner", f"dinie_ci_live_a:{secret}:{token}"),
    ) as mock:
        # A worker that came later would not start without its tables. The mock says that it is
        # ready when one of them is, or both.
        deadline = time.monotonic() + 60
        while (mock.announcement + "".join(mock.printed_later)).count("startup complete") < int(
            workers
        ):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with connect(mock) as client:
            create = "/v3/auth/credentials"
            for key in keys[:2]:
                headers = {"Idempotency-Key": key}
                made = client.post(create, json={"name": "x"}, headers=headers)
                secrets.append(made.json()["client_secret"])
            client.post(create, json={"name": "other"}, headers={"Idempotency-Key": keys[0]})
            login = {"grant_type": "client_credentials", "client_id": "dinie_ci_live_a"}
            issued = client.post("/v3/auth/token", json={**login, "client_secret": secret})
            secrets.append(issued.json()["access_token"])
            client.post("/v3/auth/token", json={**login, "client_secret": "a-wrong-secret"})
            client.get(create, headers={"Authorization": "Bearer a-wrong-token"})
            client.get(create, params={"access_token": token, "key": keys[2]})
            client.get(f"/v3/nope/{keys[2]}/{token}", params={"token": token})
            client.delete(f"{create}/{secret}", params={"token": token})
            client.post(create, content=b"{" + secret.encode(), headers=JSON)
            client.get(create, headers={"X-Request-Id": "in-a-header-of-its-own"})
            with sqlite3.connect(path) as other:
                other.execute("DROP TABLE outcomes")
            other.close()
            failed = client.post(create, json={"name": "x"}, headers={"Idempotency-Key": keys[3]})
            assert failed.json()["code"] == "store_unavailable"
            client.delete(f"{create}/{token}", params={"token": token})
        host, port = mock.origin.removeprefix("http://").split(":")
        malformed(host, int(port), f"GET /?{token} HTTP/1.1 {token}\r\n\r\n".encode())
        malformed(host, int(port), f"GET / HTTP/1.1\r\nHost: a\r\n{token}\r\n\r\n".encode())
        log = mock.log()
    assert failed.headers["x-request-id"] in log
    assert log.count("operation") > 10
    assert log.count("no such table") == 2
    for one in secrets:
        assert one not in log


def malformed(host: str, port: int, data: bytes) -> None:
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(data)
        assert b" 400 " in connection.recv(1000)


@pytest.fixture
def own_logging() -> Iterator[None]:
    with restored_logging():
        yield


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_that_repeats_a_secret_does_not_log_it(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(form, "info")
    error = RuntimeError("no such token: dinie_at_0123456789")
    logging.getLogger("mock_server").error("dinie_cs_live_0123 failed", exc_info=error)
    told = capsys.readouterr().err
    assert "RuntimeError: no such token: redacted-" in told
    assert "0123" not in told
    if form == "json":
        assert "RuntimeError" in json.loads(told)["exception"]


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_value_ends_a_line_or_looks_like_a_field(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(form, "info")
    values = {"fault": 'a\nb status=500 "c"', "partner": "é\x1b[31m", "empty": "", "nothing": None}
    logging.getLogger("mock_server").info("request", extra=values)
    [line] = capsys.readouterr().err.splitlines()
    if form == "json":
        found = json.loads(line)
        assert {name: found[name] for name in values} == values
    else:
        assert line.endswith(r'fault="a\nb status=500 \"c\"" partner="é\u001b[31m" empty=""')


@pytest.mark.usefixtures("own_logging")
def test_no_text_of_a_contract_moves_a_terminal_or_begins_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("text", "info")
    hostile = "#/paths/~1a\n::error::b\x1b[2J\x9b"
    logger = logging.getLogger("mock_server")
    logger.warning("%s is not served", hostile)
    logger.info("request", extra={"path": "/a\x9b\u202e"})
    logger.error("it failed", exc_info=ValueError(hostile))

    told = capsys.readouterr().err
    warning, request, *_ = told.splitlines()
    assert warning.endswith(r"#/paths/~1a \x3a:error::b\x1b[2J\x9b is not served")
    assert request.endswith(r'path="/a\x9b\u202e"')
    assert told.replace("\n", "").isprintable()
    assert "\n::" not in told


@pytest.mark.usefixtures("own_logging")
def test_other_libraries_are_heard_only_when_they_warn(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("text", "debug")
    for name in ("connexion", "redis", "asyncio"):
        logging.getLogger(name).debug("a header with a token")
        logging.getLogger(name).info("a header with a token")
    logging.getLogger("asyncio").warning("heard")
    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()] == ["heard"]
