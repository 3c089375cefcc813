"""The command that a page shows for a request sends that request again."""

import html
import json
import re
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process

PATH = "/v3/auth/credentials"
JSON = {"Content-Type": "application/json"}
LEFT_OUT = {"host", "content-length", "connection", "accept-encoding", "x-request-id"}


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process() as mock:
        yield mock


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("POST", PATH, JSON, b'{"name": "it\'s $HOME `id` \\"quoted\\" \\\\ \\u0000"}'),
        ("POST", PATH, JSON, '{"name": "héllo \u202e ☃ \xa0"}'.encode()),
        ("POST", PATH, JSON, b'{"name": "##[error]x",\n "y": "::error::"}'),
        ("POST", PATH, JSON, b"@/etc/passwd"),
        ("POST", PATH, {}, b'{"name": "of no type"}'),
        ("POST", PATH, JSON | {"Prefer": "x$TOKEN $(touch pwned) `id`", "X-Empty": ""}, b"{}"),
        ("POST", PATH, JSON, b"100% \\101 \\n %s"),
        ("GET", f"{PATH}?a=[1-3]&b={{x,y}}&c=%20%27", {}, b""),
        ("GET", "/v3/a/../auth/./credentials", {}, b""),
        ("HEAD", PATH, {}, b""),
        ("DELETE", "/v3/nothing/'$(id)'", {}, b""),
    ],
)
def test_it_sends_the_same_request(
    mock: MockProcess, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    control = f"{mock.origin}/_mock/partners"
    with httpx.Client(trust_env=False) as client:
        [partner] = client.get(control).json()["data"]
        journal = f"{control}/{partner['id']}/journal"
        client.post(f"{control}/{partner['id']}/reset").raise_for_status()
        given = {"Authorization": f"Bearer {mock.token}", "User-Agent": "a client", **headers}
        request = client.build_request(method, mock.origin + PATH, headers=given, content=body)
        # As it stands: httpx would normalise it.
        request.extensions["target"] = target.encode()
        client.send(request)
        page = client.get(f"{mock.origin}/_mock/ui/partners/{partner['id']}/journal/1").text
        [command] = re.findall(r'<pre id="as-curl"[^>]*>(.*?)</pre>', page, re.DOTALL)
        environment = {"TOKEN": str(mock.token), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        subprocess.run(
            ["sh", "-c", html.unescape(command)], env=environment, check=True, capture_output=True,
            timeout=20,
        )  # fmt: skip
        first, second = client.get(journal).json()["data"]

    for name in ("method", "url", "request_body", "status"):
        assert first[name] == second[name], name
    sent = [dict(one["request_headers"]) for one in (first, second)]
    sent = [{k: v for k, v in one.items() if k not in LEFT_OUT} for one in sent]
    assert sent[0] == sent[1]


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "reason"),
    [
        ("POST", PATH, JSON, b'{"name": "##[error] \\u202e"}', ""),
        ("GET", "//elsewhere.example/x", {}, b"", ""),
        ("GET", "/v3/a/../b", {}, b"", "A browser would send it otherwise."),
        ("GET", PATH, {}, b"{}", "A browser cannot send it."),
        ("POST", PATH, JSON, b" " * 20_000, "The journal holds only the beginning of its body."),
        (
            "POST",
            "/v3/auth/token",
            {"Authorization": "Basic YTpi"},
            b"",
            "It has no bearer token, and the page has no other login.",
        ),
    ],
)
def test_what_a_page_would_send_otherwise_it_does_not_send(
    mock: MockProcess, method: str, target: str, headers: dict[str, str], body: bytes, reason: str
) -> None:
    control = f"{mock.origin}/_mock/partners"
    with httpx.Client(trust_env=False) as client:
        [partner] = client.get(control).json()["data"]
        client.post(f"{control}/{partner['id']}/reset").raise_for_status()
        # Who sends no token is told by the client id.
        login = {"Authorization": f"Basic {_basic(mock)}"} if "Basic" in str(headers) else {
            "Authorization": f"Bearer {mock.token}"
        }  # fmt: skip
        request = client.build_request(
            method, mock.origin + PATH, headers=headers | login, content=body
        )
        request.extensions["target"] = target.encode()
        client.send(request)
        page = client.get(f"{mock.origin}/_mock/ui/partners/{partner['id']}/journal/1").text

    again = re.search(r'data-send="([^"]*)"', page)
    assert bool(again) == (not reason)
    if again:
        value = json.loads(html.unescape(again[1]))
        assert (value["path"], value["body"].encode()) == (target, body)
    else:
        assert reason in page


def _basic(mock: MockProcess) -> str:
    request = httpx.Request("GET", "http://x")
    return str(
        next(httpx.BasicAuth(mock.client_id, mock.client_secret).auth_flow(request)).headers[
            "Authorization"
        ]
    ).removeprefix("Basic ")
