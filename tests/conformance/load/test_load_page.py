"""Locust's web page while a hostile target is under load: whose it is, and what it shows."""

import json
import re
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import httpx
import pytest

from tests.conformance.load.command_line import TOKEN, started
from tests.conformance.load.test_load_processes import free_port
from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import Application
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

MARK = "<script>alert(1)</script>"
SECONDS = 60
READ = ["/", "/stats/requests", "/stats/report", "/exceptions", "/logs", "/tasks", "/worker-count",
        "/stats/requests/csv", "/stats/failures/csv", "/exceptions/csv"]  # fmt: skip


class Hostile(Application):
    """Repeats tokens, and speaks HTML, wherever it may."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = super().answer(method, target, headers, body)
        if method == "DELETE" or "starting_after" in target:
            text = f"{MARK} {TOKEN} =cmd|' /C calc'!A1"
            problem = {"type": text, "title": text, "code": text, "detail": text, text: text}
            told = {"Content-Type": f"application/problem+json; x={MARK}", "X-Token": TOKEN}
            return replace(answer, status=500, headers=told, body=json.dumps(problem).encode())
        return answer


@pytest.fixture(scope="module")
def page() -> Iterator[httpx.Client]:
    with (
        serving(Options(), {TOKEN: "first"}, Hostile) as url,
        started(url, "--max-time", "60s", "--web-port", str(free_port()),
                PYTHONUNBUFFERED="1") as process,
    ):  # fmt: skip
        assert process.stdout is not None
        [address] = re.findall(r"http://\S+", process.stdout.readline())
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
            yield client
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)


FOREIGN: list[dict[str, str]] = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example:8089"},
    {"Host": "192.0.2.1"},
    {"Host": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda one: " ".join(*one.items()))
def test_no_page_of_another_origin_reads_or_begins_a_run(
    page: httpx.Client, headers: dict[str, str]
) -> None:
    form = {"user_count": 1, "spawn_rate": 1}
    asked = {"Access-Control-Request-Method": "POST", **headers}
    answers = [
        page.get("/stats/requests", headers=headers),
        page.post("/swarm", data=form, headers=headers),
        page.options("/swarm", headers=asked),
    ]
    assert [one.status_code for one in answers] == [403, 403, 403]
    for one in answers:
        assert not [name for name in one.headers if name.startswith("access-control")]
    assert page.get("/stats/requests").json()["state"] == "ready"


def test_the_page_itself_is_served_to_no_frame(page: httpx.Client) -> None:
    own = {"Origin": str(page.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    answer = page.get("/", headers=own)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.thorough
def test_what_a_target_answers_does_nothing_in_the_page(page: httpx.Client) -> None:
    # The last test: it begins a run.
    assert page.post("/swarm", data={"user_count": 3, "spawn_rate": 30}).json()["success"] is True
    end = time.monotonic() + SECONDS
    while not page.get("/stats/requests").json()["errors"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    for path in READ:
        answer = page.get(path)
        assert answer.status_code == 200, path
        assert TOKEN not in answer.text, path
        if answer.headers["content-type"].startswith("text/html"):
            assert MARK not in answer.text, path
        if path.endswith("csv"):
            assert not re.search(r'(?m)(?:^|,)"?[=+@-][^0-9]', answer.text), path
    assert page.post("/stop").json()["success"] is True
